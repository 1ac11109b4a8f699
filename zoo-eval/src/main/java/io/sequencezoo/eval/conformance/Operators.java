package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.LstmRecurrence;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.op.ShortConvolution;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The operators that exist, by the names of the reference vectors. Each maps a case's tensors to
 * the arguments of the very operation that the blocks use; weights there are {@code [out, in]}.
 */
final class Operators {
  private static final Map<String, Operator> ALL = new TreeMap<>();

  static {
    ALL.putAll(RecurrenceOperators.all());
    ALL.put("rms_norm", Operators::rmsNorm);
    ALL.put("gated_rms_norm", Operators::gatedRmsNorm);
    ALL.put("rotary_embedding", Operators::rotary);
    ALL.put("short_convolution", Operators::shortConvolution);
    ALL.put("swiglu", Operators::swiglu);
    ALL.put("cross_entropy", Operators::crossEntropy);
  }

  private Operators() {}

  /** The operator of this name, or null. */
  static Operator get(String name) {
    return ALL.get(name);
  }

  private static Map<String, Variable> rmsNorm(Tape tape, Case c, Map<String, Variable> in) {
    Variable x = in.get("input.x");
    return Map.of(
        "output.y",
        Norms.rmsNorm(
            tape,
            x,
            in.get("parameter.weight"),
            in.get("parameter.bias"),
            c.number("eps"),
            x.size(-1)));
  }

  private static Map<String, Variable> gatedRmsNorm(Tape tape, Case c, Map<String, Variable> in) {
    Variable x = in.get("input.x");
    int group = c.config().get("group_size").isNull() ? x.size(-1) : (int) c.number("group_size");
    return Map.of(
        "output.y",
        Norms.gatedRmsNorm(
            tape,
            x,
            in.get("input.z"),
            in.get("parameter.weight"),
            c.number("eps"),
            group,
            c.flag("norm_before_gate")));
  }

  private static Map<String, Variable> rotary(Tape tape, Case c, Map<String, Variable> in) {
    Rotary.Convention convention =
        c.flag("interleaved") ? Rotary.Convention.INTERLEAVED : Rotary.Convention.HALF_SPLIT;
    return Map.of(
        "output.y",
        Rotary.rotate(
            tape,
            in.get("input.x"),
            in.get("input.cos").value(),
            in.get("input.sin").value(),
            convention));
  }

  private static Map<String, Variable> shortConvolution(
      Tape tape, Case c, Map<String, Variable> in) {
    Unary activation = "silu".equals(c.config().path("activation").asText()) ? Unary.SILU : null;
    Variable[] outputs =
        ShortConvolution.apply(
            tape,
            in.get("input.x"),
            in.get("parameter.weight"),
            in.get("parameter.bias"),
            in.get("state.initial.cache"),
            activation,
            null);
    return Map.of("output.y", outputs[0], "state.final.cache", outputs[1]);
  }

  private static Map<String, Variable> swiglu(Tape tape, Case c, Map<String, Variable> in) {
    Variable x = in.get("input.x");
    Variable gate = linear(tape, x, in, "gate");
    Variable up = linear(tape, x, in, "up");
    Variable hidden = Activations.gated(tape, Unary.SILU, gate, up);
    return Map.of("output.y", linear(tape, hidden, in, "down"));
  }

  private static Variable linear(Tape tape, Variable x, Map<String, Variable> in, String name) {
    return Dense.linear(
        tape,
        x,
        Primitives.permute(tape, in.get("parameter." + name), 1, 0),
        in.get("parameter." + name + "_bias"));
  }

  private static Map<String, Variable> crossEntropy(Tape tape, Case c, Map<String, Variable> in) {
    Losses.CrossEntropy loss =
        Losses.crossEntropy(
            tape,
            in.get("input.logits"),
            in.get("input.targets").value(),
            (int) c.number("ignore_index"),
            null);
    return Map.of(
        "output.loss", loss.loss(),
        "output.token_loss", loss.tokenLoss(),
        "output.logsumexp", loss.logSumExp());
  }

  /** Runs a recurrence on coefficients from the case's initial state, if it has one. */
  static Map<String, Variable> evolve(
      Tape tape,
      Recurrence recurrence,
      Map<String, Variable> coefficients,
      Map<String, Variable> in,
      String output) {
    Variable any = coefficients.values().iterator().next();
    State fresh = recurrence.initialState(coefficients, any.type());
    Map<String, Variable> parts = new LinkedHashMap<>(fresh.parts());
    parts.replaceAll((name, part) -> in.getOrDefault("state.initial." + name, part));
    Recurrence.Evolution evolution =
        recurrence.evolve(
            tape, Solver.AUTO, coefficients, new State(parts, fresh.consumed()), null);
    Map<String, Variable> outputs = new LinkedHashMap<>();
    outputs.put("output." + output, evolution.outputs());
    evolution.state().parts().forEach((name, part) -> outputs.put("state.final." + name, part));
    return outputs;
  }

  static Map<String, Variable> lstm(Tape tape, Case c, Map<String, Variable> in) {
    Variable bias =
        Primitives.add(tape, in.get("parameter.bias_ih_l0"), in.get("parameter.bias_hh_l0"));
    Variable x =
        Dense.linear(
            tape,
            in.get("input.x"),
            Primitives.permute(tape, in.get("parameter.weight_ih_l0"), 1, 0),
            bias);
    Variable w = Primitives.permute(tape, in.get("parameter.weight_hh_l0"), 1, 0);
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(LstmRecurrence.INPUT, x);
    coefficients.put(LstmRecurrence.WEIGHT, w);
    return evolve(tape, new LstmRecurrence(), coefficients, in, "y");
  }
}
