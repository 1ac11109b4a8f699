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
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The {@code D} term of state space models: {@code y = o + D ⊙ x}, where x are the first features
 * of a wider array, so that nobody has to cut them out.
 */
public final class SkipConnection {
  private SkipConnection() {}

  /**
   * Adds the skip.
   *
   * @param o {@code [B, T, ...]} with F features per position
   * @param u {@code [B, T, W]}, W at least F; x are its first F features
   * @param d {@code [F]}, or {@code [H]} for one number per F/H consecutive features
   * @return as o
   */
  public static Variable apply(Tape tape, Variable o, Variable u, Variable d) {
    int width = u.size(2);
    long positions = (long) u.size(0) * u.size(1);
    int features = positions == 0 ? width : (int) (o.length() / positions);
    int share = (int) d.length();
    checkArgument(
        features <= width && features % share == 0,
        "skip connection: needs F at most W=%s and divisible by the length of D=%s, got F=%s",
        width,
        share,
        features);
    Tiles.checkSameType("skip connection", o, u, d);
    return new Application<>(Precision.of(o.type()), o, u, d, features, width, positions)
        .record(tape);
  }

  private record Application<A>(
      Precision<A> precision, Variable o, Variable u, Variable d, int n, int width, long rows) {

    Variable record(Tape tape) {
      Kernels<A> kernels = precision.kernels();
      INDArray y = tape.allocate(o.type(), o.shape());
      Slab<A> os = precision.slab(o.operand());
      Slab<A> us = precision.slab(u.operand());
      Slab<A> ys = precision.slab(y);
      Parallel.ranges(
          rows,
          Tiles.taskRows(width),
          (from, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              A gain = gain(scratch);
              A x = scratch.take(n);
              A sum = scratch.take(n);
              for (long r = from; r < end; r++) {
                os.load(r * n, sum, 0, n);
                us.load(r * width, x, 0, n);
                kernels.multiplyAdd(x, 0, gain, 0, sum, 0, n);
                ys.store(r * n, sum, 0, n);
              }
            }
          });
      return tape.record(y, this::pullback, o, u, d);
    }

    /** D of every feature. */
    private A gain(Scratch<A> scratch) {
      Kernels<A> kernels = precision.kernels();
      A given = Norms.vector(precision, scratch, d);
      A gain = scratch.take(n);
      int size = n / (int) d.length();
      for (int i = 0; i < n; i++) {
        kernels.set(gain, i, kernels.get(given, i / size));
      }
      return gain;
    }

    private void pullback(Cotangents cotangents) {
      Kernels<A> kernels = precision.kernels();
      INDArray gradient = cotangents.output();
      Slab<A> gy = precision.slab(gradient);
      Slab<A> us = precision.slab(u.operand());
      Tiles.Target<A> gu = Tiles.target(precision, cotangents, 1);
      int shares = (int) d.length();
      Partials.run(
          precision,
          rows,
          Tiles.taskRows(width),
          shares,
          Tiles.target(precision, cotangents, 2),
          null,
          (from, end, sums, unused) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              A gain = gain(scratch);
              A g = scratch.take(width);
              A x = scratch.take(width);
              A gGain = scratch.zeros(n);
              for (long r = from; r < end; r++) {
                gy.load(r * n, g, 0, n);
                us.load(r * width, x, 0, n);
                kernels.multiplyAdd(x, 0, g, 0, gGain, 0, n);
                if (gu != null) {
                  kernels.multiply(g, 0, gain, 0, g, 0, n);
                  kernels.fill(g, n, width - n, 0);
                  gu.put(kernels, r * width, g, 0, x, width);
                }
              }
              for (int i = 0; i < shares; i++) {
                kernels.set(sums, i, kernels.sum(gGain, i * (n / shares), n / shares));
              }
            }
          });
      cotangents.share(0, gradient);
    }
  }
}
