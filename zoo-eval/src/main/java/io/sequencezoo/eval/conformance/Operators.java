package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.op.ShortConvolution;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The operators that exist, by the names of the reference vectors. Each maps a case's tensors to
 * the arguments of the very operation that the blocks use; weights there are {@code [out, in]}.
 */
final class Operators {
  private static final Map<String, Operator> ALL = new TreeMap<>();

  static {
    ALL.putAll(AttentionOperators.all());
    ALL.putAll(ChannelOperators.all());
    ALL.putAll(ConvolutionOperators.all());
    ALL.putAll(MatrixStateOperators.all());
    ALL.putAll(VectorStateOperators.all());
    ALL.putAll(NonlinearOperators.all());
    ALL.putAll(LookupOperators.all());
    ALL.putAll(MemoryOperators.all());
    ALL.putAll(HaltingOperators.all());
    ALL.put("rms_norm", Operators::rmsNorm);
    ALL.put("gated_rms_norm", Operators::gatedRmsNorm);
    ALL.put("rotary_embedding", Operators::rotary);
    ALL.put("short_convolution", Operators::shortConvolution);
    ALL.put("swiglu", Operators::swiglu);
    ALL.put("cross_entropy", Operators::crossEntropy);
  }

  private Operators() {}

  /** The operator of this name, or null. */
  static @Nullable Operator get(String name) {
    return ALL.get(name);
  }

  private static Map<String, Variable> rmsNorm(Tape tape, Case c, Inputs in) {
    Variable x = in.get("input.x");
    return Map.of(
        "output.y",
        Norms.rmsNorm(
            tape,
            x,
            in.get("parameter.weight"),
            in.optional("parameter.bias"),
            c.number("eps"),
            x.size(-1)));
  }

  private static Map<String, Variable> gatedRmsNorm(Tape tape, Case c, Inputs in) {
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

  private static Map<String, Variable> rotary(Tape tape, Case c, Inputs in) {
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

  private static Map<String, Variable> shortConvolution(Tape tape, Case c, Inputs in) {
    Unary activation = "silu".equals(c.config().path("activation").asText()) ? Unary.SILU : null;
    Variable[] outputs =
        ShortConvolution.apply(
            tape,
            in.get("input.x"),
            in.get("parameter.weight"),
            in.optional("parameter.bias"),
            in.optional("state.initial.cache"),
            activation,
            null);
    return Map.of("output.y", outputs[0], "state.final.cache", outputs[1]);
  }

  private static Map<String, Variable> swiglu(Tape tape, Case c, Inputs in) {
    Variable x = in.get("input.x");
    Variable gate = linear(tape, x, in, "gate");
    Variable up = linear(tape, x, in, "up");
    Variable hidden = Activations.gated(tape, Unary.SILU, gate, up);
    return Map.of("output.y", linear(tape, hidden, in, "down"));
  }

  private static Variable linear(Tape tape, Variable x, Inputs in, String name) {
    return Dense.linearTransposed(
        tape, x, in.get("parameter." + name), in.optional("parameter." + name + "_bias"));
  }

  private static Map<String, Variable> crossEntropy(Tape tape, Case c, Inputs in) {
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
}
