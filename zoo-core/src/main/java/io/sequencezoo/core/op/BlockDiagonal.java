package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A linear map of the last axis by blocks: head h of the output sees head h of the input alone. */
public final class BlockDiagonal {
  private BlockDiagonal() {}

  /**
   * {@code y_h = x_h W_h + b_h}, without copies of the heads.
   *
   * @param x {@code [..., H in]}
   * @param w {@code [H, in, out]}
   * @param bias {@code [H out]}, or null
   * @return {@code [..., H out]}
   */
  public static Variable linear(Tape tape, Variable x, Variable w, @Nullable Variable bias) {
    int columns = Tiles.columns("block diagonal", x);
    checkArgument(
        w.rank() == 3 && (long) w.size(0) * w.size(1) == columns,
        "block diagonal: weight must be [H, in, out] with H in = %s, got %s",
        columns,
        Arrays.toString(w.shape()));
    Tiles.checkSameType("block diagonal", x, w, bias);
    Variable y = new Product<>(Precision.of(x.type()), x, w).record(tape);
    return bias == null ? y : Primitives.add(tape, y, bias);
  }

  /** One application. */
  private record Product<A>(Precision<A> precision, Variable x, Variable w) {
    private int heads() {
      return w.size(0);
    }

    private int in() {
      return w.size(1);
    }

    private int out() {
      return w.size(2);
    }

    private int rows() {
      return Math.toIntExact(Tiles.rows(x, heads() * in()));
    }

    Variable record(Tape tape) {
      long[] shape = x.shape().clone();
      shape[shape.length - 1] = (long) heads() * out();
      INDArray y = tape.allocate(x.type(), shape);
      Slab<A> xs = precision.slab(x.operand());
      Slab<A> ws = precision.slab(w.operand());
      Slab<A> ys = precision.slab(y);
      for (int h = 0; h < heads(); h++) {
        Blas.gemm(
            false,
            false,
            rows(),
            out(),
            in(),
            1,
            xs,
            (long) h * in(),
            heads() * in(),
            ws,
            (long) h * in() * out(),
            out(),
            0,
            ys,
            (long) h * out(),
            heads() * out());
      }
      return tape.record(y, this::pullback, x, w);
    }

    private void pullback(Cotangents cotangents) {
      Slab<A> gy = precision.slab(cotangents.output());
      Tiles.Target<A> gx = Tiles.target(precision, cotangents, 0);
      Tiles.Target<A> gw = Tiles.target(precision, cotangents, 1);
      Slab<A> xs = precision.slab(x.operand());
      Slab<A> ws = precision.slab(w.operand());
      int wide = heads() * out();
      for (int h = 0; h < heads(); h++) {
        long from = (long) h * in();
        long to = (long) h * out();
        long weight = from * out();
        if (gx != null) {
          Blas.gemm(
              false,
              true,
              rows(),
              in(),
              out(),
              1,
              gy,
              to,
              wide,
              ws,
              weight,
              out(),
              gx.beta(),
              gx.slab(),
              from,
              heads() * in());
        }
        if (gw != null) {
          Blas.gemm(
              true,
              false,
              in(),
              out(),
              rows(),
              1,
              xs,
              from,
              heads() * in(),
              gy,
              to,
              wide,
              gw.beta(),
              gw.slab(),
              weight,
              out());
        }
      }
    }
  }
}
