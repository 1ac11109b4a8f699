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
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Angles that turn by an increment per token, feature by feature: {@code θ_t = (θ_{t-1} + δ_t) mod
 * 2π}. Reduced at every token, they are as accurate after many tokens as after few. The gradient of
 * δ_t is the sum of those of θ from t on.
 */
public final class RunningAngle {
  /** Features of a task. */
  private static final int GROUP = 256;

  private RunningAngle() {}

  /**
   * Sums increments.
   *
   * @param x increments {@code [B, T, H, R]} in radians
   * @param start θ before the first token, {@code [B, H, R]}
   * @param lengths valid positions per row, or null for all; angles are zero at padded positions
   * @return θ of all tokens in [0, 2π), as x, and the last, as start
   */
  public static Variable[] apply(Tape tape, Variable x, Variable start, int @Nullable [] lengths) {
    Shapes.check("running angle", x.operand(), "BTHR", -1, -1, -1, -1);
    Shapes.check("running angle state", start.operand(), "BHR", x.size(0), x.size(2), x.size(3));
    checkArgument(
        lengths == null || lengths.length == x.size(0),
        "running angle: lengths must have one entry per row, got %s for B=%s",
        lengths == null ? 0 : lengths.length,
        x.size(0));
    Tiles.checkSameType("running angle", x, start);
    return new Scan<>(Precision.of(x.type()), x, start, Walk.of(x, GROUP, lengths)).record(tape);
  }

  /** One application: a task per row and group of features walks over time. */
  private record Scan<A>(Precision<A> precision, Variable x, Variable start, Walk walk) {
    Variable[] record(Tape tape) {
      INDArray angle = tape.allocate(x.type(), x.shape());
      INDArray last = tape.allocate(x.type(), start.shape());
      Slab<A> angles = precision.slab(angle);
      Slab<A> lasts = precision.slab(last);
      Parallel.run(walk.tasks(), task -> forward(task, angles, lasts));
      return tape.record(new INDArray[] {angle, last}, this::pullback, x, start);
    }

    private void forward(int task, Slab<A> angles, Slab<A> lasts) {
      Kernels<A> kernels = precision.kernels();
      int row = walk.row(task);
      int from = walk.from(task);
      int n = walk.size(task);
      long state = (long) row * walk.features() + from;
      Slab<A> xs = precision.slab(x.value());
      try (Scratch<A> scratch = precision.scratch()) {
        A theta = scratch.take(n);
        A turn = scratch.take(n);
        precision.slab(start.value()).load(state, theta, 0, n);
        for (int t = 0; t < walk.length(row); t++) {
          long at = walk.at(row, t, from);
          xs.load(at, turn, 0, n);
          for (int i = 0; i < n; i++) {
            double sum = kernels.get(theta, i) + kernels.get(turn, i);
            kernels.set(theta, i, sum - 2 * Math.PI * Math.floor(sum / (2 * Math.PI)));
          }
          angles.store(at, theta, 0, n);
        }
        lasts.store(state, theta, 0, n);
        kernels.fill(theta, 0, n, 0);
        for (int t = walk.length(row); t < walk.steps(); t++) {
          angles.store(walk.at(row, t, from), theta, 0, n);
        }
      }
    }

    private void pullback(Cotangents cotangents) {
      Tiles.Target<A> toX = Tiles.target(precision, cotangents, 0);
      Tiles.Target<A> toStart = Tiles.target(precision, cotangents, 1);
      Slab<A> ofAngles = Tiles.cotangent(precision, cotangents, 0);
      Slab<A> ofLast = Tiles.cotangent(precision, cotangents, 1);
      Parallel.run(walk.tasks(), task -> backward(task, ofAngles, ofLast, toX, toStart));
    }

    private void backward(
        int task,
        @Nullable Slab<A> ofAngles,
        @Nullable Slab<A> ofLast,
        Tiles.@Nullable Target<A> toX,
        Tiles.@Nullable Target<A> toStart) {
      Kernels<A> kernels = precision.kernels();
      int row = walk.row(task);
      int from = walk.from(task);
      int n = walk.size(task);
      long state = (long) row * walk.features() + from;
      try (Scratch<A> scratch = precision.scratch()) {
        A sum = scratch.take(n);
        A present = scratch.take(n);
        A spare = scratch.take(n);
        kernels.fill(sum, 0, n, 0);
        for (int t = walk.length(row); t < walk.steps(); t++) {
          put(toX, walk.at(row, t, from), sum, spare, n);
        }
        if (ofLast != null) {
          ofLast.load(state, sum, 0, n);
        }
        for (int t = walk.length(row) - 1; t >= 0; t--) {
          long at = walk.at(row, t, from);
          if (ofAngles != null) {
            ofAngles.load(at, present, 0, n);
            kernels.add(sum, 0, present, 0, sum, 0, n);
          }
          put(toX, at, sum, spare, n);
        }
        put(toStart, state, sum, spare, n);
      }
    }

    private void put(Tiles.@Nullable Target<A> to, long at, A from, A spare, int n) {
      if (to != null) {
        to.put(precision.kernels(), at, from, 0, spare, n);
      }
    }
  }
}
