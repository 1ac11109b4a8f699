package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Continues series by a {@link Forecaster}: its state warms up on what is given, then every
 * forecast of the next step is the next input.
 *
 * <pre>{@code
 * û_{T+1}     = f(u_1, ..., u_T)
 * û_{T+i+1}   = f(u_1, ..., u_T, û_{T+1}, ..., û_{T+i})     one step of the state each
 * }</pre>
 *
 * <p>Of several steps ahead the nearest is fed back. Values that diverge to infinity or NaN are
 * returned as they are.
 */
public final class ClosedLoop {
  private final Forecaster model;
  private final Parameters parameters;

  /** A loop with these parameters. */
  public ClosedLoop(Forecaster model, Parameters parameters) {
    this.model = model;
    this.parameters = parameters;
  }

  /**
   * What follows a series.
   *
   * @param values {@code [B, n, F]}
   * @param state after all of them but the last, which therefore is the prefix of what continues
   */
  public record Forecast(INDArray values, State state) {}

  /** The n steps that follow a prefix {@code [B, T, F]}, from the start of a sequence. */
  public INDArray forecast(INDArray prefix, int steps) {
    return forecast(prefix, null, null, steps).values();
  }

  /**
   * The steps that follow.
   *
   * @param prefix {@code [B, T, F]}, finite
   * @param lengths valid steps of each row, at least 1; null where all rows are full
   * @param initial the state to continue from; null at the start of a sequence
   * @param steps n, at least 1
   */
  public Forecast forecast(
      INDArray prefix, int @Nullable [] lengths, @Nullable State initial, int steps) {
    checkArgument(steps >= 1, "forecast: steps must be at least 1, got %s", steps);
    int features = model.config().features();
    Shapes.check("forecast prefix", prefix, "BTF", -1, -1, features);
    Shapes.checkNotEmpty("forecast prefix", prefix, "BTF");
    checkFinite(prefix, lengths);
    INDArray given = prefix.castTo(parameters.type()).dup('c');
    StateKeeper keeper = new StateKeeper();
    Loop<?> loop = new Loop<>(Precision.of(given), (int) prefix.size(0), features, steps);
    try (Tape tape = Tape.inference()) {
      Context plain = Context.inference(tape, parameters);
      Context context = lengths == null ? plain : plain.withLengths(lengths);
      Evolution output = model.prefill(context, given, initial);
      loop.take(0, output.outputs().value());
      keeper.keep(output.state());
    }
    try (Tape tape = Tape.stepping()) {
      Context context = Context.inference(tape, parameters);
      for (int i = 1; i < steps; i++) {
        Evolution output = model.step(context, loop.fed, keeper.state());
        loop.take(i, output.outputs().value());
        keeper.keep(output.state());
        context.startOver();
      }
    }
    return new Forecast(loop.values, keeper.state());
  }

  private static void checkFinite(INDArray prefix, int @Nullable [] lengths) {
    int rows = (int) prefix.size(0);
    int steps = (int) prefix.size(1);
    checkArgument(
        lengths == null || lengths.length == rows,
        "forecast: lengths must have one entry per row, got %s for B=%s",
        lengths == null ? 0 : lengths.length,
        rows);
    checkArgument(
        lengths == null || Arrays.stream(lengths).allMatch(n -> n >= 1 && n <= steps),
        "forecast: lengths must be in [1, %s], got %s",
        steps,
        Arrays.toString(lengths));
    double[] all = new double[Math.toIntExact(prefix.length())];
    INDArray plain = prefix.castTo(DataType.DOUBLE).dup('c');
    Precision.DOUBLE.slab(plain).load(0, all, 0, all.length);
    int features = all.length / (rows * steps);
    for (int i = 0; i < all.length; i++) {
      int b = i / (steps * features);
      int t = i / features % steps;
      boolean padded = lengths != null && t >= lengths[b];
      checkArgument(
          padded || Double.isFinite(all[i]),
          "forecast: prefix must be finite, got %s at row %s, step %s, feature %s; fill the gap"
              + " or start after it",
          Double.valueOf(all[i]),
          b,
          t,
          i % features);
    }
  }

  /** The forecasts so far, and the last of them as the next input. */
  private static final class Loop<A> {
    private final Precision<A> precision;
    private final int rows;
    private final int features;
    private final int steps;
    private final INDArray values;
    private final INDArray fed;

    Loop(Precision<A> precision, int rows, int features, int steps) {
      this.precision = precision;
      this.rows = rows;
      this.features = features;
      this.steps = steps;
      this.values = Nd4j.create(precision.type(), rows, steps, features);
      this.fed = Nd4j.create(precision.type(), rows, 1, features);
    }

    /** Takes the nearest step of {@code [B, H F]} as the i-th forecast. */
    void take(int i, INDArray ahead) {
      Slab<A> from = precision.slab(ahead);
      Slab<A> all = precision.slab(values);
      Slab<A> next = precision.slab(fed);
      long stride = ahead.size(1);
      try (Scratch<A> scratch = precision.scratch()) {
        A own = scratch.take(features);
        for (int b = 0; b < rows; b++) {
          from.load(b * stride, own, 0, features);
          all.store(((long) b * steps + i) * features, own, 0, features);
          next.store((long) b * features, own, 0, features);
        }
      }
    }
  }
}
