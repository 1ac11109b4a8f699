package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
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

  MatrixStateStep(Precision<A> precision, MatrixStateShape shape, double scale, double eps) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.shape = shape;
    this.scale = scale;
    this.eps = eps;
  }

  /** Output, next S and, if normalised, next z. */
  Variable[] run(Tape tape, Map<String, Variable> coefficients, State state) {
    int batch = shape.batch();
    int heads = shape.heads();
    INDArray o = tape.allocate(precision.type(), batch, 1, heads, shape.values());
    INDArray next = tape.allocate(precision.type(), batch, heads, shape.keys(), shape.values());
    INDArray z =
        shape.normalised() ? tape.allocate(precision.type(), batch, heads, shape.keys()) : null;
    Slabs<A> slabs =
        new Slabs<>(
            slab(coefficients.get("q")),
            slab(coefficients.get("k")),
            slab(coefficients.get("v")),
            slab(coefficients.get("g")),
            slab(state.get("S")),
            shape.normalised() ? slab(state.get("z")) : null,
            precision.slab(o),
            precision.slab(next),
            z == null ? null : precision.slab(z));
    int tasks = batch * heads;
    if ((long) tasks * shape.stateLength() >= WORTH_SHARING) {
      Parallel.run(tasks, task -> head(task, slabs));
    } else {
      for (int task = 0; task < tasks; task++) {
        head(task, slabs);
      }
    }
    return z == null
        ? new Variable[] {tape.constant(o), tape.constant(next)}
        : new Variable[] {tape.constant(o), tape.constant(next), tape.constant(z)};
  }

  private Slab<A> slab(Variable variable) {
    return variable == null ? null : precision.slab(variable.value());
  }

  private void head(int task, Slabs<A> slabs) {
    int keys = shape.keys();
    int values = shape.values();
    try (Scratch<A> scratch = precision.scratch()) {
      A k = scratch.take(keys);
      A q = scratch.take(keys);
      A z = scratch.take(keys);
      A v = scratch.take(values);
      A row = scratch.take(values);
      A o = scratch.zeros(values);
      slabs.q.load((long) task * keys, q, 0, keys);
      slabs.k.load((long) task * keys, k, 0, keys);
      slabs.v.load((long) task * values, v, 0, values);
      if (slabs.z != null) {
        slabs.z.load((long) task * keys, z, 0, keys);
      }
      A decay = decay(task, slabs, scratch);
      double below = eps;
      for (int d = 0; d < keys; d++) {
        long at = ((long) task * keys + d) * values;
        double query = scale * kernels.get(q, d);
        slabs.state.load(at, row, 0, values);
        kernels.affine(kernels.get(decay, d), row, 0, 0, row, 0, values);
        kernels.axpy(kernels.get(k, d), v, 0, row, 0, values);
        kernels.axpy(query, row, 0, o, 0, values);
        slabs.next.store(at, row, 0, values);
        if (slabs.z != null) {
          double sum = kernels.get(decay, d) * kernels.get(z, d) + kernels.get(k, d);
          kernels.set(z, d, sum);
          below += query * sum;
        }
      }
      if (slabs.z != null) {
        kernels.affine(1 / below, o, 0, 0, o, 0, values);
        slabs.nextZ.store((long) task * keys, z, 0, keys);
      }
      slabs.o.store((long) task * values, o, 0, values);
    }
  }

  private A decay(int task, Slabs<A> slabs, Scratch<A> scratch) {
    int keys = shape.keys();
    A decay = scratch.take(keys);
    switch (shape.decay()) {
      case NONE -> kernels.fill(decay, 0, keys, 1);
      case HEAD -> {
        slabs.g.load(task, decay, 0, 1);
        kernels.fill(decay, 0, keys, Math.exp(kernels.get(decay, 0)));
      }
      case CHANNEL -> {
        slabs.g.load((long) task * keys, decay, 0, keys);
        for (int d = 0; d < keys; d++) {
          kernels.set(decay, d, Math.exp(kernels.get(decay, d)));
        }
      }
    }
    return decay;
  }

  private record Slabs<A>(
      Slab<A> q,
      Slab<A> k,
      Slab<A> v,
      Slab<A> g,
      Slab<A> state,
      Slab<A> z,
      Slab<A> o,
      Slab<A> next,
      Slab<A> nextZ) {}
}
