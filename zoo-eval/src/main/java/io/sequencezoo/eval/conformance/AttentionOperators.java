package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.attention.AttentionRecurrence;
import io.sequencezoo.core.dynamics.attention.PathRecurrence;
import io.sequencezoo.core.dynamics.attention.StickBreakingRecurrence;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.models.attention.Normaliser;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Attention of the reference vectors, by the solvers that training uses. */
final class AttentionOperators {
  private AttentionOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("softmax_attention", AttentionOperators::attention);
    all.put("dsf_normalised_attention", AttentionOperators::normalisedAttention);
    all.put("stick_breaking_attention", AttentionOperators::stickBreaking);
    all.put("path_attention", AttentionOperators::path);
    return all;
  }

  private static Map<String, Variable> attention(Tape tape, Case c, Inputs in) {
    AttentionRecurrence causal = AttentionRecurrence.causal().withScale(c.number("scale"));
    if (c.config().path("window").isNumber()) {
      causal = causal.withWindow((int) c.number("window"));
    }
    Recurrence recurrence = c.flag("causal") ? causal : causal.bidirectional();
    Map<String, Variable> coefficients = coefficients(in, "q", "k", "v");
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

  /** What is left of the stick is what values of one don't get. */
  private static Map<String, Variable> stickBreaking(Tape tape, Case c, Inputs in) {
    StickBreakingRecurrence recurrence =
        StickBreakingRecurrence.causal(c.flag("attend_current")).withScale(c.number("scale"));
    Map<String, Variable> coefficients = coefficients(in, "q", "k", "v");
    Variable o = recurrence.evolve(tape, Solver.AUTO, coefficients, null, null).outputs();
    Variable q = in.get("input.q");
    INDArray one = tape.zeros(q.type(), q.size(0), q.size(1), q.size(2), 1).addi(1);
    coefficients.put(StickBreakingRecurrence.VALUE, tape.constant(one));
    Variable taken = recurrence.evolve(tape, Solver.AUTO, coefficients, null, null).outputs();
    return Map.of("output.o", o, "output.remainder", Primitives.affine(tape, -1, taken, 1));
  }

  private static Map<String, Variable> path(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = coefficients(in, "q", "k", "v", "w", "beta");
    if (in.optional("input.g") != null) {
      coefficients.put(PathRecurrence.FORGET, in.get("input.g"));
    }
    Evolution evolution =
        PathRecurrence.causal()
            .withScale(c.number("scale"))
            .evolve(tape, Solver.AUTO, coefficients, null, null);
    return Map.of("output.o", evolution.outputs());
  }

  private static Map<String, Variable> coefficients(Inputs in, String... names) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : names) {
      coefficients.put(name, in.get("input." + name));
    }
    return coefficients;
  }
}
