package io.sequencezoo.models.norm;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.op.Norms;

/**
 * RMS norm with a gate, as mixers use it before their last projection.
 *
 * <pre>{@code
 * y = rms(x) w silu(z)        norm before gate
 * y = rms(x silu(z)) w        gate before norm
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code z}, {@code y}: {@code [B, T, D]}, in groups of D / groups features
 *   <li>{@code weight}: {@code [D]}, ones
 * </ul>
 *
 * @param width D
 * @param eps ε
 * @param groups number of groups of features
 * @param normBeforeGate which of the two comes first
 */
@Source(
    repo = "state-spaces/mamba",
    path = "mamba_ssm/ops/triton/layernorm_gated.py",
    commit = "e9594ce1c732d97440f0332fdc43170a2294dbfa")
public record GatedRmsNorm(int width, double eps, int groups, boolean normBeforeGate)
    implements Block {
  private static final String WEIGHT = "weight";

  /** Checks the groups. */
  public GatedRmsNorm {
    checkArgument(
        width % groups == 0,
        "gated rms norm: width %s must be divisible by groups %s",
        width,
        groups);
  }

  @Override
  public void declare(Declaration declaration) {
    declaration.undecayed(WEIGHT, Initialisers.ones(), width);
  }

  /** Normalises x and gates it by z; both {@code [B, T, D]}. */
  public Variable forward(Context context, Variable x, Variable z) {
    return Norms.gatedRmsNorm(
        context.tape(), x, z, context.parameter(WEIGHT), eps, width / groups, normBeforeGate);
  }
}
