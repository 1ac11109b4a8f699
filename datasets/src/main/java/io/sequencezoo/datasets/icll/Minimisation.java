package io.sequencezoo.datasets.icll;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Hopcroft's partition refinement on the automaton completed by a rejecting sink, then trimming of
 * the sink and of what can't be reached, then numbering in breadth-first order. Sets of states are
 * bits of a long.
 */
final class Minimisation {
  private final int[][] transitions;
  private final int symbols;
  private final int sink;

  private Minimisation(int[][] transitions) {
    this.transitions = transitions;
    this.symbols = transitions[0].length;
    this.sink = transitions.length;
  }

  /** Transitions of the minimal automaton, {@code [state, symbol]}, in canonical order. */
  static int[][] canonical(int[][] transitions) {
    Minimisation minimisation = new Minimisation(transitions);
    return minimisation.number(minimisation.refine());
  }

  /** The classes of equivalent states, the sink's among them. */
  private List<Long> refine() {
    List<Long> blocks = new ArrayList<>(List.of((1L << sink) - 1, 1L << sink));
    Deque<Long> splitters = new ArrayDeque<>(List.of(1L << sink));
    while (!splitters.isEmpty()) {
      long splitter = splitters.poll();
      for (int symbol = 0; symbol < symbols; symbol++) {
        split(blocks, splitters, predecessors(splitter, symbol));
      }
    }
    return blocks;
  }

  /** Splits every block into what lies inside a set and what doesn't. */
  private static void split(List<Long> blocks, Deque<Long> splitters, long set) {
    for (int i = blocks.size() - 1; i >= 0; i--) {
      long block = blocks.get(i);
      long inside = block & set;
      long outside = block & ~set;
      if (inside == 0 || outside == 0) {
        continue;
      }
      blocks.set(i, inside);
      blocks.add(outside);
      if (splitters.remove(block)) {
        splitters.add(inside);
        splitters.add(outside);
      } else {
        // Splitting by a block and by one half is splitting by the other half too.
        splitters.add(Long.bitCount(inside) <= Long.bitCount(outside) ? inside : outside);
      }
    }
  }

  private long predecessors(long set, int symbol) {
    long found = 0;
    for (int state = 0; state <= sink; state++) {
      found |= (set >>> complete(state, symbol) & 1) << state;
    }
    return found;
  }

  private int complete(int state, int symbol) {
    if (state == sink || transitions[state][symbol] == Automaton.NONE) {
      return sink;
    }
    return transitions[state][symbol];
  }

  private int[][] number(List<Long> blocks) {
    int[] number = new int[sink + 1];
    Arrays.fill(number, Automaton.NONE);
    List<Integer> order = new ArrayList<>();
    discover(0, blocks, number, order);
    List<int[]> rows = new ArrayList<>();
    for (int i = 0; i < order.size(); i++) {
      int[] row = new int[symbols];
      for (int symbol = 0; symbol < symbols; symbol++) {
        int successor = transitions[order.get(i)][symbol];
        row[symbol] =
            successor == Automaton.NONE
                ? Automaton.NONE
                : discover(successor, blocks, number, order);
      }
      rows.add(row);
    }
    return rows.toArray(int[][]::new);
  }

  /** The number of a state's block; a new block takes the next number. */
  private static int discover(int state, List<Long> blocks, int[] number, List<Integer> order) {
    if (number[state] == Automaton.NONE) {
      long block = blocks.stream().filter(b -> (b >>> state & 1) == 1).findFirst().orElseThrow();
      for (int member = 0; member < number.length; member++) {
        if ((block >>> member & 1) == 1) {
          number[member] = order.size();
        }
      }
      order.add(state);
    }
    return number[state];
  }
}
