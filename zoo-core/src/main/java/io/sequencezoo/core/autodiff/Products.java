package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.MatrixProduct;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import java.util.function.IntConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Matrix products; {@link Primitives} documents them. */
final class Products {
  /** Fewest products of a batch that are shared one by one rather than each cut into tiles. */
  private static final int MANY = 8;

  private Products() {}

  static Variable matmul(
      Tape tape, Variable a, Variable b, boolean transposeA, boolean transposeB) {
    checkArgument(
        a.rank() >= 2 && b.rank() >= 2,
        "matmul: both operands need two axes at least, got shapes %s and %s",
        Arrays.toString(a.shape()),
        Arrays.toString(b.shape()));
    long inner = a.shape()[a.rank() - (transposeA ? 2 : 1)];
    long other = b.shape()[b.rank() - (transposeB ? 1 : 2)];
    checkArgument(
        inner == other,
        "matmul: inner axes must be equal, got %s and %s in shapes %s%s and %s%s",
        inner,
        other,
        Arrays.toString(a.shape()),
        transposeA ? "ᵀ" : "",
        Arrays.toString(b.shape()),
        transposeB ? "ᵀ" : "");
    Precision<?> p = Arithmetic.precision("matmul", a, b);
    return multiply(tape, p, a, b, transposeA, transposeB);
  }

  private static <A> Variable multiply(
      Tape tape, Precision<A> p, Variable a, Variable b, boolean ta, boolean tb) {
    long[] as = a.shape();
    long[] bs = b.shape();
    long[] leading =
        Broadcast.shape(
            "matmul", Arrays.copyOf(as, as.length - 2), Arrays.copyOf(bs, bs.length - 2));
    int m = (int) as[as.length - (ta ? 1 : 2)];
    int k = (int) as[as.length - (ta ? 2 : 1)];
    int n = (int) bs[bs.length - (tb ? 2 : 1)];
    long[] shape = Arrays.copyOf(leading, leading.length + 2);
    shape[leading.length] = m;
    shape[leading.length + 1] = n;
    INDArray value = tape.allocate(a.type(), shape);
    if (b.rank() == 2 && !ta) {
      // One weight for all rows: a single tall product.
      int rows = (int) (a.length() / Math.max(1, k));
      tall(p, false, tb, rows, n, k, a.operand(), b.operand(), value, 0);
      return tape.record(
          value,
          c -> {
            pullBackTall(c, p, tb, rows, n, k, a, b, c.output());
          },
          a,
          b);
    }
    int[] left = offsets(as, leading);
    int[] right = offsets(bs, leading);
    int[] own = offsets(shape, leading);
    batched(
        p,
        new MatrixProduct(ta, tb, m, n, k),
        a.operand(),
        left,
        b.operand(),
        right,
        value,
        own,
        0);
    return tape.record(
        value,
        c -> {
          INDArray g = c.output();
          if (c.needs(0)) {
            Cotangents.Sink s = c.sink(0);
            if (ta) {
              MatrixProduct product = new MatrixProduct(tb, true, k, m, n);
              batched(p, product, b.operand(), right, g, own, s.array(), left, s.beta());
            } else {
              MatrixProduct product = new MatrixProduct(false, !tb, m, k, n);
              batched(p, product, g, own, b.operand(), right, s.array(), left, s.beta());
            }
          }
          if (c.needs(1)) {
            Cotangents.Sink s = c.sink(1);
            if (tb) {
              MatrixProduct product = new MatrixProduct(true, ta, n, k, m);
              batched(p, product, g, own, a.operand(), left, s.array(), right, s.beta());
            } else {
              MatrixProduct product = new MatrixProduct(!ta, false, k, n, m);
              batched(p, product, a.operand(), left, g, own, s.array(), right, s.beta());
            }
          }
        },
        a,
        b);
  }

  static Variable linear(Tape tape, Variable x, Variable weight, Variable bias) {
    checkArgument(
        weight.rank() == 2 && x.rank() >= 1 && x.size(-1) == weight.size(0),
        "linear: weight must be [%s, out] for input %s, got %s",
        x.rank() == 0 ? 1 : x.size(-1),
        Arrays.toString(x.shape()),
        Arrays.toString(weight.shape()));
    checkArgument(
        bias == null || (bias.rank() == 1 && bias.size(0) == weight.size(1)),
        "linear: bias must be [%s], got %s",
        weight.size(1),
        bias == null ? null : Arrays.toString(bias.shape()));
    Precision<?> p =
        bias == null
            ? Arithmetic.precision("linear", x, weight)
            : Arithmetic.precision("linear", x, weight, bias);
    return linear(tape, p, x, weight, bias);
  }

  private static <A> Variable linear(
      Tape tape, Precision<A> p, Variable x, Variable weight, Variable bias) {
    int k = weight.size(0);
    int n = weight.size(1);
    int rows = (int) (x.length() / Math.max(1, k));
    long[] shape = Axis.with(x.shape(), -1, n);
    INDArray value = tape.allocate(x.type(), shape);
    if (bias != null) {
      Elementwise.write(p, Source.of(p, bias.operand(), shape), value, 0);
    }
    tall(p, false, false, rows, n, k, x.operand(), weight.operand(), value, bias == null ? 0 : 1);
    return tape.record(
        value,
        c -> {
          pullBackTall(c, p, false, rows, n, k, x, weight, c.output());
          if (bias != null) {
            Arithmetic.shareOrSum(c, p, 2, shape, c.output());
          }
        },
        x,
        weight,
        bias);
  }

  private static <A> void pullBackTall(
      Cotangents c,
      Precision<A> p,
      boolean tb,
      int rows,
      int n,
      int k,
      Variable a,
      Variable b,
      INDArray gradient) {
    if (c.needs(0)) {
      Cotangents.Sink sink = c.sink(0);
      tall(p, false, !tb, rows, k, n, gradient, b.operand(), sink.array(), sink.beta());
    }
    if (c.needs(1)) {
      Cotangents.Sink sink = c.sink(1);
      if (tb) {
        tall(p, true, false, n, k, rows, gradient, a.operand(), sink.array(), sink.beta());
      } else {
        tall(p, true, false, k, n, rows, a.operand(), gradient, sink.array(), sink.beta());
      }
    }
  }

  /** {@code C = op(A) op(B) + beta C} for whole arrays, m x k times k x n. */
  private static <A> void tall(
      Precision<A> p,
      boolean ta,
      boolean tb,
      int m,
      int n,
      int k,
      INDArray a,
      INDArray b,
      INDArray c,
      int beta) {
    Blas.gemm(
        ta,
        tb,
        m,
        n,
        k,
        1,
        p.slab(a),
        0,
        ta ? m : k,
        p.slab(b),
        0,
        tb ? k : n,
        beta,
        p.slab(c),
        0,
        n);
  }

  /** The matrix of an operand that each matrix of the result reads. */
  private static int[] offsets(long[] shape, long[] leading) {
    long[] own = Arrays.copyOf(shape, shape.length - 2);
    return Broadcast.of(own, leading).offsets();
  }

  /**
   * {@code C[z[i]] = A[x[i]] B[y[i]] + beta C[z[i]]} for every i; where several i have one z, their
   * products are added in the order of i.
   */
  private static <A> void batched(
      Precision<A> p,
      MatrixProduct product,
      INDArray a,
      int[] x,
      INDArray b,
      int[] y,
      INDArray c,
      int[] z,
      int beta) {
    Slab<A> left = p.slab(a);
    Slab<A> right = p.slab(b);
    Slab<A> result = p.slab(c);
    long sizeA = (long) product.m() * product.k();
    long sizeB = (long) product.k() * product.n();
    long sizeC = (long) product.m() * product.n();
    int targets = (int) (c.length() / Math.max(1, sizeC));
    if (product.isSmall() && isInOrder(x) && isInOrder(y) && isInOrder(z)) {
      Parallel.ranges(
          targets,
          product.perTile(),
          (from, end) ->
              product.run(
                  p,
                  (int) (end - from),
                  left,
                  from * sizeA,
                  right,
                  from * sizeB,
                  beta,
                  result,
                  from * sizeC));
      return;
    }
    int[][] members = members(z, targets);
    IntConsumer task =
        target -> {
          int now = beta;
          for (int i : members[target]) {
            product.run(p, left, x[i] * sizeA, right, y[i] * sizeB, now, result, target * sizeC);
            now = 1;
          }
        };
    Parallel.run(product.isSmall() || targets >= MANY, targets, task);
  }

  private static boolean isInOrder(int[] indices) {
    for (int i = 0; i < indices.length; i++) {
      if (indices[i] != i) {
        return false;
      }
    }
    return true;
  }

  private static int[][] members(int[] z, int targets) {
    int[] counts = new int[targets];
    for (int target : z) {
      counts[target]++;
    }
    int[][] members = new int[targets][];
    for (int target = 0; target < targets; target++) {
      members[target] = new int[counts[target]];
    }
    for (int i = z.length - 1; i >= 0; i--) {
      members[z[i]][--counts[z[i]]] = i;
    }
    return members;
  }
}
