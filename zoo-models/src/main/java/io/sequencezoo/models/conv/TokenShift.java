package io.sequencezoo.models.conv;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.ShortConvolution;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * RWKV's token shift: a mix of each feature with its value one token before, {@code x_t + μ ⊙
 * (x_{t-1} - x_t)}. It is a causal convolution over two tokens with weights {@code μ} and {@code 1
 * - μ}, and is computed as one. Switched off, it is x itself, without μ and state.
 *
 * @param width D
 * @param on whether there is a shift
 */
public record TokenShift(int width, boolean on) {
  /** The last token, {@code [B, 1, D]}; zero before the first. */
  public static final String STATE = "shift";

  /** Declares μ of this name. */
  public void declare(Declaration declaration, String mix, Initialiser initialiser) {
    if (on) {
      declaration.undecayed(mix, initialiser, width);
    }
  }

  /** The last token before the first: zero. */
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    if (!on) {
      return Map.of();
    }
    Tape tape = context.tape();
    return Map.of(STATE, tape.constant(tape.zeros(type, batch, 1, width)));
  }

  /**
   * The mix of x by the parameter of this name.
   *
   * @param next takes the last token of x
   */
  public Variable apply(
      Context context, String mix, Variable x, State state, Map<String, Variable> next) {
    if (!on) {
      return x;
    }
    Tape tape = context.tape();
    Variable before = context.parameter(mix);
    Variable now = Primitives.affine(tape, -1, before, 1);
    Variable weight = Primitives.stack(tape, 1, before, now);
    Variable[] mixed =
        ShortConvolution.apply(tape, x, weight, null, state.get(STATE), null, context.lengths());
    next.putIfAbsent(STATE, mixed[1]);
    return mixed[0];
  }

  /**
   * {@code x_{t-1} - x_t}, for mixes that depend on the input; not where the shift is off.
   *
   * @param next takes the last token of x
   */
  public Variable change(Context context, Variable x, State state, Map<String, Variable> next) {
    Variable before = new Delay(STATE, width).apply(context, x, state, next);
    return Primitives.subtract(context.tape(), before, x);
  }

  /** Bytes of the last token. */
  public long stateBytes(DataType type) {
    return on ? (long) width * type.width() : 0;
  }

  /** Multiply-adds per token and mix: two tokens. */
  public long multiplyAddsPerToken() {
    return on ? 2L * width : 0;
  }
}
