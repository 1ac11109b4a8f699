package io.sequencezoo.datasets.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Minimality, canonical form and language of automata, against brute force. */
final class AutomatonTest {
  private static final int NONE = Automaton.NONE;
  private static final int DRAWS = 300;

  private static int[][] draw(SplittableRandom random) {
    return new AutomatonSampler(IcllConfig.Languages.standard()).draw(random);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void language_survivesMinimisation(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int draw = 0; draw < DRAWS; draw++) {
      int[][] table = draw(random);
      Automaton automaton = Automaton.of(table);
      // Equal languages: no reachable pair of states disagrees on what it allows.
      Set<List<Integer>> seen = new HashSet<>(Set.of(List.of(0, 0)));
      Deque<List<Integer>> open = new ArrayDeque<>(seen);
      while (!open.isEmpty()) {
        List<Integer> pair = open.poll();
        for (int symbol = 0; symbol < automaton.symbols(); symbol++) {
          int before = table[pair.get(0)][symbol];
          int after = automaton.next(pair.get(1), symbol);
          assertThat(after == NONE).isEqualTo(before == NONE);
          if (before != NONE && seen.add(List.of(before, after))) {
            open.add(List.of(before, after));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void states_arePairwiseDistinguishable(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int draw = 0; draw < DRAWS; draw++) {
      Automaton automaton = Automaton.of(draw(random));
      for (int p = 0; p < automaton.states(); p++) {
        for (int q = 0; q < p; q++) {
          assertThat(distinguishable(automaton, p, q)).as("%s, %s of %s", p, q, automaton).isTrue();
        }
      }
    }
  }

  /** Whether some string is accepted from one state and rejected from the other. */
  private static boolean distinguishable(Automaton automaton, int p, int q) {
    Set<List<Integer>> seen = new HashSet<>(Set.of(List.of(p, q)));
    Deque<List<Integer>> open = new ArrayDeque<>(seen);
    while (!open.isEmpty()) {
      List<Integer> pair = open.poll();
      for (int symbol = 0; symbol < automaton.symbols(); symbol++) {
        int a = automaton.next(pair.get(0), symbol);
        int b = automaton.next(pair.get(1), symbol);
        if ((a == NONE) != (b == NONE)) {
          return true;
        }
        if (a != NONE && a != b && seen.add(List.of(a, b))) {
          open.add(List.of(a, b));
        }
      }
    }
    return false;
  }

  @Test
  void states_areNumberedBreadthFirst() {
    SplittableRandom random = new SplittableRandom(5);
    for (int draw = 0; draw < DRAWS; draw++) {
      Automaton automaton = Automaton.of(draw(random));
      int discovered = 1;
      for (int state = 0; state < automaton.states(); state++) {
        assertThat(state).isLessThan(discovered);
        for (int symbol = 0; symbol < automaton.symbols(); symbol++) {
          assertThat(automaton.next(state, symbol)).isLessThanOrEqualTo(discovered);
          discovered = Math.max(discovered, automaton.next(state, symbol) + 1);
        }
      }
      assertThat(discovered).isEqualTo(automaton.states());
    }
  }

  @Test
  void canonicalForm_doesNotDependOnNumbersCopiesOrUnreachableStates() {
    SplittableRandom random = new SplittableRandom(7);
    for (int draw = 0; draw < DRAWS; draw++) {
      int[][] table = draw(random);
      Automaton expected = Automaton.of(table);
      Automaton disguised = Automaton.of(disguise(table, random));
      assertThat(disguised).isEqualTo(expected).hasSameHashCodeAs(expected);
      assertThat(disguised.hash()).isEqualTo(expected.hash());
    }
  }

  /** Twice the states, each successor one of two copies, all but the initial one shuffled. */
  private static int[][] disguise(int[][] table, SplittableRandom random) {
    int states = table.length;
    int[] place = IntStream.range(0, 2 * states).toArray();
    for (int i = 1; i < place.length; i++) {
      int j = random.nextInt(1, i + 1);
      int swapped = place[i];
      place[i] = place[j];
      place[j] = swapped;
    }
    int[][] disguised = new int[2 * states][];
    for (int copy = 0; copy < 2 * states; copy++) {
      disguised[place[copy]] =
          Arrays.stream(table[copy % states])
              .map(next -> next == NONE ? NONE : place[next + states * random.nextInt(2)])
              .toArray();
    }
    return disguised;
  }

  @Test
  void handMadeAutomaton_mergesAndTrims() {
    // 0 -a-> 1, 0 -b-> 2; 1 and 2 both -a-> 0; 3 can't be reached.
    Automaton automaton = Automaton.of(new int[][] {{1, 2}, {0, NONE}, {0, NONE}, {0, 0}});
    assertThat(automaton).hasToString("0: a>1 b>1\n1: a>0\n");
    assertThat(automaton.run(0, 0, 1)).isEqualTo(1);
    assertThat(automaton.run(0, 1)).isEqualTo(NONE);
    assertThat(automaton.legal(1)).isEqualTo(0b01);
    assertThat(automaton.usedSymbols()).isEqualTo(0b11);
    assertThat(automaton.transitions()).isEqualTo(3);
  }

  @Test
  void brokenTables_areRefused() {
    assertThatThrownBy(() -> Automaton.of(new int[][] {{1}, {NONE}}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("automaton: every state must have a successor, got none for state 1");
    assertThatThrownBy(() -> Automaton.of(new int[][] {{2, NONE}}))
        .hasMessage("automaton: successors must be below 1, got [2, -1]");
    assertThatThrownBy(() -> Automaton.of(new int[][] {{0}, {0, 0}}))
        .hasMessageContaining("every state must list the same symbols");
  }
}
