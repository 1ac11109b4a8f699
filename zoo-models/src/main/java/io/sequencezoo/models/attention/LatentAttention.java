package io.sequencezoo.models.attention;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.attention.LatentAttentionRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.shape.Sizes;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Multi-head latent attention: softmax attention that remembers of each token a small latent, of
 * which the keys and values of all heads are linear maps, and one key with the token's position.
 *
 * <pre>{@code
 * c_t = rms(x_t W_c)            p_t = rotate_t(x_t W_p)             state, R + P numbers per token
 * q_t^h = [rotate_t; same](x_t W_q)^h,  or of rms(x_t W_d) W_q with a query rank
 * k_s^h = [p_s; (c_s U)^h]      v_s^h = (c_s W)^h
 * y_t = W_o Σ_{s≤t} softmax_s(q_t^h·k_s^h / √(P+C)) v_s^h
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code latent}: {@code [D, R]}; {@code latent_norm}: {@code [R]}; {@code rope_key}: {@code
 *       [D, P]}
 *   <li>{@code query}: {@code [D, H (P+C)]}, positions first in each head; with a query rank {@code
 *       query_latent}: {@code [D, rank]}, {@code query_norm}: {@code [rank]}, {@code query}: {@code
 *       [rank, H (P+C)]}
 *   <li>{@code key_up}: {@code [R, H C]}; {@code value_up}: {@code [R, H V]}; {@code output}:
 *       {@code [H V, D]}; all {@code N(0, .02)}
 *   <li>state {@code latent}: {@code [B, n, 1, R]}; {@code ropeKey}: {@code [B, n, 1, P]}
 * </ul>
 *
 * <p>Cost per token by step: projections, maps of query and mean, and H (2 R + P) multiply-adds per
 * token seen; memory R + P per token held, where attention with all heads has 2 H C. Differs from
 * the paper: none. Numerical care: see {@link LatentAttentionRecurrence}.
 */
@Paper(
    key = "deepseek2024v2",
    title = "DeepSeek-V2: A Strong, Economical, and Efficient Mixture-of-Experts Language Model",
    authors = "DeepSeek-AI 2024",
    arxiv = "2405.04434")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/mla.py",
    commit = "20ceee5295631b9c76e2334c1613fb13576829c9")
public final class LatentAttention extends AbstractParametrisation {
  /** The initializer_range of the released models. */
  private static final double DEVIATION = 0.02;

  /** The rms_norm_eps of the released models. */
  private static final double NORM_EPS = 1e-6;

  /** Below Table 1 of the paper: the latent has as many features as four heads. */
  private static final int RANK_IN_HEADS = 4;

  private static final String QUERY_LATENT = "query_latent";

  private final LatentAttentionConfig config;
  private final int heads;
  private final int contentDim;
  private final int valueDim;
  private final int ropeDim;
  private final int rank;

  /** Attention at a place of a model. */
  public LatentAttention(LatentAttentionConfig config, MixerConfig.Place place) {
    super(LatentAttentionConfig.NAME, place.width(), recurrence(config));
    this.config = config;
    this.heads = config.heads();
    this.contentDim = config.headDimFor(width);
    this.valueDim = config.valueDim() == 0 ? contentDim : config.valueDim();
    this.ropeDim = config.ropeDim() == 0 ? evenHalf(contentDim) : config.ropeDim();
    this.rank = config.rank() == 0 ? RANK_IN_HEADS * contentDim : config.rank();
  }

  private static Recurrence recurrence(LatentAttentionConfig config) {
    LatentAttentionRecurrence causal = LatentAttentionRecurrence.causal();
    return config.window() == 0 ? causal : causal.withWindow(config.window());
  }

  /** Half of n, or the next even number. */
  private static int evenHalf(int n) {
    return 2 * Math.max(1, Math.round(n / 4f));
  }

  private int queryWidth() {
    String subject = name() + ": width of queries";
    return Sizes.product(subject, heads, Sizes.sum(subject, ropeDim, contentDim));
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(DEVIATION);
    int queryInput = width;
    if (config.queryRank() != 0) {
      queryInput = config.queryRank();
      declaration.weight(QUERY_LATENT, normal, width, queryInput);
      declaration.undecayed("query_norm", Initialisers.ones(), queryInput);
    }
    declaration.weight("query", normal, queryInput, queryWidth());
    declaration.weight("latent", normal, width, rank);
    declaration.undecayed("latent_norm", Initialisers.ones(), rank);
    declaration.weight("rope_key", normal, width, ropeDim);
    declaration.weight("key_up", normal, rank, (long) heads * contentDim);
    declaration.weight("value_up", normal, rank, (long) heads * valueDim);
    declaration.weight("output", normal, (long) heads * valueDim, width);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Variable latent = normed(context, linear(context, x, "latent"), "latent_norm");
    Variable queryInput =
        config.queryRank() == 0
            ? x
            : normed(context, linear(context, x, QUERY_LATENT), "query_norm");
    Variable q = linear(context, queryInput, "query");
    Variable ropeKey = linear(context, x, "rope_key");
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(LatentAttentionRecurrence.QUERY, rotated(context, q, heads, state.counts()));
    coefficients.put(
        LatentAttentionRecurrence.ROPE_KEY, rotated(context, ropeKey, 1, state.counts()));
    coefficients.put(
        LatentAttentionRecurrence.LATENT,
        Primitives.reshape(context.tape(), latent, x.size(0), x.size(1), 1, rank));
    coefficients.put(LatentAttentionRecurrence.KEY_UP, context.parameter("key_up"));
    coefficients.put(LatentAttentionRecurrence.VALUE_UP, context.parameter("value_up"));
    return new Drive(coefficients, Map.of(), Map.of());
  }

  private static Variable linear(Context context, Variable x, String name) {
    return Dense.linear(context.tape(), x, context.parameter(name), null);
  }

  private static Variable normed(Context context, Variable x, String name) {
    return Norms.rmsNorm(context.tape(), x, context.parameter(name), null, NORM_EPS, x.size(-1));
  }

  private Variable rotated(Context context, Variable x, int count, int[] consumed) {
    Tape tape = context.tape();
    Variable perHead = Primitives.reshape(tape, x, x.size(0), x.size(1), count, x.size(2) / count);
    Position.Rope rope = config.rope();
    return Rotary.rotate(tape, perHead, consumed, rope.convention(), rope.base(), ropeDim);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Variable flat =
        Primitives.reshape(
            context.tape(), outputs, outputs.size(0), outputs.size(1), (long) heads * valueDim);
    return linear(context, flat, "output");
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return seen(consumed) * (rank + ropeDim) * type.width();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long queries =
        config.queryRank() == 0
            ? (long) width * queryWidth()
            : (long) config.queryRank() * (width + queryWidth());
    long projections =
        queries
            + (long) width * (rank + ropeDim)
            + (long) heads * (rank * (long) (contentDim + valueDim) + (long) valueDim * width);
    return projections + seen(position + 1L) * heads * (2L * rank + ropeDim);
  }

  private long seen(long tokens) {
    return config.window() == 0 ? tokens : Math.min(tokens, config.window());
  }
}
