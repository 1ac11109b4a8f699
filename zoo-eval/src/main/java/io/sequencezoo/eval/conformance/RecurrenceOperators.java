package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.MatrixStateRecurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.models.linear.LinearOperators;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** The recurrences of the reference vectors. */
final class RecurrenceOperators {
  private RecurrenceOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("linear_attention", RecurrenceOperators::linearAttention);
    all.put("gated_linear_attention", RecurrenceOperators::matrixState);
    all.put("simple_gated_linear_attention", RecurrenceOperators::matrixState);
    all.put("retention", RecurrenceOperators::retention);
    all.put("lightnet", RecurrenceOperators::lightnet);
    all.put("hgrn2", RecurrenceOperators::hgrn2);
    all.put("lstm", Operators::lstm);
    return all;
  }

  private static Map<String, Variable> linearAttention(
      Tape tape, Case c, Map<String, Variable> in) {
    MatrixStateRecurrence recurrence =
        c.flag("normalize")
            ? MatrixStateRecurrence.normalised(c.number("scale"), c.number("normalizer_eps"))
            : MatrixStateRecurrence.scaled(c.number("scale"));
    return Operators.evolve(tape, recurrence, coefficients(in, "q", "k", "v"), in, "o");
  }

  private static Map<String, Variable> matrixState(Tape tape, Case c, Map<String, Variable> in) {
    return Operators.evolve(
        tape,
        MatrixStateRecurrence.scaled(c.number("scale")),
        coefficients(in, "q", "k", "v", "g"),
        in,
        "o");
  }

  private static Map<String, Variable> retention(Tape tape, Case c, Map<String, Variable> in) {
    return results(
        LinearOperators.retention(
            tape, Solver.AUTO, q(in), k(in), v(in), state(in), c.number("scale")));
  }

  private static Map<String, Variable> lightnet(Tape tape, Case c, Map<String, Variable> in) {
    return results(
        LinearOperators.lightnet(
            tape, Solver.AUTO, q(in), k(in), v(in), state(in), c.number("scale")));
  }

  private static Map<String, Variable> hgrn2(Tape tape, Case c, Map<String, Variable> in) {
    return results(
        LinearOperators.hgrn2(
            tape,
            Solver.AUTO,
            q(in),
            in.get("input.f"),
            v(in),
            in.get("parameter.lower_bound"),
            state(in),
            c.number("scale")));
  }

  private static Variable q(Map<String, Variable> in) {
    return in.get("input.q");
  }

  private static Variable k(Map<String, Variable> in) {
    return in.get("input.k");
  }

  private static Variable v(Map<String, Variable> in) {
    return in.get("input.v");
  }

  /** The case's initial state, or null. */
  private static State state(Map<String, Variable> in) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    in.forEach(
        (name, value) -> {
          if (name.startsWith("state.initial.")) {
            parts.put(name.substring("state.initial.".length()), value);
          }
        });
    return parts.isEmpty() ? null : new State(parts, new int[q(in).size(0)]);
  }

  private static Map<String, Variable> results(Evolution evolution) {
    Map<String, Variable> outputs = new LinkedHashMap<>();
    outputs.put("output.o", evolution.outputs());
    evolution.state().parts().forEach((name, part) -> outputs.put("state.final." + name, part));
    return outputs;
  }

  private static Map<String, Variable> coefficients(Map<String, Variable> in, String... names) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : names) {
      coefficients.put(name, in.get("input." + name));
    }
    return coefficients;
  }
}
