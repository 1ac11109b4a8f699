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
   * {@code x_t = λ ⊙ x_{t-1} + γ ⊙ (B u_t)}, {@code y_t = scale Re(C x_t) + d ⊙ u_t}.
   *
   * @param discrete {@code log λ [2, P]} and {@code γ [2, P]}
   * @param b {@code [D, 2P]}
   * @param c {@code [2P, D]}, or {@code [4P, D]} for both directions
   */
  static Map<String, Variable> ofMany(
      Tape tape,
      Variable[] discrete,
      Variable u,
      Variable b,
      Variable c,
      Variable d,
      double scale) {
    int width = u.size(2);
    int modes = discrete[0].size(1);
    Variable planes = Primitives.reshape(tape, b, width, 2, modes);
    Variable scaled = ComplexArrays.multiply(tape, 1, planes, discrete[1]);
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(DiagonalRecurrence.INPUT, u);
    coefficients.put(DiagonalRecurrence.LOG_LAMBDA, discrete[0]);
    coefficients.put(DiagonalRecurrence.WRITE, Primitives.reshape(tape, scaled, width, 2L * modes));
    coefficients.put(DiagonalRecurrence.READ, read(tape, c, modes, scale));
    coefficients.put(DiagonalRecurrence.FEEDTHROUGH, d);
    return coefficients;
  }

  /**
   * {@code x_t = λ ⊙ x_{t-1} + u_t 1}, {@code y_t = 2 Re Σ C γ x_t + d u_t} for each channel.
   *
   * @param discrete {@code log λ [D, 2, N]} and {@code γ [D, 2, N]}
   * @param c {@code [D, 2, N]}
   * @param d {@code [D]}, or null
   */
  static Map<String, Variable> ofChannels(
      Tape tape, Variable[] discrete, Variable u, Variable c, @Nullable Variable d) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(ChannelRecurrence.INPUT, u);
    coefficients.put(ChannelRecurrence.LOG_LAMBDA, discrete[0]);
    // Each mode stands for its conjugate as well.
    coefficients.put(ChannelRecurrence.WEIGHT, ComplexArrays.multiply(tape, 2, c, discrete[1]));
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
