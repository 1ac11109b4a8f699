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
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Turns pairs of neighbouring features by angles that are given, and differentiated: the rotation
 * of a state space model whose input sets its frequencies.
 *
 * <pre>{@code
 * y_{2j}, y_{2j+1} = x_{2j} cos θ_j - x_{2j+1} sin θ_j,  x_{2j} sin θ_j + x_{2j+1} cos θ_j      j < R
 * dx: dy turned by -θ        dθ_j = y_{2j} dy_{2j+1} - y_{2j+1} dy_{2j}
 * }</pre>
 */
public final class Turn {
  private Turn() {}

  /**
   * Turns the first 2 R features; others pass.
   *
   * @param x {@code [B, T, H, N]}
   * @param angles {@code [B, T, H, R]} in radians, 2 R at most N
   */
  public static Variable apply(Tape tape, Variable x, Variable angles) {
    Shapes.check("turn", x.operand(), "BTHN", -1, -1, -1, -1);
    Shapes.check("turn angles", angles.operand(), "BTHR", x.size(0), x.size(1), x.size(2), -1);
    checkArgument(
        2 * angles.size(3) <= x.size(3),
        "turn: features must be at least twice the angles, got %s and %s",
        Arrays.toString(x.shape()),
        Arrays.toString(angles.shape()));
    Tiles.checkSameType("turn", x, angles);
    return new Run<>(Precision.of(x.type()), x, angles, x.size(3), angles.size(3)).record(tape);
  }

  /** One application. */
  private record Run<A>(Precision<A> precision, Variable x, Variable angles, int n, int r) {
    Variable record(Tape tape) {
      INDArray y = tape.allocate(x.type(), x.shape());
      Slab<A> to = precision.slab(y);
      Slab<A> from = precision.slab(x.operand());
      Slab<A> thetas = precision.slab(angles.operand());
      eachRow(
          (row, tile, theta, spare) -> {
            from.load(row * n, tile, 0, n);
            thetas.load(row * r, theta, 0, r);
            turn(tile, theta, 1);
            to.store(row * n, tile, 0, n);
          });
      return tape.record(y, cotangents -> pullback(cotangents, to), x, angles);
    }

    private void turn(A x, A theta, int sign) {
      Kernels<A> kernels = precision.kernels();
      for (int j = 0; j < r; j++) {
        double angle = kernels.get(theta, j);
        double cos = Math.cos(angle);
        double sin = sign * Math.sin(angle);
        double u = kernels.get(x, 2 * j);
        double v = kernels.get(x, 2 * j + 1);
        kernels.set(x, 2 * j, u * cos - v * sin);
        kernels.set(x, 2 * j + 1, u * sin + v * cos);
      }
    }

    private void pullback(Cotangents cotangents, Slab<A> outputs) {
      Kernels<A> kernels = precision.kernels();
      Tiles.Target<A> toX = Tiles.target(precision, cotangents, 0);
      Tiles.Target<A> toAngles = Tiles.target(precision, cotangents, 1);
      Slab<A> gradients = precision.slab(cotangents.output());
      Slab<A> thetas = precision.slab(angles.operand());
      eachRow(
          (row, tile, theta, spare) -> {
            gradients.load(row * n, tile, 0, n);
            if (toAngles != null) {
              outputs.load(row * n, spare, 0, n);
              for (int j = 0; j < r; j++) {
                double along =
                    kernels.get(spare, 2 * j) * kernels.get(tile, 2 * j + 1)
                        - kernels.get(spare, 2 * j + 1) * kernels.get(tile, 2 * j);
                kernels.set(theta, j, along);
              }
              toAngles.put(kernels, row * r, theta, 0, spare, r);
            }
            if (toX != null) {
              thetas.load(row * r, theta, 0, r);
              turn(tile, theta, -1);
              toX.put(kernels, row * n, tile, 0, spare, n);
            }
          });
    }

    private void eachRow(Body<A> body) {
      Parallel.ranges(
          x.length() / n,
          Tiles.taskRows(n),
          (first, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              A tile = scratch.take(n);
              A theta = scratch.take(Math.max(1, r));
              A spare = scratch.take(n);
              for (long row = first; row < end; row++) {
                body.run(row, tile, theta, spare);
              }
            }
          });
    }
  }

  /** What is done to a row of features and its angles. */
  @FunctionalInterface
  private interface Body<A> {
    void run(long row, A tile, A theta, A spare);
  }
}
