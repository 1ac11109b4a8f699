package io.sequencezoo.core.dynamics.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.shape.Shapes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cell over time: a nonlinear system whose solvers take one step after the other, or all steps at
 * once by Newton's method on the trajectory.
 *
 * <pre>{@code
 * h_t = f(h_{t-1}, x_t; θ)
 * y_t = one named part of h_t
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, G]} drive; the cell's parameters {@code θ} under their own names,
 *       without batch and time axes
 *   <li>state: the cell's parts {@code [B, n]}, d numbers per row
 *   <li>{@code y}: {@code [B, T, n]}, zero at padded positions
 * </ul>
 *
 * <p>A trajectory that Newton's method doesn't solve is solved by a trust region, and one that this
 * doesn't solve step by step, which is logged and counted ({@link #stepped}); see {@link
 * NewtonConfig}. Gradients are the same whatever the solver: one transposed linear solve along the
 * trajectory.
 */
public final class NonlinearRecurrence extends CausalRecurrence {
  /** The coefficient {@code x [B, T, G]}. */
  public static final String INPUT = "x";

  private final Cell cell;
  private final NewtonConfig config;
  private final Consumer<ConvergenceReport> listener;
  private final LongAdder trusted = new LongAdder();
  private final LongAdder stepped = new LongAdder();

  /** This cell with the standard Newton's method. */
  public NonlinearRecurrence(Cell cell) {
    this(cell, NewtonConfig.standard(), report -> {});
  }

  /**
   * This cell with a Newton's method.
   *
   * @param listener gets a report of every batch that {@link Solver#NEWTON} solves
   */
  public NonlinearRecurrence(Cell cell, NewtonConfig config, Consumer<ConvergenceReport> listener) {
    super(cell.name(), Family.NONLINEAR, INPUT, Solver.SEQUENTIAL, Solver.NEWTON);
    this.cell = cell;
    this.config = config;
    this.listener = listener;
  }

  /** The cell. */
  public Cell cell() {
    return cell;
  }

  /** Sequences so far that Newton's method left to the trust region. */
  public long trusted() {
    return trusted.sum();
  }

  /** Sequences so far that were evaluated step by step in the end. */
  public long stepped() {
    return stepped.sum();
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    int batch = coefficients.get(INPUT).size(0);
    return shape(coefficients).parts().stream()
        .map(part -> new StatePart(part.name(), "BN", batch, part.size()))
        .toList();
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    CellShape shape = shape(coefficients);
    Solver chosen =
        solver == Solver.AUTO ? cell.fastest(shape, coefficients.get(INPUT).size(1)) : solver;
    if (chosen == Solver.SEQUENTIAL && cell.sequential() != null) {
      return sequential(tape, coefficients, shape, initial, lengths);
    }
    return run(tape, chosen, coefficients, initial, lengths, null).advance();
  }

  private Advance sequential(
      Tape tape,
      Map<String, Variable> coefficients,
      CellShape shape,
      State initial,
      int[] lengths) {
    Variable x = coefficients.get(INPUT);
    State state = start(coefficients, initial);
    Variable[] outputs =
        cell.sequential().scan(tape, x, theta(coefficients), join(tape, shape, state), lengths);
    return new Advance(outputs[0], split(tape, shape, outputs[1]));
  }

  /**
   * Solves by Newton's method and reports how it went.
   *
   * @param initial null for {@link #initialState}
   * @param lengths valid positions per row, or null for all
   * @param guess where to start: a trajectory {@code [B, T, d]}, such as the last batch's; null for
   *     {@code f(0, x_t)}
   */
  public Solution solve(
      Tape tape, Map<String, Variable> coefficients, State initial, int[] lengths, INDArray guess) {
    int[] valid = checked(coefficients, initial, lengths);
    Solved solved = run(tape, Solver.NEWTON, coefficients, initial, valid, guess);
    return new Solution(
        evolution(solved.advance(), initial, valid), solved.trajectory(), solved.report());
  }

  /**
   * A solved batch.
   *
   * @param evolution outputs and final state
   * @param trajectory all states {@code [B, T, d]}, parts in order
   * @param report how it went; null where the sequential solver ran
   */
  public record Solution(Evolution evolution, INDArray trajectory, ConvergenceReport report) {}

  /** What a solver gave: as {@link Solution}, its tokens not counted yet. */
  private record Solved(Advance advance, INDArray trajectory, ConvergenceReport report) {}

  private Solved run(
      Tape tape,
      Solver solver,
      Map<String, Variable> coefficients,
      State initial,
      int[] lengths,
      INDArray guess) {
    CellShape shape = shape(coefficients);
    Variable x = coefficients.get(INPUT);
    State state = start(coefficients, initial);
    if (guess != null) {
      Shapes.check(name() + " guess", guess, "BTN", x.size(0), x.size(1), shape.stateSize());
    }
    CellScan.Result result =
        CellScan.scan(
            tape,
            solver,
            config,
            cell,
            shape,
            x,
            theta(coefficients),
            join(tape, shape, state),
            lengths,
            guess);
    if (result.report() != null) {
      account(result.report());
    }
    int from = shape.offset(shape.output());
    Variable outputs =
        shape.parts().size() == 1
            ? result.trajectory()
            : Primitives.slice(
                tape,
                result.trajectory(),
                2,
                from,
                from + shape.parts().get(shape.output()).size());
    return new Solved(
        new Advance(outputs, split(tape, shape, result.last())),
        result.trajectory().value(),
        result.report());
  }

  private void account(ConvergenceReport report) {
    long regions = report.count(ConvergenceReport.Path.TRUST_REGION);
    long steps = report.count(ConvergenceReport.Path.SEQUENTIAL);
    trusted.add(regions);
    if (steps > 0) {
      boolean first = stepped.sum() == 0;
      stepped.add(steps);
      // Once aloud: a model that needs it needs it in every batch.
      if (first) {
        log()
            .warn(
                "{}: Newton's method left {} of {} sequences to step-by-step evaluation; later ones"
                    + " are counted and logged at DEBUG",
                name(),
                steps,
                report.sequences().size());
      }
    }
    log().debug("{}: {}", name(), report);
    listener.accept(report);
  }

  /** Asked for with the first message: logging starts slower than a cell is described. */
  private static Logger log() {
    return LoggerFactory.getLogger(NonlinearRecurrence.class);
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    CellShape shape = shape(coefficients);
    Variable x = coefficients.get(INPUT);
    List<INDArray> values = theta(coefficients).stream().map(Variable::operand).toList();
    // A kernel holds the numbers of parameters that it was bound to.
    boolean fixed = theta(coefficients).stream().allMatch(Variable::isFixed);
    boolean repeats = fixed && Replay.isRecording();
    if (!repeats) {
      Replay.spoil();
    }
    INDArray next = tape.allocate(x.type(), x.size(0), shape.stateSize());
    step(
        new CellProblem<>(
            Precision.of(x.type()),
            cell,
            shape,
            x.operand(),
            values,
            join(tape, shape, state).operand(),
            new int[0]),
        next,
        repeats);
    Variable last = tape.constant(next);
    Map<String, Variable> parts = split(tape, shape, last);
    Variable y = parts.get(shape.parts().get(shape.output()).name());
    return new Advance(Primitives.reshape(tape, y, x.size(0), 1, y.size(1)), parts);
  }

  private static <A> void step(CellProblem<A> problem, INDArray next, boolean repeats) {
    Precision<A> precision = problem.precision();
    if (repeats) {
      Replay.run(new TokenStep<>(problem, precision.slab(next), precision.ownScratch()));
      return;
    }
    try (Scratch<A> scratch = precision.scratch()) {
      new TokenStep<>(problem, precision.slab(next), scratch).run();
    }
  }

  /** One token of every row, with what it takes at hand for the next. */
  private static final class TokenStep<A> implements Runnable {
    private final Precision<A> precision;
    private final int batch;
    private final Slab<A> inputs;
    private final Slab<A> before;
    private final Slab<A> after;
    private final Planes<A> h;
    private final Planes<A> x;
    private final Planes<A> out;
    private final CellKernel<A> kernel;

    TokenStep(CellProblem<A> problem, Slab<A> after, Scratch<A> scratch) {
      CellShape shape = problem.shape();
      this.precision = problem.precision();
      this.batch = problem.batch();
      this.inputs = precision.slab(problem.x());
      this.before = precision.slab(problem.initial());
      this.after = after;
      this.h = Planes.take(scratch, batch, shape.blocks(), shape.width());
      this.x = Planes.take(scratch, batch, shape.inputs(), shape.inputWidth());
      this.out = Planes.take(scratch, batch, shape.blocks(), shape.width());
      this.kernel = problem.bind(scratch);
    }

    @Override
    public void run() {
      h.loadRows(precision, before, 0, 0, batch);
      x.loadRows(precision, inputs, 0, 0, batch);
      kernel.next(batch, h, x, out);
      out.storeRows(precision, after, 0, 0, batch);
    }
  }

  /** The Jacobian along the trajectory, with the affine rest of each step as its input. */
  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    CellShape shape = shape(coefficients);
    Variable x = coefficients.get(INPUT);
    State state = start(coefficients, initial);
    List<INDArray> values = theta(coefficients).stream().map(Variable::value).toList();
    INDArray start = join(Tape.detached(), shape, state).value();
    return CellLinearization.of(cell, shape, x.value(), values, start, row);
  }

  private CellShape shape(Map<String, Variable> coefficients) {
    Variable x = coefficients.get(INPUT);
    Shapes.check(name(), x.operand(), "BTG", -1, -1, -1);
    Map<String, INDArray> values = new LinkedHashMap<>();
    for (String parameter : cell.parameters()) {
      Variable value = coefficients.get(parameter);
      checkArgument(
          value != null,
          "%s: coefficients must have %s, got %s",
          name(),
          parameter,
          coefficients.keySet());
      checkArgument(
          value.type() == x.type(),
          "%s: parameter %s must have the drive's type %s, got %s",
          name(),
          parameter,
          x.type(),
          value.type());
      values.put(parameter, value.operand());
    }
    CellShape shape = cell.shape(x.size(2), values);
    checkArgument(
        shape.inputSize() == x.size(2),
        "%s: drive must have G=%s, got %s",
        name(),
        shape.inputSize(),
        x.size(2));
    return shape;
  }

  private List<Variable> theta(Map<String, Variable> coefficients) {
    return cell.parameters().stream().map(coefficients::get).toList();
  }

  /** All parts in one array {@code [B, d]}. */
  private static Variable join(Tape tape, CellShape shape, State state) {
    Variable[] parts =
        shape.parts().stream().map(part -> state.get(part.name())).toArray(Variable[]::new);
    return parts.length == 1 ? parts[0] : Primitives.concat(tape, 1, parts);
  }

  private static Map<String, Variable> split(Tape tape, CellShape shape, Variable last) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    if (shape.parts().size() == 1) {
      parts.put(shape.parts().get(0).name(), last);
    } else {
      long[] sizes = shape.parts().stream().mapToLong(CellShape.Part::size).toArray();
      Variable[] split = Primitives.split(tape, last, 1, sizes);
      for (int i = 0; i < split.length; i++) {
        parts.put(shape.parts().get(i).name(), split[i]);
      }
    }
    return parts;
  }
}
