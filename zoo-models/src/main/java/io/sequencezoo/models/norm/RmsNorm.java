package io.sequencezoo.models.norm;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.op.Norms;

/**
 * Root mean square normalisation: features of mean square 1 within each group, then scaled.
 *
 * <pre>{@code
 * y = x / √(mean(x²) + ε) w
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}, in groups of D / groups consecutive features
 *   <li>{@code weight}: {@code [D]}, ones
 * </ul>
 *
 * @param width D
 * @param eps ε
 * @param groups number of groups of features
 */
@Paper(
    key = "zhang2019rmsnorm",
    title = "Root Mean Square Layer Normalization",
    authors = "Zhang and Sennrich 2019",
    arxiv = "1910.07467",
    equations = "4")
@Source(
    repo = "state-spaces/mamba",
    path = "mamba_ssm/ops/triton/layernorm_gated.py",
    commit = "e9594ce1c732d97440f0332fdc43170a2294dbfa")
public record RmsNorm(int width, double eps, int groups) implements FeedForward {
  private static final String WEIGHT = "weight";

  /** Checks the groups. */
  public RmsNorm {
    checkArgument(
        width % groups == 0, "rms_norm: width %s must be divisible by groups %s", width, groups);
  }

  @Override
  public void declare(Declaration declaration) {
    declaration.undecayed(WEIGHT, Initialisers.ones(), width);
  }

  @Override
  public Variable apply(Context context, Variable x) {
    return Norms.rmsNorm(context.tape(), x, context.parameter(WEIGHT), null, eps, width / groups);
  }
}
