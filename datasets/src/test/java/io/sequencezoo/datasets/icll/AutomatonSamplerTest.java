package io.sequencezoo.datasets.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The distribution of drawn automata: the bounds of RegBench, which are exclusive where it counts.
 */
final class AutomatonSamplerTest {
  private static final int DRAWS = 20_000;

  private final SplittableRandom random = new SplittableRandom(11);
  private final AutomatonSampler sampler = new AutomatonSampler(IcllConfig.Languages.standard());

  @Test
  void states_areUniformFrom4To12() {
    assertUniform(IntStream.range(0, DRAWS).map(i -> sampler.draw(random).length), 4, 12);
  }

  @Test
  void outDegree_isUniformFrom1To3AndNever4() {
    assertUniform(
        IntStream.range(0, DRAWS).map(i -> (int) successors(sampler.draw(random)[0]).count()),
        1,
        3);
  }

  @Test
  void successors_differFromEachOtherAndTheState() {
    for (int i = 0; i < DRAWS / 10; i++) {
      int[][] table = sampler.draw(random);
      for (int state = 0; state < table.length; state++) {
        assertThat(successors(table[state]).toArray())
            .doesNotHaveDuplicates()
            .doesNotContain(state);
      }
    }
  }

  @Test
  void successors_areUniformOverTheOtherStates() {
    // Of 12-state automata only, the first state's successors.
    assertUniform(
        IntStream.range(0, 10 * DRAWS)
            .mapToObj(i -> sampler.draw(random))
            .filter(table -> table.length == 12)
            .flatMapToInt(table -> successors(table[0])),
        1,
        11);
  }

  @Test
  void alphabets_areUniformFrom4To18Symbols() {
    // The alphabet itself can't be seen, what is used of it can: up to all 18, each as often.
    int most = 0;
    TreeMap<Integer, Integer> uses = new TreeMap<>();
    for (int i = 0; i < DRAWS; i++) {
      int[][] table = sampler.draw(random);
      int[] used =
          IntStream.range(0, 18)
              .filter(s -> Arrays.stream(table).anyMatch(row -> row[s] >= 0))
              .toArray();
      most = Math.max(most, used.length);
      Arrays.stream(used).forEach(s -> uses.merge(s, 1, Integer::sum));
    }
    assertThat(most).isBetween(15, 18);
    double mean = uses.values().stream().mapToInt(n -> n).average().orElseThrow();
    assertThat(uses).hasSize(18);
    assertThat(uses.values())
        .allSatisfy(n -> assertThat(n / mean).isCloseTo(1, within(5 / Math.sqrt(mean))));
  }

  private static IntStream successors(int[] row) {
    return Arrays.stream(row).filter(next -> next != Automaton.NONE);
  }

  private static void assertUniform(IntStream values, int least, int most) {
    TreeMap<Integer, Integer> counts = new TreeMap<>();
    values.forEach(value -> counts.merge(value, 1, Integer::sum));
    assertThat(counts.firstKey()).isEqualTo(least);
    assertThat(counts.lastKey()).isEqualTo(most);
    double total = counts.values().stream().mapToInt(n -> n).sum();
    double share = 1.0 / (most - least + 1);
    // Five standard deviations of a share.
    double width = 5 * Math.sqrt(share * (1 - share) / total);
    assertThat(counts.values())
        .allSatisfy(n -> assertThat(n / total).isCloseTo(share, within(width)));
  }
}
