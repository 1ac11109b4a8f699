package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Norms;

/**
 * The norm and the gate of a layer's outputs in the orders that the references have: {@code rms(o)
 * ⊙ f(z)} or {@code rms(o ⊙ f(z))}, either part optional.
 *
 * @param gain features of the parameter {@code norm}, which starts at one; 0 for no norm
 * @param group features of one root mean square
 * @param gate f
 * @param gateFirst whether the gate comes before the norm
 */
public record GatedNorm(int gain, int group, GateActivation gate, boolean gateFirst) {
  /** The reference layers'. */
  private static final double EPS = 1e-5;

  private static final String NORM = "norm";

  /** A norm per head, or none, and the gate after it; all heads share the gain. */
  static GatedNorm perHead(HeadSizes sizes, GateActivation gate, boolean norm) {
    return new GatedNorm(norm ? sizes.values() : 0, sizes.values(), gate, false);
  }

  /** A norm over all heads together, or none, and the gate after it. */
  static GatedNorm whole(HeadSizes sizes, GateActivation gate, boolean norm) {
    return new GatedNorm(norm ? sizes.valueWidth() : 0, sizes.valueWidth(), gate, false);
  }

  void declare(Declaration declaration) {
    if (gain != 0) {
      declaration.undecayed(NORM, Initialisers.ones(), gain);
    }
  }

  /**
   * Normalises and gates.
   *
   * @param o its last axis as long as the gain
   * @param z the gate's logits, as o; null without a gate
   */
  Variable apply(Context context, Variable o, Variable z) {
    Tape tape = context.tape();
    if (gain == 0) {
      return gated(tape, o, z);
    }
    Variable weight = context.parameter(NORM);
    if (gate == GateActivation.SILU) {
      return Norms.gatedRmsNorm(tape, o, z, weight, EPS, group, !gateFirst);
    }
    Variable first = gateFirst ? gated(tape, o, z) : o;
    Variable normed = Norms.rmsNorm(tape, first, weight, null, EPS, group);
    return gateFirst ? normed : gated(tape, normed, z);
  }

  private Variable gated(Tape tape, Variable o, Variable z) {
    return gate == GateActivation.NONE ? o : Activations.gated(tape, gate.activation(), z, o);
  }
}
