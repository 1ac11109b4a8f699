package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ChannelRecurrence;
import io.sequencezoo.core.dynamics.vector.DiagonalRecurrence;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.kernel.Unary;
import java.util.Map;

/** State-space models as bare operators, without projections, gates and norms. */
public final class SsmOperators {
  private SsmOperators() {}

  /**
   * S5's system: {@code x_t = λ ⊙ x_{t-1} + γ ⊙ (B u_t)}, {@code y_t = scale Re(C x_t) + d ⊙ u_t}.
   *
   * @param discretisation from Λ and Δ to λ and γ
   * @param lambda continuous eigenvalues {@code [2, P]}
   * @param logStep {@code [P]}
   * @param b {@code [D, 2P]}, real parts, then imaginary ones
   * @param c {@code [2P, D]}, rows of real parts, then of imaginary ones
   * @param d {@code [D]}, or null
   * @param scale 2 where a mode stands for its conjugate as well, otherwise 1
   */
  public record S5System(
      Discretisation discretisation,
      Variable lambda,
      Variable logStep,
      Variable b,
      Variable c,
      Variable d,
      double scale) {
    Map<String, Variable> coefficients(Tape tape, Variable u) {
      return Coefficients.ofMany(
          tape, discretisation.apply(tape, lambda, logStep), u, b, c, d, scale);
    }
  }

  /**
   * S4D's system: {@code y_t = Σ_{s<=t} K_{t-s} u_s + d u_t}, {@code K_l = 2 Re Σ C γ λ^l};
   * parameters as {@link S4d} has them.
   *
   * @param discretisation from A and Δ to λ and γ
   * @param logStep {@code [D]}
   * @param logReal {@code log -Re A [D, N/2]}
   * @param imaginary {@code Im A [D, N/2]}
   * @param c {@code [D, 2, N/2]}
   * @param d {@code [D]}, or null
   */
  public record S4dSystem(
      Discretisation discretisation,
      Variable logStep,
      Variable logReal,
      Variable imaginary,
      Variable c,
      Variable d) {
    Map<String, Variable> coefficients(Tape tape, Variable u) {
      Variable real = Primitives.map(tape, Unary.NEGATE, Primitives.map(tape, Unary.EXP, logReal));
      Variable a = Primitives.stack(tape, 1, real, imaginary);
      return Coefficients.ofChannels(tape, discretisation.apply(tape, a, logStep), u, c, d);
    }
  }

  /**
   * S5's system driven by {@code u [B, T, D]}.
   *
   * @param initial with {@code x [B, 2, P]}, or null
   */
  public static Evolution s5(Tape tape, Solver solver, S5System system, Variable u, State initial) {
    return DiagonalRecurrence.causal()
        .evolve(tape, solver, system.coefficients(tape, u), initial, null);
  }

  /**
   * S4D's system driven by {@code u [B, T, D]}; outputs are {@code [B, T, D, 1]}.
   *
   * @param initial with {@code x [B, D, 2, N/2]}, or null
   */
  public static Evolution s4d(
      Tape tape, Solver solver, S4dSystem system, Variable u, State initial) {
    return new ChannelRecurrence()
        .evolve(tape, solver, system.coefficients(tape, u), initial, null);
  }
}
