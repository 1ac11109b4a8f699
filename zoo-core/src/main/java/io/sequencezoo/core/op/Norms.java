package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Normalisation of the last axis. Backward keeps the inputs and one or two numbers per row. */
public final class Norms {
  private Norms() {}

  /**
   * {@code y = (x - mean(x)) / √(var(x) + eps) w + b} over the last axis.
   *
   * @param x {@code [..., D]}
   * @param weight {@code [D]}
   * @param bias {@code [D]}, or null
   */
  public static Variable layerNorm(
      Tape tape, Variable x, Variable weight, @Nullable Variable bias, double eps) {
    check("layer norm", x, weight, bias, x.size(-1));
    return layerNorm(tape, Precision.of(x.type()), x, weight, bias, eps);
  }

  /**
   * {@code y = x / √(mean(x²) + eps) w + b} over consecutive groups of the last axis.
   *
   * @param x {@code [..., D]}
   * @param weight {@code [D]}
   * @param bias {@code [D]}, or null
   * @param groupSize divides D; D for one group
   */
  public static Variable rmsNorm(
      Tape tape, Variable x, Variable weight, @Nullable Variable bias, double eps, int groupSize) {
    check("rms norm", x, weight, bias, groupSize);
    return rmsNorm(tape, Precision.of(x.type()), x, weight, bias, eps, groupSize);
  }

  /**
   * {@code y = x / √(Σx² + eps)} over the last axis: vectors of length 1, as the delta rule needs
   * its keys.
   */
  public static Variable l2Norm(Tape tape, Variable x, double eps) {
    int d = x.size(-1);
    INDArray weight = tape.allocate(x.type(), d);
    weight.assign(1 / Math.sqrt(d));
    return rmsNorm(tape, x, tape.constant(weight), null, eps / d, d);
  }

  /**
   * RMS norm with a gate: {@code y = rms(x) w silu(z)}, or {@code y = rms(x silu(z)) w} where the
   * gate comes first.
   *
   * @param x {@code [..., D]}
   * @param z the gate before its activation, as x
   * @param weight {@code [D]}
   * @param groupSize divides D; D for one group
   * @param normBeforeGate whether the gate multiplies after the norm
   */
  public static Variable gatedRmsNorm(
      Tape tape,
      Variable x,
      Variable z,
      Variable weight,
      double eps,
      int groupSize,
      boolean normBeforeGate) {
    check("gated rms norm", x, weight, null, groupSize);
    checkArgument(
        Arrays.equals(x.shape(), z.shape()),
        "gated rms norm: gate must have shape %s, got %s",
        Arrays.toString(x.shape()),
        Arrays.toString(z.shape()));
    Tiles.checkSameType("gated rms norm", x, z);
    return new GatedRmsNorm<>(
            Precision.of(x.type()), x, z, weight, eps, x.size(-1), groupSize, normBeforeGate)
        .record(tape);
  }

  private static <A> Variable layerNorm(
      Tape tape,
      Precision<A> precision,
      Variable x,
      Variable weight,
      @Nullable Variable bias,
      double eps) {
    Kernels<A> kernels = precision.kernels();
    int d = x.size(-1);
    return norm(
        tape,
        precision,
        x,
        weight,
        bias,
        2,
        (n, tile, w, b, stat) -> {
          for (int i = 0; i < n; i++) {
            kernels.layerNorm(tile, i * d, w, b, eps, tile, i * d, stat, 2 * i, d);
          }
        },
        (n, tile, w, stat, gy, gx, gw, gb) -> {
          for (int i = 0; i < n; i++) {
            int o = i * d;
            kernels.layerNormPullback(tile, o, w, stat, 2 * i, gy, o, gx, o, gw, gb, d);
          }
        });
  }

  private static <A> Variable rmsNorm(
      Tape tape,
      Precision<A> precision,
      Variable x,
      Variable weight,
      @Nullable Variable bias,
      double eps,
      int g) {
    Kernels<A> kernels = precision.kernels();
    int groups = x.size(-1) / g;
    return norm(
        tape,
        precision,
        x,
        weight,
        bias,
        groups,
        (n, tile, w, b, stat) -> {
          for (int i = 0; i < n * groups; i++) {
            int c = i % groups * g;
            kernels.rmsNorm(tile, i * g, w, c, b, c, eps, tile, i * g, stat, i, g);
          }
        },
        (n, tile, w, stat, gy, gx, gw, gb) -> {
          for (int i = 0; i < n * groups; i++) {
            int o = i * g;
            int c = i % groups * g;
            kernels.rmsNormPullback(tile, o, w, c, stat, i, gy, o, gx, o, gw, c, gb, c, g);
          }
        });
  }

  /** Normalises n rows in place, leaving their statistics. */
  private interface Forward<A> {
    void rows(int n, A tile, A w, @Nullable A b, A stat);
  }

  /** From the gradients of n rows to those of their inputs, adding to those of w and b. */
  private interface Backward<A> {
    void rows(int n, A tile, A w, A stat, A gy, A gx, A gw, A gb);
  }

  /** Rows in tiles; {@code kept} statistics of each stay for the pullback. */
  private static <A> Variable norm(
      Tape tape,
      Precision<A> precision,
      Variable x,
      Variable weight,
      @Nullable Variable bias,
      int kept,
      Forward<A> forward,
      Backward<A> backward) {
    int d = x.size(-1);
    long rows = Tiles.rows(x, d);
    INDArray y = tape.allocate(x.type(), x.shape());
    INDArray stats = tape.allocate(x.type(), rows, kept);
    Slab<A> xs = precision.slab(x.operand());
    Slab<A> ys = precision.slab(y);
    Slab<A> saved = precision.slab(stats);
    int tileRows = Tiles.tileRows(d);
    Parallel.ranges(
        rows,
        Tiles.taskRows(d),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A w = vector(precision, scratch, weight);
            @Nullable A b = bias == null ? null : vector(precision, scratch, bias);
            A tile = scratch.take(tileRows * d);
            A stat = scratch.take(tileRows * kept);
            for (long r = from; r < end; r += tileRows) {
              int n = (int) Math.min(tileRows, end - r);
              xs.load(r * d, tile, 0, n * d);
              forward.rows(n, tile, w, b, stat);
              ys.store(r * d, tile, 0, n * d);
              saved.store(r * kept, stat, 0, n * kept);
            }
          }
        });
    return tape.record(
        y,
        cotangents -> pullback(precision, cotangents, x, weight, saved, kept, backward),
        x,
        weight,
        bias);
  }

  private static <A> void pullback(
      Precision<A> precision,
      Cotangents cotangents,
      Variable x,
      Variable weight,
      Slab<A> saved,
      int kept,
      Backward<A> backward) {
    int d = x.size(-1);
    Slab<A> xs = precision.slab(x.operand());
    Slab<A> gy = precision.slab(cotangents.output());
    Tiles.Target<A> gx = Tiles.target(precision, cotangents, 0);
    int tileRows = Tiles.tileRows(d);
    Partials.run(
        precision,
        Tiles.rows(x, d),
        Tiles.taskRows(d),
        d,
        Tiles.target(precision, cotangents, 1),
        Tiles.target(precision, cotangents, 2),
        (from, end, gw, gb) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A w = vector(precision, scratch, weight);
            A tile = scratch.take(tileRows * d);
            A gyTile = scratch.take(tileRows * d);
            A gxTile = scratch.take(tileRows * d);
            A stat = scratch.take(tileRows * kept);
            for (long r = from; r < end; r += tileRows) {
              int n = (int) Math.min(tileRows, end - r);
              xs.load(r * d, tile, 0, n * d);
              gy.load(r * d, gyTile, 0, n * d);
              saved.load(r * kept, stat, 0, n * kept);
              backward.rows(n, tile, w, stat, gyTile, gxTile, gw, gb);
              if (gx != null) {
                gx.put(precision.kernels(), r * d, gxTile, 0, tile, n * d);
              }
            }
          }
        });
  }

  static <A> A vector(Precision<A> precision, Scratch<A> scratch, Variable x) {
    int n = (int) x.length();
    A array = scratch.take(n);
    precision.slab(x.operand()).load(0, array, 0, n);
    return array;
  }

  private static void check(
      String subject, Variable x, Variable weight, @Nullable Variable bias, int groupSize) {
    int d = Tiles.columns(subject, x);
    checkArgument(
        weight.length() == d,
        "%s: weight must have D=%s elements, got %s",
        subject,
        d,
        weight.length());
    checkArgument(
        bias == null || bias.length() == d,
        "%s: bias must have D=%s elements, got %s",
        subject,
        d,
        bias == null ? 0 : bias.length());
    checkArgument(
        groupSize >= 1 && d % groupSize == 0,
        "%s: width %s must be divisible by group size %s",
        subject,
        d,
        groupSize);
    Tiles.checkSameType(subject, x, weight, bias);
  }
}
