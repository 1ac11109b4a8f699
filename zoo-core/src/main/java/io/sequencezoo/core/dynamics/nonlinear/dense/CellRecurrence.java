package io.sequencezoo.core.dynamics.nonlinear.dense;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.dynamics.nonlinear.ConvergenceReport;
import io.sequencezoo.core.dynamics.nonlinear.NewtonConfig;
import io.sequencezoo.core.dynamics.nonlinear.NonlinearRecurrence;
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A recurrent cell with dense or block-diagonal recurrent weights.
 *
 * <pre>{@code
 * a_t = x_t + (m h_{t-1}) W          h_t, c_t ... = cell(a_t, h_{t-1}, c_{t-1} ...)          y_t = h_t
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, GH]} pre-activations from the input, biases included; the layout's
 *       gates side by side
 *   <li>{@code w}: {@code [H, kH/heads]}, where k gates take the product: unit p feeds unit j of
 *       its own head in gate g by {@code w[p][g H/heads + j]}. Cells of several stages have {@code
 *       w0}, {@code w1} ...
 *   <li>{@code b}: bias of the gates that no input drives, H numbers each; absent for zero
 *   <li>{@code p}: {@code [P, H]} the cell's own parameters, such as peepholes
 *   <li>{@code m}: {@code [B, H]} mask on what the recurrent weights multiply, the same at all
 *       steps; a constant; absent for none
 *   <li>state: {@code [B, H]} per part
 *   <li>{@code y}: {@code [B, T, H]} output, zero at padded positions
 * </ul>
 *
 * <p>Cost per token: O(H²/heads) time, O(H) memory. By {@link Solver#NEWTON} every position costs a
 * Jacobian of all parts of the state, (parts H)² numbers: for small H.
 */
public final class CellRecurrence extends CausalRecurrence {
  /** The coefficient {@code x [B, T, GH]}. */
  public static final String INPUT = "x";

  /** The coefficient {@code w [H, kH/heads]}, or the beginning of its names. */
  public static final String WEIGHT = "w";

  /** The coefficient {@code b}. */
  public static final String BIAS = "b";

  /** The coefficient {@code p [P, H]}. */
  public static final String PARAMETERS = "p";

  /** The coefficient {@code m [B, H]}. */
  public static final String MASK = "m";

  private final CellLayout layout;
  private final int heads;
  private final NonlinearRecurrence newton;

  /** A cell with dense recurrent weights. */
  public CellRecurrence(CellLayout layout) {
    this(layout, 1);
  }

  /** A cell whose units are recurrently connected within heads of equal size. */
  public CellRecurrence(CellLayout layout, int heads) {
    this(layout, heads, NewtonConfig.standard(), report -> {});
  }

  /**
   * The same with a Newton's method.
   *
   * @param listener gets a report of every batch that {@link Solver#NEWTON} solves
   */
  public CellRecurrence(
      CellLayout layout, int heads, NewtonConfig config, Consumer<ConvergenceReport> listener) {
    super(layout.name(), Family.NONLINEAR, INPUT, Solver.SEQUENTIAL, Solver.NEWTON);
    checkArgument(heads >= 1, "%s: heads must be at least 1, got %s", layout.name(), heads);
    this.layout = layout;
    this.heads = heads;
    this.newton = new NonlinearRecurrence(new DenseCell(layout, heads), config, listener);
  }

  /** The gates, stages and state of this cell. */
  public CellLayout layout() {
    return layout;
  }

  /** Blocks of the recurrent weights. */
  public int heads() {
    return heads;
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    Variable x = coefficients.get(INPUT);
    Shapes.check(name(), x.operand(), "BTG", -1, -1, -1);
    int hidden = x.size(2) / layout.inputGates();
    return layout.parts().stream()
        .map(part -> new StatePart(part, "BH", x.size(0), hidden))
        .toList();
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    CellInputs inputs = inputs(coefficients, initial);
    if (solver == Solver.NEWTON) {
      return newton(tape, inputs, coefficients, initial, lengths);
    }
    Variable[] outputs = CellScan.scan(tape, inputs, lengths);
    return new Advance(outputs[0], parts(outputs));
  }

  private Advance newton(
      Tape tape,
      CellInputs inputs,
      Map<String, Variable> coefficients,
      State initial,
      int[] lengths) {
    checkArgument(
        inputs.mask() == null,
        "%s: NEWTON takes no mask of the state; set dropout.state to 0 or use SEQUENTIAL",
        name());
    Map<String, Variable> given = new LinkedHashMap<>(coefficients);
    if (layout.innerGates() > 0 && inputs.bias() == null) {
      int length = layout.innerGates() * inputs.hidden();
      given.put(BIAS, tape.constant(tape.zeros(inputs.x().type(), length)));
    }
    Evolution solved = newton.evolve(tape, Solver.NEWTON, given, initial, lengths);
    return new Advance(solved.outputs(), solved.state().parts());
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    CellInputs inputs = inputs(coefficients, state);
    Variable[] outputs = CellStep.step(tape, inputs);
    return new Advance(outputs[0], parts(outputs));
  }

  /**
   * The Jacobian along the trajectory, from all parts of the state side by side to the same, with
   * the affine rest of each step as its input, so that simulating it gives the outputs again.
   */
  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    return CellLinearization.of(inputs(coefficients, initial), row);
  }

  private Map<String, Variable> parts(Variable[] outputs) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    for (int i = 0; i < layout.parts().size(); i++) {
      parts.put(layout.parts().get(i), outputs[i + 1]);
    }
    return parts;
  }

  /** Everything that drives the cell, checked. */
  private CellInputs inputs(Map<String, Variable> coefficients, State initial) {
    Variable x = coefficients.get(INPUT);
    Variable[] weights = new Variable[layout.stages().size()];
    for (int s = 0; s < weights.length; s++) {
      weights[s] = coefficients.get(layout.weightName(s));
      checkArgument(
          weights[s] != null,
          "%s: needs coefficient %s, got %s",
          name(),
          layout.weightName(s),
          coefficients.keySet());
    }
    int hidden = weights[0].size(0);
    checkArgument(
        hidden % heads == 0, "%s: hidden %s must be divisible by heads %s", name(), hidden, heads);
    for (int s = 0; s < weights.length; s++) {
      int columns = layout.stages().get(s).targets().length * (hidden / heads);
      Shapes.check(
          name() + " " + layout.weightName(s), weights[s].operand(), "HG", hidden, columns);
    }
    Shapes.check(name(), x.operand(), "BTG", -1, -1, (long) layout.inputGates() * hidden);
    State state = start(coefficients, initial);
    Variable[] parts = layout.parts().stream().map(state::get).toArray(Variable[]::new);
    Variable bias = checkLength(coefficients.get(BIAS), BIAS, layout.innerGates() * hidden);
    Variable own =
        checkLength(coefficients.get(PARAMETERS), PARAMETERS, layout.parameters() * hidden);
    checkArgument(
        own != null || layout.parameters() == 0,
        "%s: needs coefficient p, got %s",
        name(),
        coefficients.keySet());
    Variable mask = checkLength(coefficients.get(MASK), MASK, x.size(0) * hidden);
    return new CellInputs(layout, heads, x, weights, bias, own, mask, parts);
  }

  private Variable checkLength(Variable given, String coefficient, int length) {
    checkArgument(
        given == null || given.length() == length,
        "%s: coefficient %s must have %s numbers, got shape %s",
        name(),
        coefficient,
        length,
        given == null ? "" : Arrays.toString(given.shape()));
    return given;
  }
}
