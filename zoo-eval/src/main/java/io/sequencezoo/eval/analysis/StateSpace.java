package io.sequencezoo.eval.analysis;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A nonlinear recurrence under one constant input as a map {@code F} of vectors with its Jacobian,
 * in the coordinates of its linearisation.
 */
final class StateSpace implements DifferentiableMap {
  private final CausalRecurrence recurrence;
  private final Map<String, Variable> coefficients;
  private final Map<String, Variable> parts;
  private final int head;
  private final int[] order;

  private StateSpace(
      CausalRecurrence recurrence,
      Map<String, Variable> coefficients,
      Map<String, Variable> parts,
      int head) {
    this.recurrence = recurrence;
    this.coefficients = coefficients;
    this.parts = parts;
    this.head = head;
    this.order = order();
  }

  /** The map of a mixer for an input vector that stays. */
  static StateSpace of(
      SequenceMixer mixer, Context context, DataType type, double[] input, int head) {
    Parametrisation parametrisation = mixer.parametrisation();
    Recurrence recurrence = parametrisation.recurrence();
    checkArgument(
        recurrence.family() == Family.NONLINEAR && recurrence instanceof CausalRecurrence,
        "%s: fixed points are looked for in nonlinear recurrences, got the family %s",
        parametrisation.name(),
        recurrence.family());
    Tape tape = context.tape();
    INDArray x = Nd4j.createFromArray(new double[][][] {{input}}).castTo(type);
    State state = mixer.initialState(context, 1, type);
    Parametrisation.Drive drive = parametrisation.drive(context, tape.constant(x), state);
    Map<String, Variable> parts =
        new LinkedHashMap<>(recurrence.initialState(drive.coefficients(), type).parts());
    return new StateSpace((CausalRecurrence) recurrence, drive.coefficients(), parts, head);
  }

  @Override
  public int size() {
    return order.length;
  }

  @Override
  public Image image(double[] s) {
    double[] numbers = new double[s.length];
    for (int i = 0; i < s.length; i++) {
      numbers[order[i]] = s[i];
    }
    LinearSystem system = system(numbers);
    double[][] jacobian = system.transition(0).toDense();
    double[] next = SmallMatrices.multiply(jacobian, s);
    double[] driven = SmallMatrices.multiply(system.inputMatrix(0), system.inputs()[0]);
    for (int i = 0; i < next.length; i++) {
      next[i] += driven[i];
    }
    return new Image(next, jacobian);
  }

  private LinearSystem system(double[] numbers) {
    Tape tape = Tape.detached();
    Map<String, Variable> given = new LinkedHashMap<>();
    int at = 0;
    for (Map.Entry<String, Variable> part : parts.entrySet()) {
      Variable like = part.getValue();
      int length = (int) like.value().length();
      double[] own = Arrays.copyOfRange(numbers, at, at + length);
      INDArray array = Nd4j.createFromArray(own).castTo(like.type()).reshape('c', like.shape());
      given.put(part.getKey(), tape.constant(array));
      at += length;
    }
    return recurrence.linearize(coefficients, new State(given, new int[1]), 0, head);
  }

  /** Which number of the parts each coordinate of the linearisation is, found by a marked state. */
  private int[] order() {
    int total = parts.values().stream().mapToInt(part -> (int) part.value().length()).sum();
    double[] marks = new double[total];
    for (int i = 0; i < total; i++) {
      marks[i] = (i + 1.0) / (total + 1);
    }
    double[] seen = system(marks).initialState();
    int[] found = new int[seen.length];
    for (int i = 0; i < seen.length; i++) {
      found[i] = (int) Math.rint(seen[i] * (total + 1)) - 1;
    }
    boolean permutation =
        seen.length == total
            && Arrays.equals(
                Arrays.stream(found).sorted().toArray(), IntStream.range(0, total).toArray());
    checkArgument(
        permutation,
        "%s: linearisation must have the state's %s numbers as its own, got %s",
        recurrence.name(),
        total,
        seen.length);
    return found;
  }
}
