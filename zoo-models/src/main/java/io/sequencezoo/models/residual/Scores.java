package io.sequencezoo.models.residual;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;

/** The gates that are read from the stream, {@code σ(x W + c)}. */
final class Scores {
  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  private Scores() {}

  static void check(double bias) {
    checkArgument(Double.isFinite(bias), "residual: bias of a gate must be finite, got %s", bias);
  }

  static void declare(Declaration declaration, int width, double bias) {
    declaration.weight(WEIGHT, Initialisers.fanInUniform(), width, width);
    declaration.undecayed(BIAS, Initialisers.constant(bias), width);
  }

  /** {@code σ(x W + c) ⊙ value}. */
  static Variable gated(Context context, Variable x, Variable value) {
    Variable scores =
        Dense.linear(context.tape(), x, context.parameter(WEIGHT), context.parameter(BIAS));
    return Activations.gated(context.tape(), Unary.SIGMOID, scores, value);
  }
}
