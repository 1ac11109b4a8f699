package io.sequencezoo.models.vector;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;

/**
 * What follows a state-space model and mixes its channels, by the names of S5's code ({@code
 * s5/layers.py}). {@code W} and {@code b} are {@code gate}, {@code V} and {@code c} {@code output}.
 */
public enum OutputGate {
  /** {@code σ(g W + b) ⊙ (g V + c)}, {@code g = gelu(y)}: a gated linear unit. */
  @JsonProperty("full_glu")
  FULL_GLU,
  /** {@code σ(g W + b) ⊙ g}, {@code g = gelu(y)}. */
  @JsonProperty("half_glu1")
  HALF_GLU1,
  /** {@code σ(gelu(y) W + b) ⊙ y}. */
  @JsonProperty("half_glu2")
  HALF_GLU2,
  /** {@code gelu(y)}. */
  @JsonProperty("gelu")
  GELU,
  /** {@code y}. */
  @JsonProperty("none")
  NONE;

  private static final String GATE = "gate";
  private static final String GATE_BIAS = "gate_bias";
  private static final String OUTPUT = "output";
  private static final String OUTPUT_BIAS = "output_bias";

  private boolean gated() {
    return this == FULL_GLU || this == HALF_GLU1 || this == HALF_GLU2;
  }

  void declare(Declaration declaration, int width) {
    if (gated()) {
      declaration.weight(GATE, Initialisers.fanInUniform(), width, width);
      declaration.undecayed(GATE_BIAS, Initialisers.zeros(), width);
    }
    if (this == FULL_GLU) {
      declaration.weight(OUTPUT, Initialisers.fanInUniform(), width, width);
      declaration.undecayed(OUTPUT_BIAS, Initialisers.zeros(), width);
    }
  }

  /**
   * Maps {@code y [B, T, D]} to {@code [B, T, D]}.
   *
   * @param gelu which form of GELU
   */
  Variable apply(Context context, Variable y, Unary gelu) {
    if (this == NONE) {
      return y;
    }
    Tape tape = context.tape();
    Variable g = Activations.apply(tape, gelu, y);
    if (!gated()) {
      return g;
    }
    Variable gate = Dense.linear(tape, g, context.parameter(GATE), context.parameter(GATE_BIAS));
    Variable carried = this == HALF_GLU2 ? y : g;
    if (this == FULL_GLU) {
      carried = Dense.linear(tape, g, context.parameter(OUTPUT), context.parameter(OUTPUT_BIAS));
    }
    return Activations.gated(tape, Unary.SIGMOID, gate, carried);
  }

  long multiplyAdds(int width) {
    long product = (long) width * width;
    return this == FULL_GLU ? 2 * product : gated() ? product : 0;
  }
}
