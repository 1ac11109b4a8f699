package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.dynamics.DoubleRows;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.function.Function;

/**
 * One token of {@link RidgeRecurrence}, head by head in double: both sums move, the regression is
 * solved for the query, and its solution reads the values.
 *
 * @param <A> the heap array type
 */
final class RidgeStep<A> {
  private final Precision<A> precision;
  private final Ridge ridge;
  private final int limit;
  private final int keys;
  private final int values;
  private final Slab<A> query;
  private final Slab<A> key;
  private final Slab<A> value;
  private final Slab<A> beta;
  private final Slab<A> decay;
  private final Slab<A> lambda;
  private final Slab<A> mix;
  private final Moving<A> moving;

  /**
   * What moves, all heads of all rows.
   *
   * @param keysBefore {@code [K, K]} each
   * @param valuesBefore {@code [K, V]} each
   * @param keysAfter as before
   * @param valuesAfter as before
   * @param out V numbers each
   */
  record Moving<A>(
      Slab<A> keysBefore,
      Slab<A> valuesBefore,
      Slab<A> keysAfter,
      Slab<A> valuesAfter,
      Slab<A> out) {}

  /**
   * A step.
   *
   * @param limit the most iterations
   * @param given the coefficients of the token by name, null where there is none
   */
  RidgeStep(
      Precision<A> precision,
      Ridge ridge,
      int limit,
      int keys,
      int values,
      Function<String, Slab<A>> given,
      Moving<A> moving) {
    this.precision = precision;
    this.ridge = ridge;
    this.limit = limit;
    this.keys = keys;
    this.values = values;
    this.query = given.apply(RidgeRecurrence.QUERY);
    this.key = given.apply(RidgeRecurrence.KEY);
    this.value = given.apply(RidgeRecurrence.VALUE);
    this.beta = given.apply(RidgeRecurrence.BETA);
    this.decay = given.apply(RidgeRecurrence.DECAY);
    this.lambda = given.apply(RidgeRecurrence.RIDGE);
    this.mix = given.apply(RidgeRecurrence.MIX);
    this.moving = moving;
  }

  /**
   * Moves one head of one row.
   *
   * @param at counted through all heads of all rows
   * @param head of its row
   */
  void run(int at, int head) {
    try (Scratch<double[]> scratch = Precision.DOUBLE.scratch()) {
      double[] q = load(scratch, query, at, keys);
      double[] k = load(scratch, key, at, keys);
      double[] v = load(scratch, value, at, values);
      double rate = load(scratch, beta, at, 1)[0];
      double kept = Math.exp(load(scratch, decay, at, 1)[0]);
      double[] h = load(scratch, moving.keysBefore, at, keys * keys);
      double[] g = load(scratch, moving.valuesBefore, at, keys * values);
      move(h, kept, rate, k, k, keys);
      move(g, kept, rate, k, v, values);
      store(h, moving.keysAfter, at, keys * keys);
      store(g, moving.valuesAfter, at, keys * values);
      double[] stiffness = scratch.take(keys);
      if (ridge.isGiven()) {
        DoubleRows.load(precision, lambda, (long) head * keys, stiffness, 0, keys);
      } else {
        ridge.fill(h, keys, stiffness);
      }
      double[] x = scratch.take(keys);
      RidgeSolve.solve(h, stiffness, q, keys, limit, x);
      double share = mix == null ? 1 : load(scratch, mix, at, 1)[0];
      double[] read = scratch.zeros(values);
      for (int d = 0; d < keys; d++) {
        double reading = share == 1 ? x[d] : q[d] + share * (x[d] - q[d]);
        for (int e = 0; e < values; e++) {
          read[e] += reading * g[d * values + e];
        }
      }
      store(read, moving.out, at, values);
    }
  }

  /** {@code kept m + rate k vᵀ}. */
  private void move(double[] m, double kept, double rate, double[] k, double[] v, int n) {
    for (int i = 0; i < keys; i++) {
      for (int e = 0; e < n; e++) {
        m[i * n + e] = kept * m[i * n + e] + rate * k[i] * v[e];
      }
    }
  }

  private double[] load(Scratch<double[]> scratch, Slab<A> from, int at, int n) {
    double[] numbers = scratch.take(n);
    DoubleRows.load(precision, from, (long) at * n, numbers, 0, n);
    return numbers;
  }

  private void store(double[] numbers, Slab<A> to, int at, int n) {
    DoubleRows.store(precision, numbers, 0, to, (long) at * n, n);
  }
}
