package io.sequencezoo.core.dynamics.memory;

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
 * A slope through an activation, {@code y = s f'(x)}, as one operation; its pullback {@code g
 * f'(x)} for s and {@code g s f''(x)} for x.
 *
 * @param <A> the array type
 */
final class ActivationSlope<A> {
  /** Elements of a tile, so that all of them fit a first-level cache. */
  private static final int TILE = 1024;

  private static final int GRAIN = 1 << 15;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final InnerActivation activation;
  private final Slab<A> slopes;
  private final Slab<A> inputs;

  private ActivationSlope(
      Precision<A> precision, InnerActivation activation, Variable s, Variable x) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.activation = activation;
    this.slopes = precision.slab(s.operand());
    this.inputs = precision.slab(x.operand());
  }

  /** {@code s f'(x)}, shaped as both. */
  static Variable apply(Tape tape, InnerActivation activation, Variable s, Variable x) {
    return new ActivationSlope<>(Precision.of(x.type()), activation, s, x).apply(tape, s, x);
  }

  private Variable apply(Tape tape, Variable s, Variable x) {
    INDArray y = tape.allocate(precision.type(), x.shape());
    Slab<A> to = precision.slab(y);
    Parallel.ranges(
        to.length(),
        GRAIN,
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A in = scratch.take(TILE);
            A first = scratch.take(TILE);
            A slope = scratch.take(TILE);
            for (long at = from; at < end; at += TILE) {
              int n = (int) Math.min(TILE, end - at);
              inputs.load(at, in, 0, n);
              activation.derivatives(precision, in, first, null, n);
              slopes.load(at, slope, 0, n);
              kernels.multiply(slope, 0, first, 0, slope, 0, n);
              to.store(at, slope, 0, n);
            }
          }
        });
    return tape.record(y, this::pullback, s, x);
  }

  private void pullback(Cotangents cotangents) {
    Slab<A> gs = precision.slab(cotangents.output(0));
    Sink<A> toSlope = Sink.of(precision, cotangents, 0);
    Sink<A> toInput = Sink.of(precision, cotangents, 1);
    Parallel.ranges(
        gs.length(),
        GRAIN,
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A in = scratch.take(TILE);
            A first = scratch.take(TILE);
            A second = scratch.take(TILE);
            A g = scratch.take(TILE);
            for (long at = from; at < end; at += TILE) {
              int n = (int) Math.min(TILE, end - at);
              inputs.load(at, in, 0, n);
              activation.derivatives(precision, in, first, second, n);
              gs.load(at, g, 0, n);
              if (toSlope != null) {
                kernels.multiply(first, 0, g, 0, first, 0, n);
                toSlope.put(precision, at, first, n);
              }
              if (toInput != null) {
                slopes.load(at, in, 0, n);
                kernels.multiply(g, 0, in, 0, g, 0, n);
                kernels.multiply(g, 0, second, 0, g, 0, n);
                toInput.put(precision, at, g, n);
              }
            }
          }
        });
  }
}
