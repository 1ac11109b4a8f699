package io.sequencezoo.datasets.formal;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * A regular language: uniform tokens move a finite automaton from state to state, and every state
 * has its answer.
 *
 * <pre>{@code
 * s_0 = 0,  s_t = next[s_{t-1}][x_t],  y_t = answer[s_t]
 * }</pre>
 *
 * @param tokens that strings are drawn from
 * @param next states by state and token
 * @param answer by state
 */
record Walk(int[] tokens, int[][] next, int[] answer) implements Language {
  /** A step from state to state. */
  @FunctionalInterface
  interface Step {
    int next(int state, int token);
  }

  private static Walk of(int states, int[] tokens, Step step, IntUnaryOperator answer) {
    int highest = Arrays.stream(tokens).max().orElseThrow();
    int[][] next = new int[states][highest + 1];
    for (int state = 0; state < states; state++) {
      for (int token : tokens) {
        next[state][token] = step.next(state, token);
      }
    }
    return new Walk(tokens, next, IntStream.range(0, states).map(answer).toArray());
  }

  /** Whether the ones so far are odd in number. */
  static Walk parity() {
    return of(2, new int[] {0, 1}, (state, bit) -> state ^ bit, state -> state);
  }

  /**
   * Whether the changes between neighbouring bits are odd in number: the first against the last.
   */
  static Walk evenPairs() {
    // 0 before the first bit, then 1 + 2 first + last.
    return of(
        5,
        new int[] {0, 1},
        (state, bit) -> 1 + (state == 0 ? 3 * bit : (state - 1) / 2 * 2 + bit),
        state -> state == 2 || state == 3 ? 1 : 0);
  }

  /** The place on a circle after steps 0 (back), 1 (none) and 2 (on). */
  static Walk cycle(int places) {
    return of(
        places,
        new int[] {0, 1, 2},
        (place, step) -> Math.floorMod(place + step - 1, places),
        place -> place);
  }

  /** The product of permutations, each applied after those before. */
  static Walk group(PermutationGroup group, int moved) {
    int[] elements = IntStream.range(0, group.order()).toArray();
    return new Walk(group.movingAtMost(moved), group.products(), elements);
  }

  @Override
  public int inputs() {
    return next[0].length;
  }

  @Override
  public int answers() {
    return Arrays.stream(answer).max().orElseThrow() + 1;
  }

  @Override
  public double strings(int n) {
    return Math.pow(tokens.length, n);
  }

  @Override
  public int[] draw(SplittableRandom random, int n) {
    return random.ints(n, 0, tokens.length).map(i -> tokens[i]).toArray();
  }

  @Override
  public int[] answers(int[] string, int none) {
    int[] answers = new int[string.length];
    int state = 0;
    for (int t = 0; t < string.length; t++) {
      state = next[state][string[t]];
      answers[t] = answer[state];
    }
    return answers;
  }
}
