package io.sequencezoo.core.dynamics.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Gate;
import io.sequencezoo.core.op.Gates;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What drives an element-wise recurrence, before its gates, and what gates its outputs:
 *
 * <pre>{@code
 * a_t, x_t = gate(inputs_t; vectors)
 * h_t = a_t ⊙ h_{t-1} + x_t
 * y_t = h_t ⊙ f_1(z_1) ⊙ f_2(z_2) ...
 * }</pre>
 *
 * @param gate from pre-activations to decays and inputs
 * @param inputs of the gate, {@code [B, T, D]}
 * @param vectors of the gate, at most two of {@code [D]}
 * @param readOuts in the order in which they multiply
 */
public record GatedDrive(
    Gate gate, List<Variable> inputs, List<Variable> vectors, List<ReadOut> readOuts) {
  /** Checks shapes and types. */
  public GatedDrive {
    inputs = ImmutableList.copyOf(inputs);
    vectors = ImmutableList.copyOf(vectors);
    readOuts = ImmutableList.copyOf(readOuts);
    Gates.check(inputs, vectors);
    for (ReadOut readOut : readOuts) {
      Variable first = inputs.get(0);
      Variable logits = readOut.logits;
      checkArgument(
          logits.type() == first.type() && Arrays.equals(logits.shape(), first.shape()),
          "gates: read-out must be as the inputs, %s%s, got %s%s",
          first.type(),
          Arrays.toString(first.shape()),
          logits.type(),
          Arrays.toString(logits.shape()));
    }
  }

  /**
   * A gate of the outputs.
   *
   * @param activation f
   * @param logits z, {@code [B, T, D]}
   */
  public record ReadOut(Unary activation, Variable logits) {}

  /** A variable of the shape and type of all that is {@code [B, T, D]}. */
  Variable like() {
    return inputs.get(0);
  }

  /** The coefficients of {@link ElementwiseRecurrence}. */
  public Map<String, Variable> coefficients(Tape tape) {
    Variable[] gated = Gates.apply(tape, gate, inputs, vectors);
    return Map.of(
        gate.isLog() ? ElementwiseRecurrence.LOG_DECAY : ElementwiseRecurrence.DECAY,
        gated[0],
        ElementwiseRecurrence.INPUT,
        gated[1]);
  }

  /** What gates show of h. */
  public static Variable readOut(Tape tape, List<ReadOut> readOuts, Variable h) {
    Variable shown = h;
    for (ReadOut readOut : readOuts) {
      shown = Activations.gated(tape, readOut.activation, readOut.logits, shown);
    }
    return shown;
  }
}
