package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import java.util.EnumMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One tensor of a matrix-state scan, {@code [B, T, G, width]}: head h of H finds its vectors at
 * {@code floor(h / (H/G))}, so that shared keys are read where they lie.
 *
 * @param <A> the array type
 */
record HeadRows<A>(Slab<A> slab, int steps, int heads, int share, int width) {
  /** The rows of each coefficient that there is. */
  static <A> Map<Coefficient, HeadRows<A>> of(
      Precision<A> precision, MatrixStateShape shape, Map<String, Variable> coefficients) {
    Map<Coefficient, HeadRows<A>> rows = new EnumMap<>(Coefficient.class);
    for (Coefficient c : Coefficient.given(shape)) {
      rows.put(c, of(precision, shape, c, coefficients.get(c.key()).operand()));
    }
    return rows;
  }

  /** The rows of a coefficient or of its gradient. */
  static <A> HeadRows<A> of(
      Precision<A> precision, MatrixStateShape shape, Coefficient c, INDArray array) {
    boolean lone = c.isLone(shape);
    int heads = (int) array.size(lone ? -1 : -2);
    int steps = c.isPerWrite() ? shape.steps() * shape.writes() : shape.steps();
    int width = lone ? 1 : (int) array.size(-1);
    return new HeadRows<>(precision.slab(array), steps, heads, shape.heads() / heads, width);
  }

  /** The rows of outputs {@code [B, T, H, V]}. */
  static <A> HeadRows<A> ofOutputs(Precision<A> precision, MatrixStateShape shape, INDArray array) {
    return array == null
        ? null
        : new HeadRows<>(precision.slab(array), shape.steps(), shape.heads(), 1, shape.values());
  }

  /** One number per token and head, {@code [B, T, H]}. */
  static <A> HeadRows<A> ofScalars(Precision<A> precision, MatrixStateShape shape, INDArray array) {
    return array == null
        ? null
        : new HeadRows<>(precision.slab(array), shape.steps(), shape.heads(), 1, 1);
  }

  private long at(int row, int head, int t) {
    return (((long) row * steps + t) * heads + head / share) * width;
  }

  /** Loads n vectors from position t of a head to places {@code stride} apart. */
  void load(A into, int offset, int stride, int row, int head, int t, int n) {
    long at = at(row, head, t);
    long apart = (long) heads * width;
    if (stride == width) {
      slab.loadRows(at, apart, into, offset, n, width);
      return;
    }
    for (int i = 0; i < n; i++) {
      slab.load(at + i * apart, into, offset + i * stride, width);
    }
  }

  /** Stores n vectors from places {@code stride} apart to position t of a head. */
  void store(A from, int offset, int stride, int row, int head, int t, int n) {
    long at = at(row, head, t);
    long apart = (long) heads * width;
    if (stride == width) {
      slab.storeRows(at, apart, from, offset, n, width);
      return;
    }
    for (int i = 0; i < n; i++) {
      slab.store(at + i * apart, from, offset + i * stride, width);
    }
  }

  /** Adds n vectors to what is stored; overwrites {@code from} with the sums. */
  void add(Kernels<A> kernels, A present, A from, int stride, int row, int head, int t, int n) {
    long at = at(row, head, t);
    long apart = (long) heads * width;
    for (int i = 0; i < n; i++) {
      int place = i * stride;
      slab.load(at + i * apart, present, 0, width);
      kernels.add(present, 0, from, place, from, place, width);
      slab.store(at + i * apart, from, place, width);
    }
  }

  /** Whether several heads take the same vectors. */
  boolean isShared() {
    return share > 1;
  }

  /** Whether a head is the first of those that share its vectors. */
  boolean isFirst(int head) {
    return head % share == 0;
  }
}
