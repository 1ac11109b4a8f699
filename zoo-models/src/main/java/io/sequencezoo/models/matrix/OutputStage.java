package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.op.Dense;
import java.util.Map;

/**
 * From what the matrix states put out to the output of the layer: {@code y = (rms(o) ⊙ f(z)) W_o},
 * {@code z} the gate's projection of the layer's input; norm and gate are those of a {@link
 * GatedNorm}.
 */
public record OutputStage(HeadSizes sizes, GatedNorm norm, Projection gate) {
  /** The name of the gate's logits among a drive's extras, and of their projection. */
  static final String GATE = "output_gate";

  private static final String OUTPUT = "output";

  /** What most have: a norm per head, then a gate from a full matrix. */
  public OutputStage(HeadSizes sizes, GateActivation gate, boolean norm) {
    this(sizes, GatedNorm.perHead(sizes, gate, norm));
  }

  /** The same with another ε of the norm. */
  OutputStage(HeadSizes sizes, GateActivation gate, boolean norm, double eps) {
    this(sizes, GatedNorm.perHead(sizes, gate, norm, eps));
  }

  /** Another norm, and a gate from a full matrix. */
  OutputStage(HeadSizes sizes, GatedNorm norm) {
    this(sizes, norm, new Projection(GATE, sizes.width(), sizes.valueWidth()));
  }

  /** A norm per head, then a gate from a matrix of rank V with a bias: Kimi Delta Attention's. */
  static OutputStage gatedByLowRank(HeadSizes sizes, GateActivation gate, boolean norm) {
    return new OutputStage(
        sizes,
        GatedNorm.perHead(sizes, gate, norm),
        new Projection(GATE, sizes.width(), sizes.values(), sizes.valueWidth(), true));
  }

  /** Declares the parameters. */
  public void declare(Declaration declaration, Initialiser initialiser) {
    if (isGated()) {
      gate.declare(declaration, initialiser);
    }
    norm.declare(declaration);
    declaration.weight(OUTPUT, initialiser, sizes.valueWidth(), sizes.width());
  }

  private boolean isGated() {
    return norm.gate() != GateActivation.NONE;
  }

  /** The gate's logits as the extras of a drive; empty without a gate. */
  public Map<String, Variable> extras(Context context, Variable x) {
    if (!isGated()) {
      return Map.of();
    }
    Variable logits = gate.apply(context, x);
    return Map.of(
        GATE, isPerHead() ? Heads.split(context.tape(), logits, sizes.valueHeads()) : logits);
  }

  private boolean isPerHead() {
    return norm.gain() != sizes.valueWidth();
  }

  /** From {@code o [B, T, H, V]} to {@code y [B, T, D]}. */
  public Variable apply(Context context, Variable o, Map<String, Variable> extras) {
    Tape tape = context.tape();
    Variable shaped = isPerHead() ? o : Heads.joined(tape, o);
    Variable normed = norm.apply(context, shaped, extras.get(GATE));
    return project(context, isPerHead() ? Heads.joined(tape, normed) : normed);
  }

  /** The projection alone, of what is normed and gated, {@code [B, T, H V]}. */
  Variable project(Context context, Variable y) {
    return Dense.linear(context.tape(), y, context.parameter(OUTPUT), null);
  }

  /** Multiply-adds per token. */
  public long multiplyAddsPerToken() {
    long output = (long) sizes.width() * sizes.valueWidth();
    return output + (isGated() ? gate.multiplyAddsPerToken() : 0);
  }
}
