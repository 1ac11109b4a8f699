package io.sequencezoo.core.dynamics.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A cell that is one method in primitives of the tape. Its Jacobian and its pullback come from the
 * tape, and the structure of the Jacobian is found by probing, so that a new nonlinear network is
 * solved by Newton's method without a derivative by hand:
 *
 * <pre>{@code
 * Cell cell =
 *     TapeCell.named("decay")
 *         .state("h", 16)
 *         .parameters("a")
 *         .step((tape, h, x, theta) ->
 *             Primitives.map(tape, Unary.TANH,
 *                 Primitives.add(tape, Primitives.multiply(tape, h, theta.get("a")), x)));
 * Recurrence recurrence = new NonlinearRecurrence(cell);
 * }</pre>
 *
 * <p>All positions are evaluated together. The Jacobian takes one pullback where it is diagonal, K
 * for K x K blocks of diagonals, d for a dense one.
 */
public final class TapeCell implements Cell {
  /** Numbers of the repeated states of one call. */
  private static final int CALL = 1 << 17;

  /** Evaluations of a solve of some ten iterations, with room for their larger arrays. */
  private static final int NEWTON_CALLS = 16;

  private final String name;
  private final List<CellShape.Part> parts;
  private final int output;
  private final List<String> parameters;
  private final JacobianStructure declared;
  private final CellFunction function;
  private final Map<List<Object>, CellShape> shapes = new ConcurrentHashMap<>();

  private TapeCell(Builder builder, CellFunction function) {
    this.name = builder.name;
    this.parts = List.copyOf(builder.parts);
    this.output = builder.output < 0 ? 0 : builder.output;
    this.parameters = List.copyOf(builder.parameters);
    this.declared = builder.structure;
    this.function = function;
    checkArgument(!parts.isEmpty(), "cell %s: must have a state; call state(name, size)", name);
  }

  /** Begins a cell of this name. */
  public static Builder named(String name) {
    return new Builder(name);
  }

  /** Collects what a cell is beside its step. */
  public static final class Builder {
    private final String name;
    private final List<CellShape.Part> parts = new ArrayList<>();
    private final List<String> parameters = new ArrayList<>();
    private int output = -1;
    private JacobianStructure structure;

    private Builder(String name) {
      this.name = name;
    }

    /** Adds a part of the state; parts lie one after another in {@code h [N, d]}. */
    public Builder state(String part, int size) {
      checkArgument(size >= 1, "cell %s: state %s must have a size, got %s", name, part, size);
      parts.add(new CellShape.Part(part, size));
      return this;
    }

    /** Puts out the part that was added last; without it the first. */
    public Builder output() {
      checkArgument(!parts.isEmpty(), "cell %s: output() follows the state it is about", name);
      output = parts.size() - 1;
      return this;
    }

    /** Names the parameters θ. */
    public Builder parameters(String... names) {
      parameters.addAll(Arrays.asList(names));
      return this;
    }

    /** Declares the structure of the Jacobian, which is then verified; without it it is found. */
    public Builder structure(JacobianStructure declaredOne) {
      structure = declaredOne;
      return this;
    }

    /** The cell with this step. */
    public TapeCell step(CellFunction function) {
      return new TapeCell(this, function);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> parameters() {
    return parameters;
  }

  @Override
  public CellShape shape(int inputSize, Map<String, INDArray> values) {
    List<Object> key = new ArrayList<>();
    key.add(inputSize);
    for (String parameter : parameters) {
      key.add(Arrays.toString(values.get(parameter).shape()));
    }
    CellShape known = shapes.get(key);
    if (known != null) {
      return known;
    }
    List<INDArray> theta = parameters.stream().map(values::get).toList();
    JacobianStructure structure =
        new JacobianProbe(this, function, parts, inputSize, theta).structure(declared);
    CellShape shape = shape(inputSize, structure);
    shapes.put(key, shape);
    return shape;
  }

  private CellShape shape(int inputSize, JacobianStructure structure) {
    int d = parts.stream().mapToInt(CellShape.Part::size).sum();
    int blocks = structure == JacobianStructure.BLOCKS ? parts.size() : 1;
    return new CellShape(structure, blocks, d / blocks, 1, inputSize, parts, output, false);
  }

  /**
   * Newton's method takes a dozen calls where stepping takes one a step; a dense Jacobian repeats
   * every position d times.
   */
  @Override
  public Solver fastest(CellShape shape, int steps) {
    int calls = NEWTON_CALLS * TapeKernel.repeats(shape);
    return steps > calls ? Solver.NEWTON : Solver.SEQUENTIAL;
  }

  @Override
  public int grain(CellShape shape) {
    return Math.max(16, CALL / (shape.stateSize() * TapeKernel.repeats(shape)));
  }

  @Override
  public <A> CellKernel<A> bind(
      Precision<A> precision,
      CellShape shape,
      List<INDArray> values,
      int from,
      int to,
      Scratch<A> scratch) {
    // It runs on a tape of its own, which is made anew for every call.
    Replay.spoil();
    return new TapeKernel<>(name, function, precision, shape, parameters, values);
  }
}
