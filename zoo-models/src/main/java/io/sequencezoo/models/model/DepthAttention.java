package io.sequencezoo.models.model;

import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.op.WeightedLayers;
import java.util.List;

/**
 * Depth attention: stages whose inputs are weighted sums of the stream before them and of all that
 * earlier ones put out, by weights that every token sets. Attention residuals, with one query per
 * stage.
 *
 * <pre>{@code
 * v_0 = x,  v_l = stage_l(h_l)                                 l = 1 ... L
 * h_1 = x
 * h_l = Σ_{i<l} a_i v_i,  a = softmax_i(w_l · v_i / √(mean(v_i²) + 1e-6))
 * y   = h_{L+1}                                                what comes out is one more sum
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code query.l}: {@code w_{l+1} [D]}, l from 1 to L, from zero, so that sums start as means
 *   <li>parameters and states of the stages are under {@code layers.i}, i from 0
 * </ul>
 *
 * <p>Cost per token: O(L² D) beside the stages'. A model whose only stage this is has attention to
 * all layers' outputs; several in a row have it within groups. Differs from the paper: a stage is
 * what the configuration says, such as a layer of two residual branches, where the paper has one
 * branch without its sum; the norm has no gain, which the query takes up.
 */
@Paper(
    key = "kimi2026attentionresiduals",
    title = "Attention Residuals",
    authors = "Kimi Team 2026",
    arxiv = "2603.15031")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/ops/attnres/naive.py",
    commit = "03314f2527066f1993c78210ead7ed61f4cc5ea3")
public final class DepthAttention extends StageOfStages {
  private static final double EPS = 1e-6;
  private static final String QUERY = "query.";

  private final int width;

  /** These stages of width D, at least one. */
  DepthAttention(List<Stage> stages, int width) {
    super(new Stages(stages, 1));
    this.width = width;
  }

  @Override
  public void declare(Declaration declaration) {
    stages.declare(declaration);
    for (int l = 1; l <= stages.passes(); l++) {
      declaration.undecayed(QUERY + l, Initialisers.zeros(), width);
    }
  }

  @Override
  Stages.Source source(Context context) {
    return outputs -> {
      int l = outputs.size() - 1;
      return l == 0
          ? outputs.get(0)
          : context.pass(
              "input." + l,
              WeightedLayers.apply(context.tape(), outputs, context.parameter(QUERY + l), EPS));
    };
  }
}
