package io.sequencezoo.datasets.icll;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Draws automata as RegBench does.
 *
 * <pre>{@code
 * states   ~ U{edgeBound .. maxStates}
 * alphabet ~ U{edgeBound .. symbols} symbols, without replacement
 * every state: U{1 .. edgeBound - 1} symbols of the alphabet, each to another state, all different
 * }</pre>
 *
 * No state leads to itself. Minimisation comes afterwards, so that a drawn number of states is an
 * upper bound of the language's.
 */
final class AutomatonSampler {
  private final IcllConfig.Languages sizes;

  AutomatonSampler(IcllConfig.Languages sizes) {
    this.sizes = sizes;
  }

  /** The transitions of a new automaton, {@code [state, symbol]}, neither minimal nor trimmed. */
  int[][] draw(SplittableRandom random) {
    int states = random.nextInt(sizes.edgeBound(), sizes.maxStates() + 1);
    int[] alphabet =
        choose(
            random, range(sizes.symbols()), random.nextInt(sizes.edgeBound(), sizes.symbols() + 1));
    int[][] transitions = new int[states][sizes.symbols()];
    for (int state = 0; state < states; state++) {
      Arrays.fill(transitions[state], Automaton.NONE);
      int edges = random.nextInt(1, sizes.edgeBound());
      int[] symbols = choose(random, alphabet, edges);
      int[] successors = choose(random, others(states, state), edges);
      for (int edge = 0; edge < edges; edge++) {
        transitions[state][symbols[edge]] = successors[edge];
      }
    }
    return transitions;
  }

  private static int[] range(int n) {
    return IntStream.range(0, n).toArray();
  }

  private static int[] others(int states, int state) {
    return IntStream.range(0, states).filter(s -> s != state).toArray();
  }

  /** Some of the items in random order, without replacement. */
  private static int[] choose(SplittableRandom random, int[] items, int count) {
    int[] pool = items.clone();
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i, pool.length);
      int chosen = pool[j];
      pool[j] = pool[i];
      pool[i] = chosen;
    }
    return Arrays.copyOf(pool, count);
  }
}
