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
import io.sequencezoo.core.dynamics.attention.StickBreakingRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.shape.Sizes;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Stick-breaking attention: from the newest key to the oldest, each takes the share of what is left
 * of a stick that its own logit says; no positions and no softmax.
 *
 * <pre>{@code
 * q_t = x_t W_q    k_t = x_t W_k    v_t = x_t W_v    z_ts = q_t·k_s / √K
 * p_ts = σ(z_ts) Π_{s<j<t} σ(-z_tj)    rem_t = Π_{j<t} σ(-z_tj)      j ≤ t where a token attends
 * y_t = W_o (Σ_{s<t} p_ts v_s + rem_t v_t)                           to itself; rem optional
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code query}: {@code [D, HQ K]}; {@code key, value}: {@code [D, H K]}; {@code output}:
 *       {@code [HQ K, D]}; no biases; all {@code N(0, .02)}
 *   <li>state {@code k}, {@code v}: {@code [B, n, H, K]}
 * </ul>
 *
 * <p>Cost per token: as softmax attention. Differs from the paper: grouped heads may be set; the
 * start of weights is that of the zoo's other attention. Numerical care: see {@link
 * StickBreakingRecurrence}.
 */
@Paper(
    key = "tan2024stickbreaking",
    title = "Scaling Stick-Breaking Attention: An Efficient Implementation and In-depth Study",
    authors = "Tan, Yang, Courville, Panda and Shen 2024",
    arxiv = "2410.17980")
@Source(
    repo = "shawntan/stickbreaking-attention",
    path = "stickbreaking_attention/sb_ref.py",
    commit = "3147a3841b025a31d271fc8f873120ff6fa0461b")
public final class StickBreakingAttention extends AbstractParametrisation {
  /** The initializer_range of the zoo's other attention. */
  private static final double DEVIATION = 0.02;

  private final StickBreakingAttentionConfig config;
  private final int headDim;

  /** Attention at a place of a model. */
  public StickBreakingAttention(StickBreakingAttentionConfig config, MixerConfig.Place place) {
    super(StickBreakingAttentionConfig.NAME, place.width(), recurrence(config));
    this.config = config;
    this.headDim = config.headDimFor(width);
  }

  private static Recurrence recurrence(StickBreakingAttentionConfig config) {
    StickBreakingRecurrence causal = StickBreakingRecurrence.causal(config.attendCurrent());
    return config.remainder() ? causal.withRemainder() : causal;
  }

  private int queryWidth() {
    return Sizes.product(name() + ": width of queries", config.heads(), headDim);
  }

  private int keyWidth() {
    return config.keyValueHeads() * headDim;
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(DEVIATION);
    declaration.weight("query", normal, width, queryWidth());
    declaration.weight("key", normal, width, keyWidth());
    declaration.weight("value", normal, width, keyWidth());
    declaration.weight("output", normal, queryWidth(), width);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    return new Drive(
        Map.of(
            StickBreakingRecurrence.QUERY, perHead(context, x, "query"),
            StickBreakingRecurrence.KEY, perHead(context, x, "key"),
            StickBreakingRecurrence.VALUE, perHead(context, x, "value")),
        Map.of(),
        Map.of());
  }

  private Variable perHead(Context context, Variable x, String weight) {
    Tape tape = context.tape();
    Variable y = Dense.linear(tape, x, context.parameter(weight), null);
    return Primitives.reshape(tape, y, y.size(0), y.size(1), y.size(2) / headDim, headDim);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable o = Primitives.reshape(tape, outputs, outputs.size(0), outputs.size(1), queryWidth());
    return Dense.linear(tape, o, context.parameter("output"), null);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return 2L * consumed * keyWidth() * type.width();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    // q·k and p v for every key held, its own included.
    return 2L * width * (queryWidth() + keyWidth()) + 2L * queryWidth() * (position + 1L);
  }
}
