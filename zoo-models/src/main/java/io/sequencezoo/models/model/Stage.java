package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * One stage of a model's stack: a map of the stream {@code x [B, T, D]} that remembers. Whole
 * sequences and steps are the same map. {@link Layer} is the usual one.
 *
 * <p>Packed sequences come as {@code [1, N, D]} and have one row of the state each.
 */
public interface Stage extends Block {
  /**
   * Maps {@code x [B, T, D]} to {@code [B, T, D]} and the state after the last valid token of each
   * row.
   *
   * @param initial the state to continue from; null at the start of a sequence
   */
  Evolution forward(Context context, Variable x, @Nullable State initial);

  /**
   * As {@link #forward} for one token {@code x [B, 1, D]}, by the steps of the mixers.
   *
   * @param initial the state to continue from; null at the start of a sequence
   */
  Evolution step(Context context, Variable x, @Nullable State initial);

  /** The state before the first token of each row. */
  State initialState(Context context, int batch, DataType type);

  /** The sequence mixers, by their path under the stage. */
  Map<String, SequenceMixer> mixers();

  /** Bytes of state per row after consuming this many tokens. */
  default long stateBytes(int consumed, DataType type) {
    return mixers().values().stream()
        .mapToLong(mixer -> mixer.parametrisation().stateBytes(consumed, type))
        .sum();
  }

  /**
   * Multiply-adds per token at a position, two operations each: what the sequence mixers declare,
   * and every other matrix once. A stage that passes its matrices more or less often says so.
   */
  default long multiplyAddsPerToken(int position) {
    Declaration declaration = new Declaration();
    declare(declaration);
    Map<String, SequenceMixer> mixers = mixers();
    long others =
        declaration.specs().stream()
            .filter(spec -> spec.shape().length >= 2)
            .filter(
                spec -> mixers.keySet().stream().noneMatch(p -> spec.name().startsWith(p + ".")))
            .mapToLong(ParameterSpec::length)
            .sum();
    return others
        + mixers.values().stream()
            .mapToLong(mixer -> mixer.parametrisation().multiplyAddsPerToken(position))
            .sum();
  }
}
