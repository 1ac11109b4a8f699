package io.sequencezoo.core.dynamics.matrix;

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
  int groups;
  int writes = 1;
  double[] beta;
  double[] a;
  double[] b;
  double[] q;
  double[] k;
  double[] v;
  double[] g;
  double[] gv;
  double[] s;
  double[] z;
  double[] outputCotangent;
  double[] stateCotangent;
  double[] normaliserCotangent;

  /**
   * A random case; decay is none, head, channel or value, of strength about {@code gate} per step.
   */
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
    this.groups = heads;
    SplittableRandom random = new SplittableRandom(seed);
    double low = normalised ? .1 : -1;
    this.q = random.doubles((long) batch * steps * heads * keys, low, 1).toArray();
    this.k = random.doubles(q.length, low, 1).toArray();
    this.v = random.doubles((long) batch * steps * heads * values, -1, 1).toArray();
    int gates =
        switch (decay) {
          case "none", "value" -> 0;
          case "head" -> batch * steps * heads;
          default -> q.length;
        };
    this.g = gates == 0 ? null : random.doubles(gates).map(u -> gate * Math.log(u)).toArray();
    this.gv =
        decay.equals("value")
            ? random.doubles(v.length).map(u -> gate * Math.log(u)).toArray()
            : null;
    this.s = random.doubles((long) batch * heads * keys * values, -1, 1).toArray();
    this.z = normalised ? random.doubles((long) batch * heads * keys, .1, 1).toArray() : null;
    int outputs = batch * steps * heads * values;
    this.outputCotangent = random.doubles(outputs, -1, 1).toArray();
    this.stateCotangent = random.doubles(s.length, -1, 1).toArray();
    this.normaliserCotangent = z == null ? null : random.doubles(z.length, -1, 1).toArray();
  }

  /** Lets runs of heads share q and k, of which there are then G. */
  MatrixStateOracle grouped(int count) {
    groups = count;
    q = Arrays.copyOf(q, batch * steps * count * keys);
    k = Arrays.copyOf(k, q.length);
    return this;
  }

  /** Turns to the delta rule with N writes per token, keys of length 1. */
  MatrixStateOracle delta(int count) {
    writes = count;
    SplittableRandom random = new SplittableRandom(97);
    k = unit(random.doubles((long) q.length * count, -1, 1).toArray());
    v = random.doubles((long) batch * steps * count * heads * values, -1, 1).toArray();
    beta = random.doubles((long) batch * steps * count * heads, 0, 2).toArray();
    return this;
  }

  /** Turns to a decay plus a matrix of rank one, {@code b aᵀ}, that is no longer than 1. */
  MatrixStateOracle lowRank() {
    SplittableRandom random = new SplittableRandom(98);
    a = unit(random.doubles(q.length, -1, 1).toArray());
    b = a.clone();
    for (int i = 0; i < b.length; i++) {
      b[i] *= -random.nextDouble();
    }
    return this;
  }

  private double[] unit(double[] vectors) {
    for (int at = 0; at < vectors.length; at += keys) {
      double square = 0;
      for (int d = 0; d < keys; d++) {
        square += vectors[at + d] * vectors[at + d];
      }
      for (int d = 0; d < keys; d++) {
        vectors[at + d] /= Math.sqrt(square);
      }
    }
    return vectors;
  }

  /** What {@link #run} gives. */
  record Result(double[] o, double[] s, double[] z) {}

  Result run() {
    double[] o = new double[batch * steps * heads * values];
    double[] state = s.clone();
    double[] sums = z == null ? null : z.clone();
    for (int row = 0; row < batch; row++) {
      int length = lengths == null ? steps : lengths[row];
      for (int t = 0; t < length; t++) {
        for (int h = 0; h < heads; h++) {
          token(row * steps + t, h, row * heads + h, o, state, sums);
        }
      }
    }
    return new Result(o, state, sums);
  }

  private void token(int t, int h, int head, double[] o, double[] state, double[] sums) {
    int token = t * heads + h;
    int group = h / (heads / groups);
    int query = (t * groups + group) * keys;
    double[] decay = new double[keys];
    for (int d = 0; d < keys; d++) {
      double log = 0;
      if (g != null) {
        log = g.length == batch * steps * heads ? g[token] : g[token * keys + d];
      }
      decay[d] = Math.exp(log);
    }
    double[] before = recall(state, head, a, query);
    for (int i = 0; i < keys * values; i++) {
      double fade = gv == null ? 1 : Math.exp(gv[token * values + i % values]);
      state[head * keys * values + i] *= decay[i / values] * fade;
    }
    for (int j = 0; j < writes; j++) {
      int write = t * writes + j;
      int key = (write * groups + group) * keys;
      double[] now = recall(state, head, k, key);
      for (int d = 0; d < keys; d++) {
        for (int e = 0; e < values; e++) {
          double value = v[(write * heads + h) * values + e];
          double change = value;
          if (beta != null) {
            change = beta[write * heads + h] * (value - now[e]);
          }
          double added = k[key + d] * change;
          if (a != null) {
            added += b[query + d] * before[e];
          }
          state[(head * keys + d) * values + e] += added;
        }
      }
    }
    double below = eps;
    for (int d = 0; normalised && d < keys; d++) {
      int at = head * keys + d;
      sums[at] = decay[d] * sums[at] + k[query + d];
      below += scale * q[query + d] * sums[at];
    }
    double[] read = recall(state, head, q, query);
    for (int e = 0; e < values; e++) {
      o[token * values + e] = scale * read[e] / (normalised ? below : 1);
    }
  }

  /** {@code Sᵀ x}. */
  private double[] recall(double[] state, int head, double[] x, int at) {
    double[] out = new double[values];
    for (int d = 0; x != null && d < keys; d++) {
      for (int e = 0; e < values; e++) {
        out[e] += state[(head * keys + d) * values + e] * x[at + d];
      }
    }
    return out;
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
    return "B%d T%d N%d G%d H%d K%d V%d g%s%s%s%s%s"
        .formatted(
            batch,
            steps,
            writes,
            groups,
            heads,
            keys,
            values,
            g == null ? 0 : g.length,
            gv == null ? "" : " fading",
            beta != null ? " delta" : a != null ? " low rank" : "",
            normalised ? " normalised" : "",
            lengths == null ? "" : " padded");
  }
}
