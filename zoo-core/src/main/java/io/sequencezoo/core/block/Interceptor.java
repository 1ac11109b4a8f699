package io.sequencezoo.core.block;

import io.sequencezoo.core.autodiff.Variable;
import java.util.function.UnaryOperator;

/**
 * Looks at the values of a model while it runs, and changes them: {@link Context#intercepted}
 * attaches one.
 *
 * <pre>{@code
 * (place, input, inner) -> inner.apply(input)         look
 * (place, input, inner) -> other                      replace
 * (place, input, inner) -> input                      skip
 * (place, input, inner) -> cheaper.apply(input)       swap
 * }</pre>
 *
 * <p>A place is the path of a block, which is the prefix of its parameters, such as {@code
 * layers.2.channel}; or a name under it. A {@link SequenceMixer} has {@code drive.NAME} for every
 * coefficient, {@code evolve} for what the recurrence puts out, {@code state.NAME} for every part
 * of the state that it leaves, and {@code read_out}. A place that is passed several times, by a
 * stage that is repeated or by the padded batches of packed sequences, is seen as often.
 *
 * <p>What is returned must have the shape and type that the computation would give. A block that is
 * skipped leaves its state as it was.
 */
@FunctionalInterface
public interface Interceptor {
  /**
   * The value of a place.
   *
   * @param place its path
   * @param input of the computation there; the value itself where there is none to choose
   * @param inner the computation there; identity where there is none to choose
   */
  Variable at(String place, Variable input, UnaryOperator<Variable> inner);

  /** This one, with another between it and the computation. */
  default Interceptor around(Interceptor other) {
    return (place, input, inner) -> at(place, input, x -> other.at(place, x, inner));
  }
}
