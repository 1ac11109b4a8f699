package io.sequencezoo.core.contract;

import static io.sequencezoo.core.contract.Close.assertClose;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Law 5: simulating the linearised system gives the recurrence's outputs again; its mixing matrix
 * gives them from a zero state.
 */
final class LinearisationLaw {
  private static final int STEPS = 6;
  private static final int BATCH = 2;

  private LinearisationLaw() {}

  static void check(MixerSubject subject) {
    INDArray before = subject.input(21, BATCH, 3);
    State later = subject.forward(Solver.AUTO, before, null, null).state();
    for (boolean fresh : new boolean[] {true, false}) {
      INDArray x = subject.input(22, BATCH, STEPS);
      INDArray y = recurrenceOutputs(subject, x, fresh ? null : later);
      int heads = y.rank() == 4 ? (int) y.size(2) : 1;
      for (int row = 0; row < BATCH; row++) {
        for (int head : heads == 1 ? new int[] {0} : new int[] {0, heads - 1}) {
          String what = (fresh ? "zero state" : "given state") + " row " + row + " head " + head;
          double[] expected = outputs(y, row, head);
          Tape tape = Tape.detached();
          LinearSystem system =
              subject
                  .mixer(Solver.AUTO)
                  .linearize(
                      MixerSubject.offering(Context.inference(tape, subject.parameters()), x),
                      tape.constant(x),
                      fresh ? null : later,
                      row,
                      head);
          double[] simulated = flat(system.simulate(system.inputs()));
          assertClose(what + ": simulated", simulated, expected, Tolerances.DOUBLE);
          if (fresh) {
            double[] mixed = multiply(system.mixingMatrix(), flat(system.inputs()));
            assertClose(what + ": mixed", mixed, expected, Tolerances.DOUBLE);
          }
        }
      }
    }
  }

  private static INDArray recurrenceOutputs(MixerSubject subject, INDArray x, State initial) {
    Tape tape = Tape.detached();
    Context context = MixerSubject.offering(Context.inference(tape, subject.parameters()), x);
    Parametrisation parametrisation = subject.parametrisation();
    State state =
        initial != null
            ? initial
            : subject.mixer(Solver.AUTO).initialState(context, BATCH, subject.type());
    Parametrisation.Drive drive = parametrisation.drive(context, tape.constant(x), state);
    Map<String, io.sequencezoo.core.autodiff.Variable> parts = new HashMap<>(state.parts());
    parts
        .keySet()
        .retainAll(
            parametrisation
                .recurrence()
                .initialState(drive.coefficients(), subject.type())
                .parts()
                .keySet());
    return parametrisation
        .recurrence()
        .evolve(tape, Solver.AUTO, drive.coefficients(), new State(parts, state.consumed()), null)
        .outputs()
        .value();
  }

  /** {@code [T, outputs]} of a row and head, flat. */
  private static double[] outputs(INDArray y, int row, int head) {
    int heads = y.rank() == 4 ? (int) y.size(2) : 1;
    int size = (int) y.size(-1);
    double[] all = Close.values(y);
    double[] result = new double[STEPS * size];
    for (int t = 0; t < STEPS; t++) {
      System.arraycopy(all, ((row * STEPS + t) * heads + head) * size, result, t * size, size);
    }
    return result;
  }

  private static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  private static double[] multiply(double[][] matrix, double[] vector) {
    List<Double> result = new ArrayList<>();
    for (double[] row : matrix) {
      double sum = 0;
      for (int j = 0; j < vector.length; j++) {
        sum += row[j] * vector[j];
      }
      result.add(sum);
    }
    return result.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
