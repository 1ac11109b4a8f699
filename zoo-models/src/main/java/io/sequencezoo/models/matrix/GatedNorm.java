package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Norms;
import org.jspecify.annotations.Nullable;

/**
 * The norm and the gate of a layer's outputs in the orders that the references have: {@code rms(o)
 * ⊙ f(z)} or {@code rms(o ⊙ f(z))}, either part optional.
 *
 * @param gain features of the parameter {@code norm}, which starts at one; 0 for no norm
 * @param group features of one root mean square
 * @param gate f
 * @param gateFirst whether the gate comes before the norm
 * @param centred null for the root mean square; otherwise a layer norm takes its place
 * @param eps what is added to the mean square, or to the variance
 */
public record GatedNorm(
    int gain,
    int group,
    GateActivation gate,
    boolean gateFirst,
    @Nullable Centred centred,
    double eps) {
  /** The reference layers'. */
  static final double EPS = 1e-5;

  static final String NORM = "norm";
  static final String NORM_BIAS = "norm_bias";

  /**
   * A layer norm of every group, with a gain per feature.
   *
   * @param biased whether features are shifted by the parameter {@code norm_bias}, from zero
   */
  record Centred(boolean biased) {}

  /** A root mean square. */
  GatedNorm(int gain, int group, GateActivation gate, boolean gateFirst) {
    this(gain, group, gate, gateFirst, null, EPS);
  }

  /** A norm per head, or none, and the gate after it; all heads share the gain. */
  static GatedNorm perHead(HeadSizes sizes, GateActivation gate, boolean norm) {
    return perHead(sizes, gate, norm, EPS);
  }

  /** The same with another ε. */
  static GatedNorm perHead(HeadSizes sizes, GateActivation gate, boolean norm, double eps) {
    return new GatedNorm(norm ? sizes.values() : 0, sizes.values(), gate, false, null, eps);
  }

  /** A norm over all heads together, or none, and the gate after it. */
  static GatedNorm whole(HeadSizes sizes, GateActivation gate, boolean norm) {
    return new GatedNorm(norm ? sizes.valueWidth() : 0, sizes.valueWidth(), gate, false);
  }

  /** A layer norm per head with a gain per feature, or none, and the gate after it. */
  static GatedNorm centred(
      HeadSizes sizes, GateActivation gate, boolean norm, double eps, boolean biased) {
    return new GatedNorm(
        norm ? sizes.valueWidth() : 0, sizes.values(), gate, false, new Centred(biased), eps);
  }

  void declare(Declaration declaration) {
    declare(declaration, Initialisers.ones());
  }

  /** With a start of the gain. */
  void declare(Declaration declaration, Initialiser gains) {
    if (gain != 0) {
      declaration.undecayed(NORM, gains, gain);
      if (centred != null && centred.biased) {
        declaration.undecayed(NORM_BIAS, Initialisers.zeros(), gain);
      }
    }
  }

  /**
   * Normalises and gates.
   *
   * @param o its last axis as long as the gain
   * @param z the gate's logits, as o; null without a gate
   */
  Variable apply(Context context, Variable o, @Nullable Variable z) {
    Tape tape = context.tape();
    if (gain == 0) {
      return gated(tape, o, z);
    }
    if (centred != null) {
      Variable first = gateFirst ? gated(tape, o, z) : o;
      Variable normed = layerNorm(context, first, centred);
      return gateFirst ? normed : gated(tape, normed, z);
    }
    Variable weight = context.parameter(NORM);
    if (gate == GateActivation.SILU) {
      return Norms.gatedRmsNorm(tape, o, given(z), weight, eps, group, !gateFirst);
    }
    Variable first = gateFirst ? gated(tape, o, z) : o;
    Variable normed = Norms.rmsNorm(tape, first, weight, null, eps, group);
    return gateFirst ? normed : gated(tape, normed, z);
  }

  private Variable layerNorm(Context context, Variable o, Centred layer) {
    Tape tape = context.tape();
    Variable ones = tape.constant(tape.allocate(o.type(), group).assign(1));
    Variable groups = Heads.split(tape, o, gain / group);
    Variable normed = Norms.layerNorm(tape, groups, ones, null, eps);
    Variable scaled =
        Primitives.multiply(tape, Heads.joined(tape, normed), context.parameter(NORM));
    return layer.biased ? Primitives.add(tape, scaled, context.parameter(NORM_BIAS)) : scaled;
  }

  private Variable gated(Tape tape, Variable o, @Nullable Variable z) {
    return gate == GateActivation.NONE
        ? o
        : Activations.gated(tape, gate.activation(), given(z), o);
  }

  private static Variable given(@Nullable Variable z) {
    checkArgument(z != null, "gated norm: logits of the gate must be given, got none");
    return z;
  }
}
