package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.models.channel.LearnedActivation;
import java.util.Map;
import java.util.TreeMap;

/** Activations with parameters, and maps that aren't linear, of the reference vectors. */
final class ChannelOperators {
  private static final String OUTPUT = "output.y";

  private ChannelOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("polyrelu", ChannelOperators::polyRelu);
    all.put("polynorm", ChannelOperators::polyNorm);
    all.put("crrelu", ChannelOperators::crRelu);
    all.put("siaf", ChannelOperators::series);
    all.put("quadratic_layer", ChannelOperators::quadratic);
    all.put("af_kan", ChannelOperators::kan);
    return all;
  }

  private static Map<String, Variable> polyRelu(Tape tape, Case c, Inputs in) {
    return Map.of(
        OUTPUT,
        LearnedActivation.polyRelu(
            tape, in.get("input.x"), in.get("parameter.weight"), in.get("parameter.bias")));
  }

  private static Map<String, Variable> polyNorm(Tape tape, Case c, Inputs in) {
    return Map.of(
        OUTPUT,
        LearnedActivation.polyNorm(
            tape,
            in.get("input.x"),
            in.get("parameter.weight"),
            in.get("parameter.bias"),
            c.number("eps")));
  }

  private static Map<String, Variable> crRelu(Tape tape, Case c, Inputs in) {
    Variable epsilon = Primitives.reshape(tape, in.get("parameter.epsilon"), 1);
    return Map.of(OUTPUT, LearnedActivation.crRelu(tape, in.get("input.x"), epsilon));
  }

  private static Map<String, Variable> series(Tape tape, Case c, Inputs in) {
    boolean gelu = "gelu".equals(c.config().path("activation").asText());
    return Map.of(
        OUTPUT,
        LearnedActivation.series(
            tape,
            gelu ? Unary.GELU : Unary.RELU,
            in.get("input.x"),
            in.get("parameter.a"),
            in.get("parameter.b")));
  }

  private static Map<String, Variable> quadratic(Tape tape, Case c, Inputs in) {
    Variable x = in.get("input.x");
    return Map.of(
        OUTPUT,
        LearnedActivation.quadratic(
            tape,
            linear(tape, x, in, "r"),
            linear(tape, x, in, "g"),
            linear(tape, Primitives.map(tape, Unary.SQUARE, x), in, "b")));
  }

  private static Variable linear(Tape tape, Variable x, Inputs in, String name) {
    return Dense.linearTransposed(
        tape, x, in.get("parameter." + name + ".weight"), in.get("parameter." + name + ".bias"));
  }

  /** With the published extrema over all positions. */
  private static Map<String, Variable> kan(Tape tape, Case c, Inputs in) {
    Variable features =
        LearnedActivation.kanFeatures(
            tape,
            in.get("input.x"),
            in.get("parameter.low"),
            in.get("parameter.high"),
            in.get("parameter.attention.weight"),
            in.get("parameter.temperature"),
            new Variable[] {in.get("parameter.norm.weight"), in.get("parameter.norm.bias")},
            c.number("eps"),
            true);
    return Map.of(OUTPUT, Dense.linearTransposed(tape, features, in.get("parameter.weight"), null));
  }
}
