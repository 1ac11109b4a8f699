package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Precision;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A softmax over all tokens so far, feature by feature, as a recurrence. */
public final class RunningSoftmax {
  private RunningSoftmax() {}

  /**
   * {@code z_t = log(e^{z_{t-1}} + e^{x_t})}; the log decay {@code z_{t-1} - z_t} of earlier tokens
   * and the weight {@code e^{x_t - z_t}} of the new one, in [0, 1].
   *
   * @param x logits {@code [B, T, ...]}
   * @param z0 {@code [B, ...]}, or null for minus infinity: no tokens before, and a first log decay
   *     of minus infinity
   * @param lengths valid positions per row, or null for all; log decay and weight are zero at
   *     padded positions
   * @return log decay and weight, as x, and the last {@code z}, as z0
   */
  public static Variable[] apply(
      Tape tape, Variable x, @Nullable Variable z0, int @Nullable [] lengths) {
    long[] shape = x.shape();
    checkArgument(
        shape.length >= 3,
        "running softmax: logits must be [B, T, ...], got %s",
        Arrays.toString(shape));
    long[] state = Walk.stateShape("running softmax", x, z0, lengths);
    Tiles.checkSameType("running softmax", x, z0);
    return new RunningLogSum<>(
            Precision.of(x.type()), x, z0, Walk.of(x, RunningLogSum.GROUP, lengths))
        .record(tape, state);
  }
}
