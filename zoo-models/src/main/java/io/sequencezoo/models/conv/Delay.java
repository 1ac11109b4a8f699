package io.sequencezoo.models.conv;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.ShortConvolution;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Features of the token before, {@code y_t = x_{t-1}}. What drives a recurrence through it arrives
 * one token late: the recurrence then holds, and its read-out sees, the state before the token.
 *
 * @param name of the part of the state that waits, {@code [B, 1, F]}; zero before the first token
 * @param features F
 */
public record Delay(String name, int features) {
  /** What waits before the first token: zero. */
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Tape tape = context.tape();
    return Map.of(name, tape.constant(tape.zeros(type, batch, 1, features)));
  }

  /**
   * Lets x wait for a token.
   *
   * @param x {@code [B, T, F]}
   * @param next takes what waits then
   */
  public Variable apply(Context context, Variable x, State state, Map<String, Variable> next) {
    Variable[] delayed = apply(context.tape(), x, state.get(name), context.lengths());
    next.put(name, delayed[1]);
    return delayed[0];
  }

  /**
   * The same without a block.
   *
   * @param before {@code [B, 1, F]}, what waits
   * @param lengths valid positions per row, or null for all
   * @return what was before, as x, and what waits then, as before
   */
  public static Variable[] apply(Tape tape, Variable x, Variable before, int @Nullable [] lengths) {
    // A convolution over two tokens of which the present one has no weight.
    Variable ones = tape.constant(tape.allocate(x.type(), x.size(2)).assign(1));
    Variable zeros = tape.constant(tape.zeros(x.type(), x.size(2)));
    Variable weight = Primitives.stack(tape, 1, ones, zeros);
    return ShortConvolution.apply(tape, x, weight, null, before, null, lengths);
  }

  /** Bytes of what waits, per row. */
  public long stateBytes(DataType type) {
    return (long) features * type.width();
  }
}
