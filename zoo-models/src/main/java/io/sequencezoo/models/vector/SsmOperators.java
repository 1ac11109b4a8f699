package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ChannelRecurrence;
import io.sequencezoo.core.dynamics.vector.ComplexArrays;
import io.sequencezoo.core.dynamics.vector.DiagonalRecurrence;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.kernel.Unary;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
          u, tape.fixed(this, () -> discrete(tape), lambda, logStep, b, c), d);
    }

    private Variable[] discrete(Tape tape) {
      Variable[] discrete = discretisation.apply(tape, lambda, logStep);
      return new Variable[] {
        discrete[0],
        Coefficients.write(tape, b, discrete[1]),
        Coefficients.read(tape, c, discrete[0].size(1), scale)
      };
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
      @Nullable Variable d) {
    Map<String, Variable> coefficients(Tape tape, Variable u) {
      return Coefficients.ofChannels(
          u, tape.fixed(this, () -> discrete(tape), logStep, logReal, imaginary, c), d);
    }

    private Variable[] discrete(Tape tape) {
      Variable real = Primitives.map(tape, Unary.NEGATE, Primitives.map(tape, Unary.EXP, logReal));
      Variable a = Primitives.stack(tape, 1, real, imaginary);
      Variable[] discrete = discretisation.apply(tape, a, logStep);
      // Each mode stands for its conjugate as well.
      return new Variable[] {discrete[0], ComplexArrays.multiply(tape, 2, c, discrete[1])};
    }
  }

  /**
   * S5's system driven by {@code u [B, T, D]}.
   *
   * @param initial with {@code x [B, 2, P]}, or null
   */
  public static Evolution s5(
      Tape tape, Solver solver, S5System system, Variable u, @Nullable State initial) {
    return DiagonalRecurrence.causal()
        .evolve(tape, solver, system.coefficients(tape, u), initial, null);
  }

  /**
   * S4D's system driven by {@code u [B, T, D]}; outputs are {@code [B, T, D, 1]}.
   *
   * @param initial with {@code x [B, D, 2, N/2]}, or null
   */
  public static Evolution s4d(
      Tape tape, Solver solver, S4dSystem system, Variable u, @Nullable State initial) {
    return new ChannelRecurrence()
        .evolve(tape, solver, system.coefficients(tape, u), initial, null);
  }

  /**
   * H3's systems of products of keys and values, by head: {@code m_t = 2 Re Σ C_n B_n γ_n h_{t,n} +
   * d u_t}, {@code u_t = κ_t ⊗ v_t}; parameters as {@link H3} has them.
   *
   * @param discretisation from A and Δ to λ and γ
   * @param logStep {@code [H]}
   * @param logReal {@code log -Re A [H, N/2]}
   * @param imaginary {@code Im A [H, N/2]}
   * @param b {@code [H, 2, N/2]}
   * @param c {@code [H, 2, N/2]}
   * @param d {@code [H]}
   */
  public record H3System(
      Discretisation discretisation,
      Variable logStep,
      Variable logReal,
      Variable imaginary,
      Variable b,
      Variable c,
      Variable d) {
    Map<String, Variable> coefficients(Tape tape, Variable key, Variable value) {
      long batch = key.size(0);
      long steps = key.size(1);
      long heads = logStep.size(0);
      long part = key.size(2) / heads;
      int pairs = (int) (part * part);
      Variable u =
          Primitives.multiply(
              tape,
              Primitives.reshape(tape, key, batch, steps, heads, part, 1),
              Primitives.reshape(tape, value, batch, steps, heads, 1, part));
      Variable[] each =
          tape.fixed(this, () -> ofChannels(tape, pairs), logStep, logReal, imaginary, b, c, d);
      return new S4dSystem(discretisation, each[0], each[1], each[2], each[3], each[4])
          .coefficients(tape, Primitives.reshape(tape, u, batch, steps, heads * part * part));
    }

    /** The parameters of every channel, as {@link S4dSystem} takes them. */
    private Variable[] ofChannels(Tape tape, int pairs) {
      Variable weight = ComplexArrays.multiply(tape, 1, c, b);
      return Stream.of(logStep, logReal, imaginary, weight, d)
          .map(one -> Primitives.repeat(tape, one, 0, pairs))
          .toArray(Variable[]::new);
    }
  }

  /**
   * What H3's queries read: {@code Σ_a q[h, a] m[h, a, e]}, {@code [B, T, H, P]}.
   *
   * @param m {@code [B, T, H P P, 1]}
   * @param q {@code [B, T, H P]}
   */
  static Variable h3Read(Tape tape, Variable m, Variable q, int heads) {
    long batch = q.size(0);
    long steps = q.size(1);
    long part = q.size(2) / heads;
    Variable products =
        Primitives.multiply(
            tape,
            Primitives.reshape(tape, m, batch, steps, heads, part, part),
            Primitives.reshape(tape, q, batch, steps, heads, part, 1));
    return Primitives.sum(tape, products, 3, false);
  }

  /**
   * H3 without its projections, from zero or a given state: outputs {@code [B, T, H, P]}.
   *
   * @param shift drives with the key
   * @param shiftState {@code [B, D, N_s]}, or null
   * @param initial with {@code x [B, H P P, 2, N/2]}, or null
   * @return outputs, the shift's last state, and the systems' {@code x}
   */
  public static Variable[] h3(
      Tape tape,
      ShiftSystem shift,
      H3System system,
      Variable q,
      Variable k,
      Variable v,
      @Nullable Variable shiftState,
      @Nullable State initial) {
    Variable[] shifted = shift.apply(tape, k, shiftState, null);
    Evolution evolution =
        new ChannelRecurrence()
            .evolve(tape, Solver.AUTO, system.coefficients(tape, shifted[0], v), initial, null);
    int heads = system.logStep().size(0);
    return new Variable[] {
      h3Read(tape, evolution.outputs(), q, heads),
      shifted[1],
      evolution.state().get(ChannelRecurrence.STATE)
    };
  }
}
