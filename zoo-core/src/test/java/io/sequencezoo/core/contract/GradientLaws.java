package io.sequencezoo.core.contract;

import static io.sequencezoo.core.contract.Close.assertClose;
import static io.sequencezoo.core.contract.MixerSubject.row;
import static io.sequencezoo.core.contract.MixerSubject.slice;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Law 4: pullbacks equal central differences for inputs, parameters and initial state. */
final class GradientLaws {
  private static final long SEED = 5;

  private GradientLaws() {}

  /** Outputs and final state, by inputs, parameters and initial state, with every solver. */
  static void differences(MixerSubject subject) {
    for (Solver solver : subject.solvers()) {
      check(subject, solver, 4, subject.samples());
      check(subject, solver, subject.chunkAndRest(), 2);
    }
  }

  private static void check(MixerSubject subject, Solver solver, int steps, int samples) {
    int batch = 2;
    State start = subject.forward(solver, subject.input(31, batch, 3), null, null).state();
    List<String> differentiable =
        start.parts().entrySet().stream()
            .filter(part -> part.getValue().type().isFPType())
            .map(Map.Entry::getKey)
            .toList();
    GradientCheck check =
        GradientCheck.of(
                (tape, in) -> {
                  Map<String, Variable> parts = new LinkedHashMap<>(start.parts());
                  for (int i = 0; i < differentiable.size(); i++) {
                    parts.put(differentiable.get(i), in[i + 1]);
                  }
                  return outputs(
                      subject
                          .mixer(solver)
                          .forward(
                              MixerSubject.offering(
                                  Context.training(tape, subject.parameters(), SEED),
                                  in[0].value()),
                              in[0],
                              new State(parts, start.consumed())));
                })
            .tolerance(Tolerances.DIFFERENCES, Tolerances.DIFFERENCES_AT_ZERO)
            .samples(samples)
            .input(solver + " T=" + steps + " x", subject.input(32, batch, steps));
    for (String part : differentiable) {
      check.input("state " + part, start.get(part).value());
    }
    addParameters(check, subject.parameters());
    check.run().assertPassed();
  }

  static void addParameters(GradientCheck check, Parameters parameters) {
    for (ParameterSpec spec : parameters.specs()) {
      check.parameter(spec.name(), parameters.value(spec.name()), parameters.gradient(spec.name()));
    }
  }

  private static List<Variable> outputs(Evolution evolution) {
    List<Variable> outputs = new ArrayList<>();
    outputs.add(evolution.outputs());
    evolution.state().parts().values().stream()
        .filter(part -> part.type().isFPType())
        .forEach(outputs::add);
    return outputs;
  }

  /** Without an initial state, and with padded rows: gradients are the sum over rows alone. */
  static void paddedRowsAddUp(MixerSubject subject) {
    int[] lengths = {7, 4, 1};
    INDArray x = subject.input(33, 3, 7);
    INDArray cotangent = subject.input(34, 3, 7);
    for (int b = 0; b < 3; b++) {
      for (int t = lengths[b]; t < 7; t++) {
        cotangent.get(NDArrayIndex.point(b), NDArrayIndex.point(t), NDArrayIndex.all()).assign(0);
      }
    }
    for (Solver solver : subject.solvers()) {
      List<INDArray> together = subject.gradients(solver, x, cotangent, lengths);
      List<INDArray> sums = new ArrayList<>();
      for (int b = 0; b < 3; b++) {
        INDArray alone = slice(row(x, b), 0, lengths[b]);
        List<INDArray> own =
            subject.gradients(solver, alone, slice(row(cotangent, b), 0, lengths[b]), null);
        String what = solver + " gradient of row " + b;
        assertClose(
            what, slice(row(together.get(1), b), 0, lengths[b]), own.get(1), subject.tolerance());
        for (int i = 2; i < own.size(); i++) {
          if (b == 0) {
            sums.add(own.get(i));
          } else {
            sums.get(i - 2).addi(own.get(i));
          }
        }
      }
      for (int i = 0; i < sums.size(); i++) {
        String what = solver + " gradient of " + subject.parameters().specs().get(i).name();
        assertClose(what, together.get(i + 2), sums.get(i), subject.tolerance());
      }
    }
  }

  /** A tape that runs a sequence in two parts differentiates through the state between them. */
  static void chainedPartsDifferentiate(MixerSubject subject) {
    INDArray x = subject.input(35, 2, 6);
    INDArray cotangent = subject.input(36, 2, 6);
    for (Solver solver : subject.solvers()) {
      INDArray whole = subject.gradients(solver, x, cotangent, null).get(1);
      subject.parameters().zeroGradients();
      Tape tape = Tape.detached();
      Context context = Context.training(tape, subject.parameters(), SEED);
      Variable first = tape.variable(slice(x, 0, 4));
      Variable second = tape.variable(slice(x, 4, 6));
      MixerSubject.offering(context, first.value());
      Evolution before = subject.mixer(solver).forward(context, first, null);
      MixerSubject.offering(context, second.value());
      Evolution after = subject.mixer(solver).forward(context, second, before.state());
      tape.backward(
          List.of(before.outputs(), after.outputs()),
          List.of(slice(cotangent, 0, 4), slice(cotangent, 4, 6)));
      double tolerance = subject.tolerance();
      assertClose(solver + " first part", first.gradient(), slice(whole, 0, 4), tolerance);
      assertClose(solver + " second part", second.gradient(), slice(whole, 4, 6), tolerance);
    }
  }
}
