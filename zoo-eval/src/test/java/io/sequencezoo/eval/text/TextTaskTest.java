package io.sequencezoo.eval.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.text.TextConfig;
import io.sequencezoo.eval.cli.Zoo;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.eval.experiment.Scores;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("any-kernels")
class TextTaskTest {
  /** Of sums of some hundred terms in double precision. */
  private static final double ROUNDING = 1e-10;

  @TempDir Path folder;

  /** Words of a tiny language, so that a few hundred windows teach something. */
  private Path file() throws Exception {
    String[] words = {"ein", "zwei", "drei", "vier", "fünf"};
    SplittableRandom random = new SplittableRandom(7);
    StringBuilder text = new StringBuilder();
    while (text.length() < 6000) {
      text.append(words[random.nextInt(words.length)]).append(' ');
    }
    return Files.writeString(folder.resolve("text.txt"), text);
  }

  /** Kneser-Ney once more, by texts and sums over the whole alphabet. */
  private static final class Slow {
    private final String text;
    private final int order;
    private final int vocabulary;

    Slow(String text, int order, int vocabulary) {
      this.text = text;
      this.order = order;
      this.vocabulary = vocabulary;
    }

    /** Counts of n-grams; below the highest order of those that different letters stand before. */
    private Map<String, Integer> counts(int k) {
      Map<String, Integer> counts = new HashMap<>();
      if (k == order) {
        for (int i = 0; i + k <= text.length(); i++) {
          counts.merge(text.substring(i, i + k), 1, Integer::sum);
        }
      } else {
        Map<String, Boolean> longer = new HashMap<>();
        for (int i = 0; i + k + 1 <= text.length(); i++) {
          longer.put(text.substring(i, i + k + 1), true);
        }
        longer.keySet().forEach(gram -> counts.merge(gram.substring(1), 1, Integer::sum));
      }
      return counts;
    }

    double probability(String before, char next) {
      return probability(Math.min(order, before.length() + 1), before, next);
    }

    private double probability(int k, String before, char next) {
      if (k == 0) {
        return 1.0 / vocabulary;
      }
      String context = before.substring(before.length() - (k - 1));
      double lower = probability(k - 1, before, next);
      Map<String, Integer> counts = counts(k);
      long once = counts.values().stream().filter(count -> count == 1).count();
      long twice = counts.values().stream().filter(count -> count == 2).count();
      double discount = once > 0 && twice > 0 ? once / (double) (once + 2 * twice) : 0.5;
      double total = 0;
      double types = 0;
      for (Map.Entry<String, Integer> gram : counts.entrySet()) {
        if (gram.getKey().startsWith(context) && gram.getKey().length() == k) {
          total += gram.getValue();
          types++;
        }
      }
      int own = counts.getOrDefault(context + next, 0);
      return total == 0
          ? lower
          : Math.max(own - discount, 0) / total + discount * types / total * lower;
    }
  }

  private static int[] letters(String text) {
    return text.chars().map(letter -> letter - 'a').toArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void ngrams_areKneserNey(int order) {
    SplittableRandom random = new SplittableRandom(order);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 120; i++) {
      text.append((char) ('a' + Math.min(random.nextInt(5), random.nextInt(5))));
    }
    NgramModel model = new NgramModel(6, 5, letters(text.toString()));
    Slow slow = new Slow(text.toString(), order, 6);
    for (String before : List.of("", "a", "ba", "aabca", "fff", "abcdeabcde")) {
      double sum = 0;
      for (char next = 'a'; next <= 'f'; next++) {
        double probability = model.probability(order, letters(before), before.length(), next - 'a');
        assertThat(probability)
            .as("%s after %s", next, before)
            .isCloseTo(slow.probability(before, next), within(ROUNDING));
        sum += probability;
      }
      assertThat(sum).isCloseTo(1, within(ROUNDING));
    }
    assertThat(model.probability(0, letters("ab"), 2, 3)).isEqualTo(1.0 / 6);
  }

  @Test
  void counts_areThoseOfAMap() {
    SplittableRandom random = new SplittableRandom(3);
    LongCounts counts = new LongCounts();
    Map<Long, Integer> expected = new HashMap<>();
    for (int i = 0; i < 20_000; i++) {
      // Multiples of a power of two would fall on one place of a table that takes lower bits.
      long key = random.nextLong(3000) << 20;
      counts.add(key, 2);
      expected.merge(key, 2, Integer::sum);
    }
    Map<Long, Integer> found = new HashMap<>();
    counts.forEach((key, count) -> found.put(key, count));
    assertThat(found).isEqualTo(expected);
    assertThat(counts.size()).isEqualTo(expected.size());
    assertThat(counts.get(5)).isZero();
  }

  @Test
  void baselines_areBetterTheMoreTheyKnow() throws Exception {
    TextTask task =
        new TextTask(
            Configs.with(
                TextConfig.standard(),
                Map.of("path", file().toString(), "length", 32, "testLength", 64)));
    Map<String, ? extends Scores> scores = task.baselines().scores();
    double uniform = scores.get("uniform").estimates().get("nats").value();
    assertThat(uniform).isCloseTo(Math.log(256), within(ROUNDING));
    assertThat(scores.get("uniform").estimates().get("bitsPerByte").value())
        .isCloseTo(8, within(ROUNDING));
    assertThat(scores.get("uniform").estimates().get("perplexity").value())
        .isCloseTo(256, within(256 * ROUNDING));
    double last = uniform;
    for (String name : List.of("1-gram", "2-gram", "3-gram")) {
      double nats = scores.get(name).estimates().get("nats").value();
      assertThat(nats).isLessThan(last);
      last = nats;
    }
    assertThat(scores.get("3-gram").estimates().get("nats").standardError()).isPositive();
    assertThat(scores.get("3-gram").curves().get("nats")).hasSize(32);
  }

  @Test
  void alphabets_writeWhatTheyRead() {
    Alphabet bytes = new TextAlphabet(new int[0]);
    assertThat(bytes.tokens("Öl")).containsExactly(0xc3, 0x96, 'l');
    assertThat(bytes.text(bytes.tokens("Öl 🙂"))).isEqualTo("Öl 🙂");
    Alphabet characters = new TextAlphabet(new int[] {' ', 'l', 'Ö', 0x1F642});
    assertThat(characters.tokens("Öl 🙂")).containsExactly(2, 1, 0, 3);
    assertThat(characters.text(new int[] {2, 1, 0, 3})).isEqualTo("Öl 🙂");
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> characters.tokens("x"))
        .hasMessage("text: characters must be among those of the file, got x");
  }

  @Test
  void lstm_learnsMoreThanLettersAlone() throws Exception {
    Path to = folder.resolve("out");
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String line =
        "run text --mixers lstm --set task.path="
            + file()
            + " --set task.unit=characters --set task.length=32 --set task.testLength=64"
            + " --set model.width=32 --set model.layers=1 --set train.steps=150"
            + " --set train.optimizer.lr=1e-2 --set train.batch=16 --output "
            + to;
    assertThat(Zoo.run(new PrintWriter(out, true), new PrintWriter(err, true), line.split(" ")))
        .as(err.toString())
        .isZero();
    assertThat(out.toString()).contains("uniform", "5-gram", "bits/byte", "nats beyond");
    JsonNode results = Configs.json().readTree(to.resolve("results.json").toFile());
    double own = results.at("/runs/0/test/nats/value").asDouble();
    assertThat(own).isLessThan(results.at("/baselines/1-gram/nats/value").asDouble());
    assertThat(Files.readString(to.resolve("report.html"))).contains("Kneser-Ney");
    assertThat(
            Zoo.run(
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                ("generate " + to.resolve("lstm-seed1/model") + " --prompt zwei --tokens 4")
                    .split(" ")))
        .as(err.toString())
        .isZero();
    // A file that changed is other data.
    Path file = folder.resolve("text.txt");
    Files.writeString(file, Files.readString(file).replaceFirst("ein", "eif"));
    assertThat(
            Zoo.run(
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                ("run --resume " + to).split(" ")))
        .isEqualTo(1);
    assertThat(err.toString())
        .contains("must be resumed with the configuration and data that made it");
  }
}
