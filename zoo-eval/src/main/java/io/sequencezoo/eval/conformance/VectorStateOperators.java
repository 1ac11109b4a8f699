package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.models.vector.SsmOperators;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The vector-state family of the reference vectors, by the solvers that training uses. */
final class VectorStateOperators {
  private VectorStateOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>(GatedStateOperators.all());
    all.put("s4d_kernel", VectorStateOperators::s4dKernel);
    all.put("s4d_layer", VectorStateOperators::s4dLayer);
    all.put("s5_scan", VectorStateOperators::s5);
    return all;
  }

  /** The kernel is the answer to an impulse. */
  private static Map<String, Variable> s4dKernel(Tape tape, Case c, Inputs in) {
    Variable logStep = in.get("parameter.log_dt");
    int steps = (int) c.number("time");
    INDArray impulse = tape.zeros(logStep.type(), 1, steps, logStep.size(0));
    for (int d = 0; d < logStep.size(0); d++) {
      impulse.putScalar(d, 1);
    }
    Variable k = s4d(tape, tape.constant(impulse), in, null);
    return Map.of("output.K", Primitives.reshape(tape, k, steps, logStep.size(0)));
  }

  private static Map<String, Variable> s4dLayer(Tape tape, Case c, Inputs in) {
    Variable u = in.get("input.u");
    Variable y = s4d(tape, u, in, in.get("parameter.D"));
    return Map.of("output.y", Primitives.reshape(tape, y, u.shape()));
  }

  private static Variable s4d(Tape tape, Variable u, Inputs in, Variable d) {
    return SsmOperators.s4d(
            tape,
            Solver.AUTO,
            new SsmOperators.S4dSystem(
                Discretisation.ZOH,
                in.get("parameter.log_dt"),
                in.get("parameter.log_A_real"),
                in.get("parameter.A_imag"),
                Primitives.permute(tape, in.get("parameter.C"), 0, 2, 1),
                d),
            u,
            null)
        .outputs();
  }

  private static Map<String, Variable> s5(Tape tape, Case c, Inputs in) {
    Variable lambda = in.get("parameter.Lambda");
    Variable b = in.get("parameter.B");
    Variable read = in.get("parameter.C");
    int modes = lambda.size(0);
    int width = b.size(1);
    Variable x = in.optional("state.initial.x");
    Evolution evolution =
        SsmOperators.s5(
            tape,
            Solver.AUTO,
            new SsmOperators.S5System(
                discretisation(c),
                Primitives.permute(tape, lambda, 1, 0),
                in.get("parameter.log_step"),
                Primitives.reshape(tape, Primitives.permute(tape, b, 1, 2, 0), width, 2L * modes),
                Primitives.reshape(
                    tape, Primitives.permute(tape, read, 2, 1, 0), 2L * modes, width),
                in.get("parameter.D"),
                c.flag("conj_sym") ? 2 : 1),
            in.get("input.u"),
            x == null
                ? null
                : new State(Map.of("x", Primitives.permute(tape, x, 0, 2, 1)), new int[x.size(0)]));
    return Map.of(
        "output.y",
        evolution.outputs(),
        "state.final.x",
        Primitives.permute(tape, evolution.state().get("x"), 0, 2, 1));
  }

  private static Discretisation discretisation(Case c) {
    return "bilinear".equals(c.config().path("discretization").asText())
        ? Discretisation.BILINEAR
        : Discretisation.ZOH;
  }
}
