package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.LstmRecurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.attention.AttentionRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.models.linear.LinearOperators;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** The recurrences of the reference vectors, by the solvers that training uses. */
final class RecurrenceOperators {
  private static final String FINAL = "state.final.";
  private static final String INITIAL = "state.initial.";

  private RecurrenceOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("softmax_attention", RecurrenceOperators::attention);
    all.put("linear_attention", RecurrenceOperators::linearAttention);
    all.put("gated_linear_attention", RecurrenceOperators::gatedLinearAttention);
    all.put("simple_gated_linear_attention", RecurrenceOperators::gatedLinearAttention);
    all.put("retention", RecurrenceOperators::retention);
    all.put("lightnet", RecurrenceOperators::lightnet);
    all.put("hgrn2", RecurrenceOperators::hgrn2);
    all.put("lstm", RecurrenceOperators::lstm);
    return all;
  }

  private static Map<String, Variable> attention(Tape tape, Case c, Inputs in) {
    AttentionRecurrence recurrence =
        (c.flag("causal") ? AttentionRecurrence.causal() : AttentionRecurrence.bidirectional())
            .withScale(c.number("scale"));
    if (c.config().path("window").isNumber()) {
      recurrence = recurrence.withWindow((int) c.number("window"));
    }
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : new String[] {"q", "k", "v"}) {
      coefficients.put(name, in.get("input." + name));
    }
    Evolution evolution = recurrence.evolve(tape, Solver.AUTO, coefficients, null, null);
    return Map.of("output.o", evolution.outputs());
  }

  private static Map<String, Variable> linearAttention(Tape tape, Case c, Inputs in) {
    Variable q = in.get("input.q");
    Variable k = in.get("input.k");
    Variable v = in.get("input.v");
    double scale = c.number("scale");
    return outputs(
        "o",
        c.flag("normalize")
            ? LinearOperators.normalisedLinearAttention(
                tape,
                Solver.AUTO,
                q,
                k,
                v,
                initial(in, "S", "z"),
                scale,
                c.number("normalizer_eps"))
            : LinearOperators.linearAttention(tape, Solver.AUTO, q, k, v, initial(in, "S"), scale));
  }

  private static Map<String, Variable> gatedLinearAttention(Tape tape, Case c, Inputs in) {
    return outputs(
        "o",
        LinearOperators.gatedLinearAttention(
            tape,
            Solver.AUTO,
            in.get("input.q"),
            in.get("input.k"),
            in.get("input.v"),
            in.get("input.g"),
            initial(in, "S"),
            c.number("scale")));
  }

  private static Map<String, Variable> retention(Tape tape, Case c, Inputs in) {
    return outputs(
        "o",
        LinearOperators.retention(
            tape,
            Solver.AUTO,
            in.get("input.q"),
            in.get("input.k"),
            in.get("input.v"),
            initial(in, "S"),
            c.number("scale")));
  }

  private static Map<String, Variable> lightnet(Tape tape, Case c, Inputs in) {
    return outputs(
        "o",
        LinearOperators.lightnet(
            tape,
            Solver.AUTO,
            in.get("input.q"),
            in.get("input.k"),
            in.get("input.v"),
            initial(in, "S", "z"),
            c.number("scale")));
  }

  private static Map<String, Variable> hgrn2(Tape tape, Case c, Inputs in) {
    return outputs(
        "o",
        LinearOperators.hgrn2(
            tape,
            Solver.AUTO,
            in.get("input.q"),
            in.get("input.f"),
            in.get("input.v"),
            in.optional("parameter.lower_bound"),
            initial(in, "S"),
            c.number("scale")));
  }

  private static Map<String, Variable> lstm(Tape tape, Case c, Inputs in) {
    Variable bias =
        Primitives.add(tape, in.get("parameter.bias_ih_l0"), in.get("parameter.bias_hh_l0"));
    Variable x =
        Dense.linearTransposed(tape, in.get("input.x"), in.get("parameter.weight_ih_l0"), bias);
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(LstmRecurrence.INPUT, x);
    coefficients.put(
        LstmRecurrence.WEIGHT, Primitives.permute(tape, in.get("parameter.weight_hh_l0"), 1, 0));
    State initial = initial(in, LstmRecurrence.HIDDEN, LstmRecurrence.CELL);
    return outputs(
        "y", new LstmRecurrence().evolve(tape, Solver.AUTO, coefficients, initial, null));
  }

  /** The state of these parts, or null where the case starts from the operator's own. */
  private static State initial(Inputs in, String... parts) {
    if (in.optional(INITIAL + parts[0]) == null) {
      return null;
    }
    Map<String, Variable> state = new LinkedHashMap<>();
    for (String part : parts) {
      state.put(part, in.get(INITIAL + part));
    }
    return new State(state, new int[state.get(parts[0]).size(0)]);
  }

  private static Map<String, Variable> outputs(String name, Evolution evolution) {
    Map<String, Variable> outputs = new LinkedHashMap<>();
    outputs.put("output." + name, evolution.outputs());
    evolution.state().parts().forEach((part, value) -> outputs.put(FINAL + part, value));
    return outputs;
  }
}
