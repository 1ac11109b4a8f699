package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.vector.ChannelRecurrence;
import io.sequencezoo.core.dynamics.vector.ComplexArrays;
import io.sequencezoo.core.dynamics.vector.DiagonalRecurrence;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** From complex parameters, in planes, to the real coefficients of the diagonal recurrences. */
final class Coefficients {
  private Coefficients() {}

  /**
   * {@code x_t = λ ⊙ x_{t-1} + B u_t}, {@code y_t = C x_t + d ⊙ u_t}.
   *
   * @param system {@code log λ [2, P]}, B {@code [D, 2P]}, and C {@code [2P, D]} or for both
   *     directions {@code [4P, D]}
   */
  static Map<String, Variable> ofMany(Variable u, Variable[] system, Variable d) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(DiagonalRecurrence.INPUT, u);
    coefficients.put(DiagonalRecurrence.LOG_LAMBDA, system[0]);
    coefficients.put(DiagonalRecurrence.WRITE, system[1]);
    coefficients.put(DiagonalRecurrence.READ, system[2]);
    coefficients.put(DiagonalRecurrence.FEEDTHROUGH, d);
    return coefficients;
  }

  /**
   * {@code γ ⊙ B}.
   *
   * @param b {@code [D, 2P]}
   * @param gamma {@code [2, P]}
   */
  static Variable write(Tape tape, Variable b, Variable gamma) {
    int modes = gamma.size(1);
    Variable planes = Primitives.reshape(tape, b, b.size(0), 2, modes);
    Variable scaled = ComplexArrays.multiply(tape, 1, planes, gamma);
    return Primitives.reshape(tape, scaled, b.size(0), 2L * modes);
  }

  /**
   * {@code x_t = λ ⊙ x_{t-1} + u_t 1}, {@code y_t = 2 Re Σ C γ x_t + d u_t} for each channel.
   *
   * @param system {@code log λ [D, 2, N]} and {@code 2 C γ [D, 2, N]}
   * @param d {@code [D]}, or null
   */
  static Map<String, Variable> ofChannels(Variable u, Variable[] system, @Nullable Variable d) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(ChannelRecurrence.INPUT, u);
    coefficients.put(ChannelRecurrence.LOG_LAMBDA, system[0]);
    coefficients.put(ChannelRecurrence.WEIGHT, system[1]);
    if (d != null) {
      coefficients.put(ChannelRecurrence.FEEDTHROUGH, d);
    }
    return coefficients;
  }

  /** {@code [scale Re C; -scale Im C]}, for each direction. */
  static Variable read(Tape tape, Variable c, int modes, double scale) {
    INDArray factor = tape.allocate(c.type(), 1, 2, 1);
    factor.putScalar(0, scale);
    factor.putScalar(1, -scale);
    int outputs = c.size(1);
    int directions = c.size(0) / (2 * modes);
    Variable planes = Primitives.reshape(tape, c, directions, 2, (long) modes * outputs);
    Variable signed = Primitives.multiply(tape, planes, tape.constant(factor));
    return Primitives.reshape(tape, signed, c.size(0), outputs);
  }
}
