package io.sequencezoo.core.block;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * One architecture: how input drives a recurrence, and how outputs are made of what it reads.
 * {@link SequenceMixer} turns it into a block; nothing else is needed for a new one.
 */
public interface Parametrisation extends Block {
  /** The type name of its configuration. */
  String name();

  /** D, the width of input and output. */
  int width();

  /** The system that is driven. */
  Recurrence recurrence();

  /** Whether position t sees positions after t. */
  default boolean isBidirectional() {
    return false;
  }

  /**
   * Parts of the state that parametrisation itself needs, such as the last inputs of a short
   * convolution, before the first token; empty for most. One whose recurrence doesn't start from
   * zeros adds all parts of the recurrence's state.
   */
  default Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return Map.of();
  }

  /**
   * From {@code x [B, T, D]} the coefficients of the recurrence, whatever read-out needs besides,
   * and the next own state.
   *
   * @param state the state so far: own parts, the recurrence's parts, and tokens consumed
   */
  Drive drive(Context context, Variable x, State state);

  /** From what the recurrence put out, {@code [B, T, ...]}, to {@code [B, T, D]}. */
  Variable readOut(Context context, Variable outputs, Drive drive);

  /** Bytes of state per row after consuming this many tokens. */
  long stateBytes(int consumed, DataType type);

  /** Multiply-adds per token at this position, all projections included: two operations each. */
  long multiplyAddsPerToken(int position);

  /**
   * What drives one stretch of a sequence.
   *
   * @param coefficients of the recurrence, {@code [B, T, ...]}
   * @param extras what read-out needs besides, such as an output gate
   * @param ownState the parametrisation's own part of the next state
   */
  record Drive(
      Map<String, Variable> coefficients,
      Map<String, Variable> extras,
      Map<String, Variable> ownState) {
    /**
     * The extra of this name, which read-out can't do without.
     *
     * @throws IllegalArgumentException where there is none
     */
    public Variable extra(String name) {
      return Recurrence.required(extras, name);
    }
  }
}
