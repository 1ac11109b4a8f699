package io.sequencezoo.core.dynamics;

import java.util.Arrays;
import java.util.SplittableRandom;

/** The equations of a matrix-state recurrence as plain loops, with all that drives one case. */
final class MatrixStateOracle {
  final int batch;
  final int steps;
  final int heads;
  final int keys;
  final int values;
  final boolean normalised;
  final double scale = .7;
  final double eps = .01;
  int[] lengths;
  double[] q;
  double[] k;
  double[] v;
  double[] g;
  double[] s;
  double[] z;
  double[] outputCotangent;
  double[] stateCotangent;
  double[] normaliserCotangent;

  /** A random case; decay is none, head or channel, of strength about {@code gate} per step. */
  MatrixStateOracle(
      int batch,
      int steps,
      int heads,
      int keys,
      int values,
      String decay,
      boolean normalised,
      double gate,
      long seed) {
    this.batch = batch;
    this.steps = steps;
    this.heads = heads;
    this.keys = keys;
    this.values = values;
    this.normalised = normalised;
    SplittableRandom random = new SplittableRandom(seed);
    double low = normalised ? .1 : -1;
    this.q = random.doubles((long) batch * steps * heads * keys, low, 1).toArray();
    this.k = random.doubles(q.length, low, 1).toArray();
    this.v = random.doubles((long) batch * steps * heads * values, -1, 1).toArray();
    int gates =
        switch (decay) {
          case "none" -> 0;
          case "head" -> batch * steps * heads;
          default -> q.length;
        };
    this.g = gates == 0 ? null : random.doubles(gates).map(u -> gate * Math.log(u)).toArray();
    this.s = random.doubles((long) batch * heads * keys * values, -1, 1).toArray();
    this.z = normalised ? random.doubles((long) batch * heads * keys, .1, 1).toArray() : null;
    this.outputCotangent = random.doubles(v.length, -1, 1).toArray();
    this.stateCotangent = random.doubles(s.length, -1, 1).toArray();
    this.normaliserCotangent = z == null ? null : random.doubles(z.length, -1, 1).toArray();
  }

  /** What {@link #run} gives. */
  record Result(double[] o, double[] s, double[] z) {}

  Result run() {
    double[] o = new double[v.length];
    double[] state = s.clone();
    double[] sums = z == null ? null : z.clone();
    for (int b = 0; b < batch; b++) {
      int length = lengths == null ? steps : lengths[b];
      for (int t = 0; t < length; t++) {
        for (int h = 0; h < heads; h++) {
          token((b * steps + t) * heads + h, b * heads + h, o, state, sums);
        }
      }
    }
    return new Result(o, state, sums);
  }

  private void token(int token, int head, double[] o, double[] state, double[] sums) {
    double below = eps;
    for (int d = 0; d < keys; d++) {
      int i = token * keys + d;
      double decay = g == null ? 1 : Math.exp(g.length == q.length ? g[i] : g[token]);
      for (int e = 0; e < values; e++) {
        int at = (head * keys + d) * values + e;
        state[at] = decay * state[at] + k[i] * v[token * values + e];
        o[token * values + e] += scale * q[i] * state[at];
      }
      if (normalised) {
        int at = head * keys + d;
        sums[at] = decay * sums[at] + k[i];
        below += scale * q[i] * sums[at];
      }
    }
    for (int e = 0; normalised && e < values; e++) {
      o[token * values + e] /= below;
    }
  }

  /** {@code Σ cotangent · result}. */
  double loss() {
    Result result = run();
    double loss = dot(result.o, outputCotangent) + dot(result.s, stateCotangent);
    return z == null ? loss : loss + dot(result.z, normaliserCotangent);
  }

  /** The derivative of the loss along a direction of one input. */
  double slope(double[] input, double[] direction) {
    double[] original = input.clone();
    double step = 1e-5;
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      for (int i = 0; i < input.length; i++) {
        input[i] = original[i] + (side == 0 ? step : -step) * direction[i];
      }
      losses[side] = loss();
    }
    System.arraycopy(original, 0, input, 0, input.length);
    return (losses[0] - losses[1]) / (2 * step);
  }

  static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** The largest difference, relative to the largest expected entry. */
  static double error(double[] actual, double[] expected) {
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(actual[i] - expected[i]);
      worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    return worst / Math.max(1e-30, Arrays.stream(expected).map(Math::abs).max().orElse(1));
  }

  @Override
  public String toString() {
    return "B%d T%d H%d K%d V%d g%s%s%s"
        .formatted(
            batch,
            steps,
            heads,
            keys,
            values,
            g == null ? 0 : g.length,
            normalised ? " normalised" : "",
            lengths == null ? "" : " padded");
  }
}
