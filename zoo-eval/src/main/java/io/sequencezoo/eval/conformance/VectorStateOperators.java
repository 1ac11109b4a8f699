package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ComplexArrays;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.models.vector.ShiftSystem;
import io.sequencezoo.models.vector.SsmOperators;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The vector-state family of the reference vectors, by the solvers that training uses. */
final class VectorStateOperators {
  private VectorStateOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>(GatedStateOperators.all());
    all.put("s4d_kernel", VectorStateOperators::s4dKernel);
    all.put("s4d_layer", VectorStateOperators::s4dLayer);
    all.put("h3", VectorStateOperators::h3);
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

  private static Variable s4d(Tape tape, Variable u, Inputs in, @Nullable Variable d) {
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

  /** There a state has its inputs multiplied by what is a factor of the outputs here. */
  private static Map<String, Variable> h3(Tape tape, Case c, Inputs in) {
    Variable logStep = in.get("parameter.diag.log_dt");
    Variable logReal = in.get("parameter.diag.log_A_real");
    Variable imaginary = in.get("parameter.diag.A_imag");
    Variable b = planes(tape, in.get("parameter.diag.B"));
    SsmOperators.H3System system =
        new SsmOperators.H3System(
            discretisation(c),
            logStep,
            logReal,
            imaginary,
            b,
            planes(tape, in.get("parameter.diag.C")),
            in.get("parameter.diag.D"));
    ShiftSystem shift =
        new ShiftSystem(
            in.get("parameter.shift.B"), in.get("parameter.shift.C"), in.get("parameter.shift.D"));
    Variable q = in.get("input.q");
    long batch = q.size(0);
    long heads = logStep.size(0);
    long part = q.size(2) / heads;
    long channels = heads * part * part;
    long modes = b.size(2);
    Variable real = Primitives.map(tape, Unary.NEGATE, Primitives.map(tape, Unary.EXP, logReal));
    Variable a = Primitives.stack(tape, 1, real, imaginary);
    Variable written =
        ComplexArrays.multiply(tape, 1, b, discretisation(c).apply(tape, a, logStep)[1]);
    Variable perChannel = Primitives.repeat(tape, written, 0, (int) (part * part));
    Variable factor =
        Primitives.expand(
            tape,
            Primitives.reshape(tape, perChannel, 1, channels, 2, modes),
            batch,
            channels,
            2,
            modes);
    Variable diag = in.optional("state.initial.diag");
    State initial = null;
    if (diag != null) {
      Variable x = Primitives.reshape(tape, diag, batch, channels, modes, 2);
      Variable before =
          ComplexArrays.multiply(
              tape, 1, Primitives.permute(tape, x, 0, 1, 3, 2), inverse(tape, factor));
      initial = new State(Map.of("x", before), new int[(int) batch]);
    }
    Variable[] results =
        SsmOperators.h3(
            tape,
            shift,
            system,
            q,
            in.get("input.k"),
            in.get("input.v"),
            in.optional("state.initial.shift"),
            initial);
    Variable last = ComplexArrays.multiply(tape, 1, results[2], factor);
    return Map.of(
        "output.y",
        Primitives.reshape(
            tape, Primitives.permute(tape, results[0], 0, 1, 3, 2), batch, q.size(1), q.size(2)),
        "state.final.shift",
        results[1],
        "state.final.diag",
        Primitives.reshape(
            tape, Primitives.permute(tape, last, 0, 1, 3, 2), batch, heads, part, part, modes, 2));
  }

  /** From {@code [H, N, 2]} to {@code [H, 2, N]}. */
  private static Variable planes(Tape tape, Variable complex) {
    return Primitives.permute(tape, complex, 0, 2, 1);
  }

  /** {@code 1/z} of {@code [B, C, 2, N]}. */
  private static Variable inverse(Tape tape, Variable z) {
    Variable re = Primitives.slice(tape, z, 2, 0, 1);
    Variable im = Primitives.slice(tape, z, 2, 1, 2);
    Variable square =
        Primitives.add(tape, Primitives.multiply(tape, re, re), Primitives.multiply(tape, im, im));
    Variable conjugate = Primitives.concat(tape, 2, re, Primitives.map(tape, Unary.NEGATE, im));
    return Primitives.divide(tape, conjugate, square);
  }

  private static Discretisation discretisation(Case c) {
    String rule =
        c.config().path("discretization").asText(c.config().path("discretisation").asText());
    return "bilinear".equals(rule) ? Discretisation.BILINEAR : Discretisation.ZOH;
  }
}
