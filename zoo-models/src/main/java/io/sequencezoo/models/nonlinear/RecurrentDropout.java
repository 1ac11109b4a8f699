package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.op.Dropout;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Variational dropout (Gal and Ghahramani, arXiv 1512.05287): one mask per row of the batch and
 * step of training, the same at all positions of a sequence. What is kept is scaled by 1 / (1 -
 * rate). In the words of the recurrent highway network's code: {@code drop_i}, {@code drop_h} and
 * {@code drop_o} are input, state and output; its {@code drop_x}, which drops whole words, belongs
 * to the embedding, not to a layer.
 *
 * @param input rate at which features of the layer's input are dropped; 0
 * @param state rate at which units are dropped from what the recurrent weights multiply; the state
 *     itself passes on whole; 0
 * @param output rate at which units of the layer's output are dropped; 0
 */
public record RecurrentDropout(double input, double state, double output) {
  /** Checks the rates. */
  public RecurrentDropout {
    checkRate("input", input);
    checkRate("state", state);
    checkRate("output", output);
  }

  private static void checkRate(String name, double rate) {
    checkArgument(rate >= 0 && rate < 1, "dropout: %s must be in [0, 1), got %s", name, rate);
  }

  /** No dropout. */
  public static RecurrentDropout standard() {
    return none();
  }

  /** No dropout. */
  public static RecurrentDropout none() {
    return new RecurrentDropout(0, 0, 0);
  }

  /** The recurrent highway network's on Penn Treebank (Zilly et al., its code): .75, .25, .75. */
  public static RecurrentDropout highwayPennTreebank() {
    return new RecurrentDropout(0.75, 0.25, 0.75);
  }

  /** {@code x [B, T, D]} with features dropped. */
  Variable onInput(Context context, Variable x) {
    return masked(context, x, input, "dropout input");
  }

  /** {@code y [B, T, H]} with units dropped. */
  Variable onOutput(Context context, Variable y) {
    return masked(context, y, output, "dropout output");
  }

  /** The mask {@code [B, H]} of the recurrent products, or null. */
  @Nullable Variable stateMask(Context context, int batch, int hidden, DataType type) {
    return state == 0 || !context.isTraining()
        ? null
        : mask(context, state, "dropout state", type, batch, hidden);
  }

  private static Variable masked(Context context, Variable x, double rate, String purpose) {
    if (rate == 0 || !context.isTraining()) {
      return x;
    }
    Variable mask = mask(context, rate, purpose, x.type(), x.size(0), 1, x.size(2));
    return Primitives.multiply(context.tape(), x, mask);
  }

  private static Variable mask(
      Context context, double rate, String purpose, DataType type, long... shape) {
    Tape tape = context.tape();
    INDArray ones = tape.allocate(type, shape);
    ones.assign(1);
    return Dropout.apply(tape, tape.constant(ones), rate, context.seed(purpose));
  }
}
