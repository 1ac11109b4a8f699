package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.attention.AttentionRecurrence;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.models.attention.Normaliser;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Attention of the reference vectors, by the solvers that training uses. */
final class AttentionOperators {
  private AttentionOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("softmax_attention", AttentionOperators::attention);
    all.put("dsf_normalised_attention", AttentionOperators::normalisedAttention);
    return all;
  }

  private static Map<String, Variable> attention(Tape tape, Case c, Inputs in) {
    AttentionRecurrence causal = AttentionRecurrence.causal().withScale(c.number("scale"));
    if (c.config().path("window").isNumber()) {
      causal = causal.withWindow((int) c.number("window"));
    }
    Recurrence recurrence = c.flag("causal") ? causal : causal.bidirectional();
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : new String[] {"q", "k", "v"}) {
      coefficients.put(name, in.get("input." + name));
    }
    Evolution evolution = recurrence.evolve(tape, Solver.AUTO, coefficients, null, null);
    return Map.of("output.o", evolution.outputs());
  }

  private static Map<String, Variable> normalisedAttention(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        MatrixStateRecurrence.QUERY,
        Normaliser.EXP.divide(tape, in.get("input.q"), in.get("input.n")));
    coefficients.put(MatrixStateRecurrence.KEY, in.get("input.k"));
    coefficients.put(MatrixStateRecurrence.VALUE, in.get("input.v"));
    Evolution evolution =
        MatrixStateRecurrence.scaled(1).evolve(tape, Solver.AUTO, coefficients, null, null);
    return Map.of("output.o", evolution.outputs());
  }
}
