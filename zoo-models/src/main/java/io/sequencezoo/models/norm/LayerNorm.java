package io.sequencezoo.models.norm;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.op.Norms;

/**
 * Layer normalisation: features with mean 0 and variance 1, then scaled and shifted.
 *
 * <pre>{@code
 * y = (x - mean(x)) / √(var(x) + ε) w + b
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}
 *   <li>{@code weight}: {@code [D]}, ones; {@code bias}: {@code [D]}, zeros, or none
 * </ul>
 *
 * @param width D
 * @param eps ε
 * @param bias whether to shift
 */
@Paper(
    key = "ba2016layernorm",
    title = "Layer Normalization",
    authors = "Ba, Kiros and Hinton 2016",
    arxiv = "1607.06450",
    equations = "3-4")
@Source(
    repo = "state-spaces/mamba",
    path = "mamba_ssm/ops/triton/layer_norm.py",
    commit = "e9594ce1c732d97440f0332fdc43170a2294dbfa")
public record LayerNorm(int width, double eps, boolean bias) implements FeedForward {
  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  @Override
  public void declare(Declaration declaration) {
    declaration.undecayed(WEIGHT, Initialisers.ones(), width);
    if (bias) {
      declaration.undecayed(BIAS, Initialisers.zeros(), width);
    }
  }

  @Override
  public Variable apply(Context context, Variable x) {
    Variable shift = bias ? context.parameter(BIAS) : null;
    return Norms.layerNorm(context.tape(), x, context.parameter(WEIGHT), shift, eps);
  }
}
