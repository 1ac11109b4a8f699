package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.SelectiveRecurrence;
import io.sequencezoo.models.vector.GatedOperators;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The gated members of the vector-state family, whose decays the input sets. */
final class GatedStateOperators {
  private GatedStateOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("gilr", GatedStateOperators::gilr);
    all.put("rwkv4", GatedStateOperators::rwkv4);
    all.put("hgrn", GatedStateOperators::hgrn);
    all.put("qlstm", GatedStateOperators::qLstm);
    all.put("rg_lru", GatedStateOperators::rgLru);
    all.put("selective_scan", GatedStateOperators::selectiveScan);
    return all;
  }

  private static Map<String, Variable> hgrn(Tape tape, Case c, Inputs in) {
    return Evolutions.outputs(
        "o",
        GatedOperators.hgrn(
            tape, Solver.AUTO, in.get("input.x"), in.get("input.g"), Evolutions.initial(in, "h")));
  }

  private static Map<String, Variable> gilr(Tape tape, Case c, Inputs in) {
    return Evolutions.outputs(
        "h",
        GatedOperators.gilr(
            tape, Solver.AUTO, in.get("input.v"), in.get("input.f"), Evolutions.initial(in, "h")));
  }

  private static Map<String, Variable> rwkv4(Tape tape, Case c, Inputs in) {
    return Evolutions.outputs(
        "y",
        GatedOperators.rwkv4(
            tape,
            Solver.AUTO,
            in.get("input.k"),
            in.get("input.v"),
            in.get("parameter.w"),
            in.get("parameter.u"),
            Evolutions.initial(in, "a", "b", "p")));
  }

  private static Map<String, Variable> qLstm(Tape tape, Case c, Inputs in) {
    return Evolutions.outputs(
        "y",
        GatedOperators.qLstm(
            tape,
            Solver.AUTO,
            in.get("input.x"),
            in.get("input.forget"),
            in.get("input.input"),
            in.get("input.output"),
            c.flag("reversed_sigmoid") ? in.get("parameter.alpha") : null,
            Evolutions.initial(in, "h")));
  }

  private static Map<String, Variable> rgLru(Tape tape, Case c, Inputs in) {
    Variable x = in.get("input.x");
    INDArray position = in.get("input.segment_pos").value();
    boolean[][] starts = new boolean[x.size(0)][x.size(1)];
    for (int b = 0; b < starts.length; b++) {
      for (int t = 0; t < starts[b].length; t++) {
        starts[b][t] = position.getLong(b, t) == 0;
      }
    }
    return Evolutions.outputs(
        "y",
        GatedOperators.rgLru(
            tape,
            Solver.AUTO,
            x,
            starts,
            in.get("parameter.a_param"),
            blocks(tape, in, "input_gate", x.size(2)),
            blocks(tape, in, "a_gate", x.size(2)),
            Evolutions.initial(in, "h")));
  }

  private static Variable[] blocks(Tape tape, Inputs in, String gate, int width) {
    Variable bias = in.get("parameter." + gate + ".b");
    return new Variable[] {
      in.get("parameter." + gate + ".w"), Primitives.reshape(tape, bias, width)
    };
  }

  /** The reference keeps rates and state with channels first, the zoo with states first. */
  private static Map<String, Variable> selectiveScan(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put("A", Primitives.permute(tape, in.get("parameter.A"), 1, 0));
    for (String name : new String[] {"u", "delta", "B", "C", "z"}) {
      putIfPresent(coefficients, name, in.optional("input." + name));
    }
    putIfPresent(coefficients, SelectiveRecurrence.SKIP, in.optional("parameter.D"));
    putIfPresent(coefficients, SelectiveRecurrence.BIAS, in.optional("parameter.delta_bias"));
    Variable h = in.optional("state.initial.h");
    State initial =
        h == null
            ? null
            : new State(Map.of("h", Primitives.permute(tape, h, 0, 2, 1)), new int[h.size(0)]);
    Evolution evolution =
        new SelectiveRecurrence(c.flag("delta_softplus"))
            .evolve(tape, Solver.AUTO, coefficients, initial, null);
    return Map.of(
        "output.y",
        evolution.outputs(),
        "state.final.h",
        Primitives.permute(tape, evolution.state().get("h"), 0, 2, 1));
  }

  private static void putIfPresent(
      Map<String, Variable> map, String name, @Nullable Variable value) {
    if (value != null) {
      map.put(name, value);
    }
  }
}
