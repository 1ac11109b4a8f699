package io.sequencezoo.eval.chaos;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.eval.analysis.Tangents;
import io.sequencezoo.models.model.Forecaster;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The closed loop of a forecaster as a dynamical system: its state is what goes in next, and what
 * the model remembers. Differences go backwards along a trajectory by transposed Jacobians, which
 * the tape gives exactly, one row of the batch for each direction.
 *
 * <pre>{@code
 * (u, s) -> (û, s')         q <- Jᵀ q,  J = d(û, s') / d(u, s),  from the last step to the first
 * }</pre>
 *
 * <p>Products of transposed Jacobians have the singular values of the products themselves, and so
 * the same Lyapunov exponents.
 */
final class ClosedLoopTangents implements Tangents {
  private static final String INPUT = "input";

  private final Forecaster model;
  private final Parameters parameters;
  private final List<Point> trajectory;
  private final int size;

  /** How many steps are left to go back along. */
  private int left;

  private ClosedLoopTangents(Forecaster model, Parameters parameters, List<Point> trajectory) {
    this.model = model;
    this.parameters = parameters;
    this.trajectory = trajectory;
    this.size = trajectory.get(0).size();
    this.left = trajectory.size();
  }

  /** A state of the loop: the next input, F numbers, and what the model remembers. */
  private record Point(double[] input, State state) {
    int size() {
      return input.length + parts(state).stream().mapToInt(part -> (int) part.length()).sum();
    }
  }

  /**
   * A loop after a prefix.
   *
   * @param given {@code [T][F]}
   * @param steps that can be gone back along
   * @return nothing where the state grows, as that of attention does, or the loop diverges
   */
  static Optional<ClosedLoopTangents> of(
      Forecaster model, Parameters parameters, double[][] given, int steps) {
    INDArray numbers = parameters.values().castTo(DataType.DOUBLE);
    Parameters exact = Parameters.over(model, numbers, null);
    int features = given[0].length;
    List<Point> trajectory = new ArrayList<>();
    INDArray input = Nd4j.createFromArray(new double[][][] {given});
    State state = null;
    for (int t = 0; t <= steps; t++) {
      double[] fed;
      try (Tape tape = Tape.inference()) {
        Evolution next = model.prefill(Context.inference(tape, exact), input, state);
        double[] ahead = next.outputs().value().ravel().toDoubleVector();
        fed = Arrays.copyOf(ahead, features);
        state = next.state().detach();
      }
      // Outside of the tape, which it survives.
      input = Nd4j.createFromArray(new double[][][] {{fed}});
      Point point = new Point(fed, state);
      boolean finite = Arrays.stream(fed).allMatch(Double::isFinite);
      if (!finite || (t > 0 && point.size() != trajectory.get(0).size())) {
        return Optional.empty();
      }
      if (t < steps) {
        trajectory.add(point);
      }
    }
    return Optional.of(new ClosedLoopTangents(model, exact, trajectory));
  }

  /** The parts of a state that are numbers, in one order. */
  private static List<Variable> parts(State state) {
    List<Variable> parts = new ArrayList<>();
    state.parts().values().stream().filter(part -> part.type().isFPType()).forEach(parts::add);
    state.children().values().forEach(child -> parts.addAll(parts(child)));
    return parts;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public void advance(double[][] directions) {
    left--;
    Point point = trajectory.get(left);
    int rows = directions.length;
    try (Tape tape = Tape.training()) {
      double[][][] alike = new double[rows][][];
      Arrays.fill(alike, new double[][] {point.input});
      INDArray input = Nd4j.createFromArray(alike);
      Variable u = tape.variable(input);
      State state = point.state.rows(new int[rows]).asVariables(tape);
      Context context =
          Context.inference(tape, parameters)
              .intercepted((place, in, inner) -> inner.apply(place.equals(INPUT) ? u : in));
      Evolution next = model.evolve(context, input, state);
      List<Variable> before = new ArrayList<>(List.of(u));
      before.addAll(parts(state));
      List<Variable> after = new ArrayList<>(List.of(next.outputs()));
      after.addAll(parts(next.state()));
      tape.backward(after, cotangents(directions, after, point.input.length));
      int at = 0;
      for (Variable part : before) {
        int length = (int) part.length() / rows;
        INDArray gradient = part.gradient();
        double[] all = gradient == null ? new double[length * rows] : numbers(gradient);
        for (int i = 0; i < rows; i++) {
          System.arraycopy(all, i * length, directions[i], at, length);
        }
        at += length;
      }
    }
  }

  private static double[] numbers(INDArray array) {
    return array.ravel().toDoubleVector();
  }

  /** Directions as cotangents of the outputs, of which the nearest forecast alone is fed back. */
  private static List<INDArray> cotangents(
      double[][] directions, List<Variable> after, int features) {
    List<INDArray> cotangents = new ArrayList<>();
    int at = 0;
    for (Variable part : after) {
      int length = (int) part.length() / directions.length;
      int used = at == 0 ? features : length;
      double[] all = new double[(int) part.length()];
      for (int i = 0; i < directions.length; i++) {
        System.arraycopy(directions[i], at, all, i * length, used);
      }
      cotangents.add(Nd4j.createFromArray(all).reshape('c', part.shape()));
      at += used;
    }
    return cotangents;
  }
}
