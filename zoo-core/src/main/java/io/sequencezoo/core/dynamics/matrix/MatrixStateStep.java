package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Decay;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One token of a matrix-state recurrence, written from its equation alone.
 *
 * @param <A> the array type
 */
final class MatrixStateStep<A> {
  /** State numbers below which waking other threads costs more than they save. */
  private static final long WORTH_SHARING = 1 << 17;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final MatrixStateShape shape;
  private final double scale;
  private final double eps;
  private final int keys;
  private final int values;

  MatrixStateStep(Precision<A> precision, MatrixStateShape shape, double scale, double eps) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.shape = shape;
    this.scale = scale;
    this.eps = eps;
    this.keys = shape.keys();
    this.values = shape.values();
  }

  /** Output, next S and, if normalised, next z. */
  Variable[] run(Tape tape, Map<String, Variable> coefficients, State state) {
    int batch = shape.batch();
    int heads = shape.heads();
    INDArray o = tape.allocate(precision.type(), batch, 1, heads, values);
    INDArray next = tape.allocate(precision.type(), batch, heads, keys, values);
    INDArray z = shape.normalised() ? tape.allocate(precision.type(), batch, heads, keys) : null;
    Slabs<A> slabs =
        new Slabs<>(
            HeadRows.of(precision, shape, coefficients),
            precision.slab(state.get(MatrixStateRecurrence.STATE).operand()),
            z == null
                ? null
                : precision.slab(state.get(MatrixStateRecurrence.NORMALISER).operand()),
            precision.slab(o),
            precision.slab(next),
            z == null ? null : precision.slab(z));
    int tasks = batch * heads;
    boolean shared = (long) tasks * shape.stateLength() >= WORTH_SHARING;
    Parallel.run(shared, tasks, task -> head(task, slabs));
    return z == null
        ? new Variable[] {tape.constant(o), tape.constant(next)}
        : new Variable[] {tape.constant(o), tape.constant(next), tape.constant(z)};
  }

  private void head(int task, Slabs<A> slabs) {
    int row = task / shape.heads();
    int head = task % shape.heads();
    try (Scratch<A> scratch = precision.scratch()) {
      A s = scratch.take(keys * values);
      A q = scratch.take(keys);
      A o = scratch.take(values);
      slabs.state.load((long) task * keys * values, s, 0, keys * values);
      A decay = decay(slabs.from, row, head, scratch);
      update(slabs.from, row, head, decay, s, scratch);
      slabs.from.get(Coefficient.QUERY).load(q, 0, keys, row, head, 0, 1);
      kernels.affine(scale, q, 0, 0, q, 0, keys);
      recall(q, s, o);
      if (slabs.z != null) {
        normalise(task, slabs, row, head, decay, q, o, scratch);
      }
      slabs.next.store((long) task * keys * values, s, 0, keys * values);
      slabs.o.store((long) task * values, o, 0, values);
    }
  }

  private void update(
      Map<Coefficient, HeadRows<A>> from, int row, int head, A decay, A s, Scratch<A> scratch) {
    A k = scratch.take(keys);
    A v = scratch.take(values);
    A recalled = scratch.take(values);
    switch (shape.update()) {
      case SUM -> {
        forget(decay, s);
        from.get(Coefficient.KEY).load(k, 0, keys, row, head, 0, 1);
        from.get(Coefficient.VALUE).load(v, 0, values, row, head, 0, 1);
        write(k, v, s);
      }
      case DELTA -> {
        forget(decay, s);
        A beta = scratch.take(1);
        for (int j = 0; j < shape.writes(); j++) {
          from.get(Coefficient.KEY).load(k, 0, keys, row, head, j, 1);
          from.get(Coefficient.VALUE).load(v, 0, values, row, head, j, 1);
          from.get(Coefficient.BETA).load(beta, 0, 1, row, head, j, 1);
          recall(k, s, recalled);
          kernels.subtract(v, 0, recalled, 0, v, 0, values);
          kernels.affine(kernels.get(beta, 0), v, 0, 0, v, 0, values);
          write(k, v, s);
        }
      }
      case LOW_RANK -> {
        from.get(Coefficient.READ).load(k, 0, keys, row, head, 0, 1);
        recall(k, s, recalled);
        forget(decay, s);
        from.get(Coefficient.WRITE).load(k, 0, keys, row, head, 0, 1);
        write(k, recalled, s);
        from.get(Coefficient.KEY).load(k, 0, keys, row, head, 0, 1);
        from.get(Coefficient.VALUE).load(v, 0, values, row, head, 0, 1);
        write(k, v, s);
      }
    }
  }

  /** {@code S = diag(decay) S}, or {@code S diag(decay)} where value channels decay. */
  private void forget(A decay, A s) {
    if (shape.decay() == Decay.NONE) {
      return;
    }
    for (int d = 0; d < keys; d++) {
      if (shape.decay() == Decay.VALUE) {
        kernels.multiply(s, d * values, decay, 0, s, d * values, values);
        continue;
      }
      kernels.affine(kernels.get(decay, d), s, d * values, 0, s, d * values, values);
    }
  }

  /** {@code out = Sᵀ x}. */
  private void recall(A x, A s, A out) {
    kernels.fill(out, 0, values, 0);
    for (int d = 0; d < keys; d++) {
      kernels.axpy(kernels.get(x, d), s, d * values, out, 0, values);
    }
  }

  /** {@code S += x yᵀ}. */
  private void write(A x, A y, A s) {
    for (int d = 0; d < keys; d++) {
      kernels.axpy(kernels.get(x, d), y, 0, s, d * values, values);
    }
  }

  private void normalise(
      int task, Slabs<A> slabs, int row, int head, A decay, A q, A o, Scratch<A> scratch) {
    A k = scratch.take(keys);
    A z = scratch.take(keys);
    slabs.from.get(Coefficient.KEY).load(k, 0, keys, row, head, 0, 1);
    slabs.z.load((long) task * keys, z, 0, keys);
    kernels.multiplyAdd(decay, 0, z, 0, k, 0, keys);
    double below = eps + kernels.dot(q, 0, k, 0, keys);
    kernels.affine(1 / below, o, 0, 0, o, 0, values);
    slabs.nextZ.store((long) task * keys, k, 0, keys);
  }

  private A decay(Map<Coefficient, HeadRows<A>> from, int row, int head, Scratch<A> scratch) {
    A decay = scratch.take(shape.decayed());
    switch (shape.decay()) {
      case NONE -> kernels.fill(decay, 0, keys, 1);
      case HEAD -> {
        from.get(Coefficient.DECAY).load(decay, 0, 1, row, head, 0, 1);
        kernels.fill(decay, 0, keys, Math.exp(kernels.get(decay, 0)));
      }
      case CHANNEL -> exponentials(from.get(Coefficient.DECAY), row, head, decay, keys);
      case VALUE -> exponentials(from.get(Coefficient.VALUE_DECAY), row, head, decay, values);
    }
    return decay;
  }

  private void exponentials(HeadRows<A> from, int row, int head, A decay, int n) {
    from.load(decay, 0, n, row, head, 0, 1);
    for (int i = 0; i < n; i++) {
      kernels.set(decay, i, Math.exp(kernels.get(decay, i)));
    }
  }

  private record Slabs<A>(
      Map<Coefficient, HeadRows<A>> from,
      Slab<A> state,
      Slab<A> z,
      Slab<A> o,
      Slab<A> next,
      Slab<A> nextZ) {}
}
