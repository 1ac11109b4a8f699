package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Pre-activations of several gates at a time by block-diagonal matrices, gate by gate in the
 * result.
 */
public final class GatesByHead {
  private GatesByHead() {}

  /**
   * {@code y_{g,(h,j)} = Σ_i x_{(h,i)} w_{h,i,g,j} + b_{g,(h,j)}}: head h of the input reaches head
   * h of every gate.
   *
   * @param x {@code [..., H I]}
   * @param w {@code [H, I, G, O]}
   * @param bias {@code [G, H O]}, or null
   * @return {@code [..., G H O]}, gate by gate
   */
  public static Variable linear(Tape tape, Variable x, Variable w, @Nullable Variable bias) {
    int columns = Tiles.columns("gates by head", x);
    checkArgument(
        w.rank() == 4 && w.size(0) * w.size(1) == columns,
        "gates by head: weight must have shape [H, I, G, O] with H I = %s, got %s",
        columns,
        Arrays.toString(w.shape()));
    int out = w.size(0) * w.size(2) * w.size(3);
    checkArgument(
        bias == null || bias.length() == out,
        "gates by head: bias must have %s elements, got %s",
        out,
        bias == null ? 0 : bias.length());
    Tiles.checkSameType("gates by head", x, w, bias);
    return new Product<>(Precision.of(x.type()), x, w, w.size(0), w.size(1), w.size(2), w.size(3))
        .record(tape, bias);
  }

  /** One application. */
  private record Product<A>(
      Precision<A> precision, Variable x, Variable w, int heads, int in, int gates, int out) {

    Variable record(Tape tape, @Nullable Variable bias) {
      int rows = Math.toIntExact(Tiles.rows(x, heads * in));
      int columns = gates * heads * out;
      long[] shape = x.shape().clone();
      shape[shape.length - 1] = columns;
      INDArray y = tape.allocate(x.type(), shape);
      Slab<A> to = precision.slab(y);
      if (bias != null) {
        Dense.repeat(precision, precision.slab(bias.operand()), to, rows, columns);
      }
      Slab<A> xs = precision.slab(x.operand());
      Slab<A> ws = precision.slab(w.operand());
      int beta = bias != null ? 1 : 0;
      for (int h = 0; h < heads; h++) {
        for (int g = 0; g < gates; g++) {
          Blas.gemm(
              false,
              false,
              rows,
              out,
              in,
              1,
              xs,
              (long) h * in,
              heads * in,
              ws,
              weightAt(h, g),
              gates * out,
              beta,
              to,
              outputAt(h, g),
              columns);
        }
      }
      return tape.record(y, cotangents -> pullback(cotangents, rows), x, w, bias);
    }

    private long weightAt(int head, int gate) {
      return (long) head * in * gates * out + (long) gate * out;
    }

    private long outputAt(int head, int gate) {
      return ((long) gate * heads + head) * out;
    }

    private void pullback(Cotangents cotangents, int rows) {
      int columns = gates * heads * out;
      Slab<A> gy = precision.slab(cotangents.output());
      Tiles.Target<A> gx = Tiles.target(precision, cotangents, 0);
      Tiles.Target<A> gw = Tiles.target(precision, cotangents, 1);
      Slab<A> xs = precision.slab(x.operand());
      Slab<A> ws = precision.slab(w.operand());
      for (int h = 0; h < heads; h++) {
        for (int g = 0; g < gates; g++) {
          long from = outputAt(h, g);
          if (gx != null) {
            Blas.gemm(
                false,
                true,
                rows,
                in,
                out,
                1,
                gy,
                from,
                columns,
                ws,
                weightAt(h, g),
                gates * out,
                g > 0 ? 1 : gx.beta(),
                gx.slab(),
                (long) h * in,
                heads * in);
          }
          if (gw != null) {
            Blas.gemm(
                true,
                false,
                in,
                out,
                rows,
                1,
                xs,
                (long) h * in,
                heads * in,
                gy,
                from,
                columns,
                gw.beta(),
                gw.slab(),
                weightAt(h, g),
                gates * out);
          }
        }
      }
      Tiles.Target<A> gb = Tiles.target(precision, cotangents, 2);
      if (gb != null) {
        Dense.sumRows(precision, gy, rows, columns, gb);
      }
    }
  }
}
