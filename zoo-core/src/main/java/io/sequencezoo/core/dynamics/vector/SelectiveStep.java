package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One token of the selective state space, state by state, without the scan's kernel. */
final class SelectiveStep {
  private SelectiveStep() {}

  /** Returns the output {@code [B, 1, D]} and the next state {@code [B, N, D]}. */
  static Variable[] run(
      Tape tape,
      SelectiveShape shape,
      boolean softplus,
      Map<String, Variable> coefficients,
      Variable state) {
    return run(
        tape,
        Precision.of(coefficients.get(SelectiveRecurrence.INPUT).type()),
        shape,
        softplus,
        coefficients,
        state);
  }

  private static <A> Variable[] run(
      Tape tape,
      Precision<A> precision,
      SelectiveShape shape,
      boolean softplus,
      Map<String, Variable> coefficients,
      Variable state) {
    int d = shape.channels();
    int states = shape.states();
    INDArray y = tape.allocate(precision.type(), shape.batch(), 1, d);
    INDArray next = tape.allocate(precision.type(), shape.batch(), states, d);
    Slab<A> ys = precision.slab(y);
    Slab<A> nexts = precision.slab(next);
    Slab<A> before = precision.slab(state.operand());
    Replay.run(() -> compute(precision, shape, softplus, coefficients, before, ys, nexts));
    return new Variable[] {tape.constant(y), tape.constant(next)};
  }

  private static <A> void compute(
      Precision<A> precision,
      SelectiveShape shape,
      boolean softplus,
      Map<String, Variable> coefficients,
      Slab<A> before,
      Slab<A> ys,
      Slab<A> nexts) {
    int d = shape.channels();
    int states = shape.states();
    Kernels<A> kernels = precision.kernels();
    try (Scratch<A> scratch = precision.scratch()) {
      A rate = load(precision, coefficients, SelectiveRecurrence.RATE, 0, states * d, scratch);
      A bias = load(precision, coefficients, SelectiveRecurrence.BIAS, 0, d, scratch);
      A skip = load(precision, coefficients, SelectiveRecurrence.SKIP, 0, d, scratch);
      for (int row = 0; row < shape.batch(); row++) {
        A u = load(precision, coefficients, SelectiveRecurrence.INPUT, row, d, scratch);
        A dt = load(precision, coefficients, SelectiveRecurrence.STEP, row, d, scratch);
        A z = load(precision, coefficients, SelectiveRecurrence.GATE, row, d, scratch);
        A b = load(precision, coefficients, SelectiveRecurrence.WRITE, row, states, scratch);
        A c = load(precision, coefficients, SelectiveRecurrence.READ, row, states, scratch);
        if (bias != null) {
          kernels.add(dt, 0, bias, 0, dt, 0, d);
        }
        if (softplus) {
          kernels.map(Unary.SOFTPLUS, dt, 0, dt, 0, d);
        }
        A h = scratch.take(states * d);
        before.load((long) row * states * d, h, 0, states * d);
        A sum = advance(kernels, scratch, states, d, rate, dt, u, b, c, h);
        if (skip != null) {
          kernels.multiplyAdd(skip, 0, u, 0, sum, 0, d);
        }
        if (z != null) {
          kernels.map(Unary.SILU, z, 0, z, 0, d);
          kernels.multiply(sum, 0, z, 0, sum, 0, d);
        }
        ys.store((long) row * d, sum, 0, d);
        nexts.store((long) row * states * d, h, 0, states * d);
      }
    }
  }

  /** Moves h and returns what C reads from it. */
  private static <A> A advance(
      Kernels<A> kernels, Scratch<A> scratch, int states, int d, A rate, A dt, A u, A b, A c, A h) {
    A written = scratch.take(d);
    A decay = scratch.take(d);
    A sum = scratch.zeros(d);
    kernels.multiply(dt, 0, u, 0, written, 0, d);
    for (int s = 0; s < states; s++) {
      int at = s * d;
      kernels.multiply(dt, 0, rate, at, decay, 0, d);
      kernels.map(Unary.EXP, decay, 0, decay, 0, d);
      kernels.multiply(h, at, decay, 0, h, at, d);
      kernels.axpy(kernels.get(b, s), written, 0, h, at, d);
      kernels.axpy(kernels.get(c, s), h, at, sum, 0, d);
    }
    return sum;
  }

  /** Row {@code row} of n numbers, or null where the coefficient is absent. */
  private static <A> A load(
      Precision<A> precision,
      Map<String, Variable> coefficients,
      String name,
      int row,
      int n,
      Scratch<A> scratch) {
    Variable value = coefficients.get(name);
    if (value == null) {
      return null;
    }
    A tile = scratch.take(n);
    precision.slab(value.operand()).load((long) row * n, tile, 0, n);
    return tile;
  }
}
