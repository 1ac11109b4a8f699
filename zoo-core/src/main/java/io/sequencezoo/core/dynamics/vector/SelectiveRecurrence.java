package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import java.util.List;
import java.util.Map;

/**
 * The selective state space: N decaying averages per channel, whose step size, write and read
 * directions the input sets. Mamba's recurrence (S6).
 *
 * <pre>{@code
 * Δ_t = softplus(delta_t + bias)                    or delta_t + bias
 * h_t = exp(Δ_t A) ⊙ h_{t-1} + Δ_t u_t B_t          per channel; u_t, Δ_t numbers, A, B_t, h in R^N
 * y_t = (C_t · h_t + D u_t) silu(z_t)               skip and gate where given
 * }</pre>
 *
 * <ul>
 *   <li>{@code u, delta, z, y}: {@code [B, T, D]}; y is zero at padded positions
 *   <li>{@code A}: {@code [N, D]} rates, normally negative; {@code D, delta_bias}: {@code [D]}.
 *       These have neither batch nor time axis
 *   <li>{@code B, C}: {@code [B, T, N]}, shared by the channels
 *   <li>{@code h}: {@code [B, N, D]} state, N D numbers per row; channels last, since loops run
 *       over them
 * </ul>
 *
 * <p>Cost per token: 3 N D multiply-adds and as many exponentials as states. Training keeps the
 * state of every 16th step and runs the steps between again. Numerical care: {@code Δ A} is never
 * summed over time; a step of 0 keeps the state exactly, a huge one forgets it.
 */
public final class SelectiveRecurrence extends CausalRecurrence {
  /** The input {@code u [B, T, D]}. */
  public static final String INPUT = "u";

  /** The step size before its bias and softplus, {@code [B, T, D]}. */
  public static final String STEP = "delta";

  /** The rates {@code A [N, D]}. */
  public static final String RATE = "A";

  /** Where the input is written, {@code [B, T, N]}. */
  public static final String WRITE = "B";

  /** Where the output is read, {@code [B, T, N]}. */
  public static final String READ = "C";

  /** The skip {@code [D]}; may be absent. */
  public static final String SKIP = "D";

  /** The gate before its SiLU, {@code [B, T, D]}; may be absent. */
  public static final String GATE = "z";

  /** The bias of the step size, {@code [D]}; may be absent. */
  public static final String BIAS = "delta_bias";

  /** The state {@code h [B, N, D]}. */
  public static final String STATE = "h";

  private final boolean softplus;

  /**
   * A selective scan.
   *
   * @param softplus whether step sizes go through a softplus, or are given as they are
   */
  public SelectiveRecurrence(boolean softplus) {
    super("selective", Family.VECTOR_STATE, INPUT, Solver.SEQUENTIAL);
    this.softplus = softplus;
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    SelectiveShape shape = SelectiveShape.of(coefficients);
    return List.of(new StatePart(STATE, "BND", shape.batch(), shape.states(), shape.channels()));
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    SelectiveShape shape = SelectiveShape.of(coefficients);
    Variable[] outputs =
        SelectiveScan.scan(
            tape,
            shape,
            softplus,
            coefficients,
            initial == null ? null : initial.get(STATE),
            lengths);
    return new Advance(outputs[0], Map.of(STATE, outputs[1]));
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    SelectiveShape shape = SelectiveShape.of(coefficients);
    Variable[] outputs = SelectiveStep.run(tape, shape, softplus, coefficients, state.get(STATE));
    return new Advance(outputs[0], Map.of(STATE, outputs[1]));
  }

  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    SelectiveShape shape = SelectiveShape.of(coefficients);
    return new SelectiveLinearization(shape, softplus, coefficients, row)
        .system(initial == null ? null : initial.get(STATE));
  }
}
