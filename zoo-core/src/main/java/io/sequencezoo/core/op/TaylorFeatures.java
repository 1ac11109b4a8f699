package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.math.LongMath;
import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Features whose inner product is the exponential's Taylor polynomial: linear attention with them
 * approaches softmax attention as the order grows.
 *
 * <pre>{@code
 * φ(x)ᵀφ(y) = Σ_{p=0..P} (xᵀy)^p / p!
 * φ_a(x) = Π_i x_i^{a_i} / √(a_i!)          for every a in N^K with |a| ≤ P
 * }</pre>
 *
 * <p>{@code [1, x, x⊗x/√2, ...]} with equal products of the tensor powers taken together: {@code
 * C(K+P, P)} features in place of {@code Σ K^p}, and the same inner products.
 */
public final class TaylorFeatures {
  /** Beyond, the features of even a narrow head outgrow any state that is worth having. */
  private static final int MOST_ORDERS = 8;

  private TaylorFeatures() {}

  /** The number of features F of K inputs up to order P: {@code C(K+P, P)}. */
  public static int count(int keys, int order) {
    checkOrder(order);
    long count = 1;
    for (int p = 1; p <= order; p++) {
      count = LongMath.saturatedMultiply(count, keys + (long) p) / p;
    }
    checkArgument(
        count <= Integer.MAX_VALUE / 4,
        "taylor features: order %s of %s keys has too many features, %s; lower either",
        order,
        keys,
        count);
    return (int) count;
  }

  /**
   * {@code φ(scale x)}, order by order.
   *
   * @param x {@code [B, T, H, K]}
   * @param order P, 1 to 8
   * @return {@code [B, T, H, F]}
   */
  public static Variable apply(Tape tape, Variable x, double scale, int order) {
    Shapes.check("taylor features", x.operand(), "BTHK", -1, -1, -1, -1);
    checkOrder(order);
    return apply(Precision.of(x.type()), tape, x, scale, new Plan(x.size(3), order));
  }

  private static void checkOrder(int order) {
    checkArgument(
        order >= 1 && order <= MOST_ORDERS,
        "taylor features: order must be in 1 to %s, got %s",
        MOST_ORDERS,
        order);
  }

  private static <A> Variable apply(
      Precision<A> precision, Tape tape, Variable x, double scale, Plan plan) {
    Kernels<A> kernels = precision.kernels();
    int keys = plan.keys;
    int features = plan.features;
    INDArray y = tape.allocate(x.type(), x.size(0), x.size(1), x.size(2), features);
    Slab<A> xs = precision.slab(x.operand());
    Slab<A> ys = precision.slab(y);
    Parallel.ranges(
        Tiles.rows(x, keys),
        Tiles.taskRows(features),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A in = scratch.take(keys);
            A out = scratch.take(features);
            A weights = plan.weights(kernels, scratch);
            for (long r = from; r < end; r++) {
              xs.load(r * keys, in, 0, keys);
              plan.monomials(kernels, in, scale, out);
              kernels.multiply(out, 0, weights, 0, out, 0, features);
              ys.store(r * features, out, 0, features);
            }
          }
        });
    return tape.record(y, cotangents -> pullback(precision, cotangents, x, scale, plan), x);
  }

  private static <A> void pullback(
      Precision<A> precision, Cotangents cotangents, Variable x, double scale, Plan plan) {
    Kernels<A> kernels = precision.kernels();
    int keys = plan.keys;
    int features = plan.features;
    Slab<A> xs = precision.slab(x.value());
    Slab<A> gy = precision.slab(cotangents.output());
    Tiles.Target<A> gx = Tiles.wanted(precision, cotangents, 0);
    Parallel.ranges(
        Tiles.rows(x, keys),
        Tiles.taskRows(features),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A in = scratch.take(keys);
            A gIn = scratch.take(keys);
            A spare = scratch.take(keys);
            A raw = scratch.take(features);
            A gRaw = scratch.take(features);
            A weights = plan.weights(kernels, scratch);
            for (long r = from; r < end; r++) {
              xs.load(r * keys, in, 0, keys);
              plan.monomials(kernels, in, scale, raw);
              gy.load(r * features, gRaw, 0, features);
              kernels.multiply(gRaw, 0, weights, 0, gRaw, 0, features);
              plan.pullback(kernels, in, scale, raw, gRaw, gIn);
              gx.put(kernels, r * keys, gIn, 0, spare, keys);
            }
          }
        });
  }

  /**
   * Where the monomials lie. Those of order p are sorted by their largest variable i, and those
   * with largest variable i are {@code x_i} times the monomials of order p-1 whose largest variable
   * is at most i: a prefix of the order below.
   */
  private static final class Plan {
    private final int keys;
    private final int order;
    private final int features;

    /** {@code starts[p]}: where order p begins; {@code ends[p][i]}: where its variable i ends. */
    private final int[] starts;

    private final int[][] ends;
    private final double[] weights;

    Plan(int keys, int order) {
      this.keys = keys;
      this.order = order;
      this.features = count(keys, order);
      this.starts = new int[order + 1];
      this.ends = new int[order + 1][keys];
      this.weights = new double[features];
      int[] lastPower = new int[features];
      weights[0] = 1;
      Arrays.fill(ends[0], 1);
      int at = 1;
      for (int p = 1; p <= order; p++) {
        starts[p] = at;
        for (int i = 0; i < keys; i++) {
          for (int parent = starts[p - 1]; parent < ends[p - 1][i]; parent++) {
            boolean again = p > 1 && i == lastVariable(p - 1, parent);
            lastPower[at] = again ? lastPower[parent] + 1 : 1;
            weights[at] = weights[parent] / Math.sqrt(lastPower[at]);
            at++;
          }
          ends[p][i] = at;
        }
      }
    }

    private int lastVariable(int p, int monomial) {
      int i = 0;
      while (monomial >= ends[p][i]) {
        i++;
      }
      return i;
    }

    <A> A weights(Kernels<A> kernels, Scratch<A> scratch) {
      A array = scratch.take(features);
      for (int f = 0; f < features; f++) {
        kernels.set(array, f, weights[f]);
      }
      return array;
    }

    <A> void monomials(Kernels<A> kernels, A x, double scale, A out) {
      kernels.set(out, 0, 1);
      for (int p = 1; p <= order; p++) {
        int at = starts[p];
        for (int i = 0; i < keys; i++) {
          int n = ends[p][i] - at;
          kernels.affine(scale * kernels.get(x, i), out, starts[p - 1], 0, out, at, n);
          at += n;
        }
      }
    }

    /** From the gradient of the monomials, which is destroyed, to that of x. */
    <A> void pullback(Kernels<A> kernels, A x, double scale, A raw, A gRaw, A gx) {
      kernels.fill(gx, 0, keys, 0);
      for (int p = order; p >= 1; p--) {
        int at = starts[p];
        for (int i = 0; i < keys; i++) {
          int n = ends[p][i] - at;
          double along = kernels.dot(gRaw, at, raw, starts[p - 1], n);
          kernels.set(gx, i, kernels.get(gx, i) + scale * along);
          kernels.axpy(scale * kernels.get(x, i), gRaw, at, gRaw, starts[p - 1], n);
          at += n;
        }
      }
    }
  }
}
