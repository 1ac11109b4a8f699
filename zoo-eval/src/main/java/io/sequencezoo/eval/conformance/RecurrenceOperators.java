package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.MatrixStateRecurrence;
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

  private static Map<String, Variable> coefficients(Map<String, Variable> in, String... names) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : names) {
      coefficients.put(name, in.get("input." + name));
    }
    return coefficients;
  }
}
