package io.sequencezoo.core.op;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.Arrays;

/**
 * The weights of steps by an {@link AdaptiveHalting.Rule}, step by step: who has halted is known
 * before the next one is taken.
 */
public final class HaltingWeights {
  private final AdaptiveHalting.Rule rule;
  private final int positions;
  private final double[][] weights;
  private final double[] mass;
  private final int[] taken;
  private final boolean[] halted;
  private final boolean[] hasRemainder;
  private int next;

  /**
   * No step taken yet.
   *
   * @param positions whose steps are counted
   * @param most N, steps at most
   */
  public HaltingWeights(AdaptiveHalting.Rule rule, int positions, int most) {
    this.rule = rule;
    this.positions = positions;
    this.weights = new double[most][positions];
    this.mass = new double[positions];
    this.taken = new int[positions];
    this.halted = new boolean[positions];
    this.hasRemainder = new boolean[positions];
  }

  /** Takes a step of every position that runs, by a logit per position. */
  public void advance(Variable logits) {
    advance(Precision.of(logits.type()), logits);
  }

  private <A> void advance(Precision<A> precision, Variable logits) {
    boolean last = next == weights.length - 1;
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(positions);
      precision.slab(logits.value()).load(0, tile, 0, positions);
      for (int i = 0; i < positions; i++) {
        if (!halted[i]) {
          double p = 1 / (1 + Math.exp(-precision.kernels().get(tile, i)));
          double sum = mass[i] + p;
          halted[i] = sum > rule.threshold();
          // What isn't a number shows in the remainder, though it never halts.
          boolean capped = last && (rule.remainderAtCap() || Double.isNaN(sum));
          hasRemainder[i] = halted[i] || capped;
          weights[next][i] = hasRemainder[i] && !Double.isNaN(p) ? 1 - mass[i] : p;
          mass[i] = sum;
          taken[i]++;
        }
      }
    }
    next++;
  }

  /** Whether a position hasn't halted in the steps so far. */
  public boolean isRunning(int position) {
    return !halted[position];
  }

  AdaptiveHalting.Rule rule() {
    return rule;
  }

  int positions() {
    return positions;
  }

  /** N. */
  int count() {
    return weights.length;
  }

  /** {@code w_n}, n from 0. */
  double of(int n, int position) {
    return weights[n][position];
  }

  /** K, or N where a position never halted. */
  int taken(int position) {
    return taken[position];
  }

  /** Whether the last step that a position took has its remainder as weight. */
  boolean hasRemainder(int position) {
    return hasRemainder[position];
  }

  /** R of every position, 0 where there is none. */
  double[] remainders() {
    double[] remainders = new double[positions];
    for (int i = 0; i < positions; i++) {
      remainders[i] = hasRemainder[i] ? weights[taken[i] - 1][i] : 0;
    }
    return remainders;
  }

  /** The number of steps of every position. */
  double[] steps() {
    return Arrays.stream(taken).asDoubleStream().toArray();
  }
}
