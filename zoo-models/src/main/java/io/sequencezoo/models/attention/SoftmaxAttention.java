package io.sequencezoo.models.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.attention.AttentionRecurrence;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Embedding;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.core.op.Positions;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.shape.Sizes;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Softmax attention: a system whose state is every key and value so far, driven by projections of
 * the input; it forgets nothing, or all that lies outside its window.
 *
 * <pre>{@code
 * q_t = x_t W_q    k_t = x_t W_k    v_t = x_t W_v    optionally: silu(conv(.)) of q, k and v,
 *                                                   norm of q and k, rotation of q and k
 * o_t = Σ_{s≤t, t-s<window} softmax_s(q_t·k_s / √K) v_s         (eq. 1)
 * y_t = o_t W_o, or (o_t ⊙ σ(x_t W_g)) W_o
 * }</pre>
 *
 * <p>With a sink of logit a, {@code softmax_s} is {@code e^{x_s} / (e^a + Σ e^{x_r})}: its weights
 * sum to less than one (the attention sinks of Xiao et al., arXiv 2309.17453, as learned numbers).
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code query.weight}: {@code [D, HQ K]}; {@code key.weight}, {@code value.weight}: {@code
 *       [D, H K]}; query heads share key heads in contiguous groups
 *   <li>{@code output.weight}: {@code [HQ K, D]}, Xavier uniform over √(2 layers), since as many
 *       branches add up in the residual stream
 *   <li>{@code gate.weight}: {@code [D, HQ K]}, W_g, only with an output gate
 *   <li>{@code query_norm.weight}, {@code key_norm.weight}: {@code [K]}, only with {@code qkNorm}
 *   <li>{@code position.weight}: {@code [maxPositions, D]}, only with learned positions
 *   <li>{@code sink}: {@code [HQ]}, only with sinks, zero at first
 *   <li>{@code conv_query, conv_key, conv_value}: {@code [HQ K or H K, W]}, only with a short
 *       convolution of W tokens; {@code N(0, .02)}
 *   <li>state {@code k}, {@code v}: {@code [B, n, H, K]}, the last {@code n = min(consumed,
 *       window)}; with a short convolution also its caches, see {@link ShortConvolutions}
 * </ul>
 *
 * <p>Cost per token: projections and 2 HQ K multiply-adds per key seen; memory 2 H K per key held.
 * Differs from the paper: options as the literature has them since.
 */
@Paper(
    key = "vaswani2017attention",
    title = "Attention Is All You Need",
    authors = "Vaswani et al. 2017",
    arxiv = "1706.03762",
    equations = "1")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/ops/attn/naive.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class SoftmaxAttention extends AbstractParametrisation {
  // Embeddings of positions start as those of tokens do in GPT-2.
  private static final double POSITION_DEVIATION = 0.02;

  // The initializer_range of the reference's models.
  private static final double CONVOLUTION_DEVIATION = 0.02;

  private static final String GATE = "gate";

  private final SoftmaxAttentionConfig config;
  private final int layers;
  private final int headDim;
  private final ShortConvolutions convolutions;

  /** Attention at a place of a model. */
  public SoftmaxAttention(SoftmaxAttentionConfig config, MixerConfig.Place place) {
    super(SoftmaxAttentionConfig.NAME, place.width(), recurrence(config));
    this.config = config;
    this.layers = place.layers();
    this.headDim = config.headDimFor(width);
    if (config.position() instanceof Position.Rope rope) {
      rope.rotaryDim(name(), headDim);
    }
    this.convolutions =
        new ShortConvolutions(
            config.shortConvolution(),
            ImmutableMap.of("query", queryWidth(), "key", keyWidth(), "value", keyWidth()));
  }

  private static Recurrence recurrence(SoftmaxAttentionConfig config) {
    AttentionRecurrence recurrence = AttentionRecurrence.causal();
    if (config.window() != 0) {
      recurrence = recurrence.withWindow(config.window());
    }
    if (config.position() instanceof Position.Alibi) {
      recurrence = recurrence.withAlibi();
    }
    recurrence = recurrence.withDropout(config.dropout());
    if (config.scale() != 0) {
      recurrence = recurrence.withScale(config.scale());
    }
    return config.bidirectional() ? recurrence.bidirectional() : recurrence;
  }

  @Override
  public boolean isBidirectional() {
    return config.bidirectional();
  }

  @Override
  public void declare(Declaration declaration) {
    projection(declaration.child("query"), queryWidth(), config.bias());
    projection(declaration.child("key"), keyWidth(), hasKeyBias());
    projection(declaration.child("value"), keyWidth(), config.bias());
    convolutions.declare(declaration, Initialisers.normal(CONVOLUTION_DEVIATION));
    if (config.outputGate()) {
      projection(declaration.child(GATE), queryWidth(), false);
    }
    declaration.weight(
        "output.weight",
        Initialisers.xavierUniform(1 / Math.sqrt(2.0 * layers)),
        queryWidth(),
        width);
    if (config.outputBias()) {
      declaration.undecayed("output.bias", Initialisers.zeros(), width);
    }
    if (config.qkNorm()) {
      declaration.undecayed("query_norm.weight", Initialisers.ones(), headDim);
      declaration.undecayed("key_norm.weight", Initialisers.ones(), headDim);
    }
    if (config.sink()) {
      declaration.undecayed("sink", Initialisers.zeros(), config.heads());
    }
    if (config.position() instanceof Position.Learned learned) {
      declaration.weight(
          "position.weight",
          Initialisers.normal(POSITION_DEVIATION),
          learned.maxPositions(),
          width);
    }
  }

  /**
   * A bias of all keys adds the same to all logits of a query, which softmax doesn't see, unless
   * convolution, norm or rotation come between.
   */
  private boolean hasKeyBias() {
    return config.bias()
        && (config.qkNorm()
            || config.shortConvolution() > 0
            || config.position() instanceof Position.Rope);
  }

  private void projection(Declaration declaration, int out, boolean bias) {
    declaration.weight("weight", Initialisers.xavierUniform(1), width, out);
    if (bias) {
      declaration.undecayed("bias", Initialisers.zeros(), out);
    }
  }

  private int queryWidth() {
    return Sizes.product(name() + ": width of queries", config.heads(), headDim);
  }

  private int keyWidth() {
    return config.keyValueHeads() * headDim;
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolutions.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Variable input = withPositions(context, x, state);
    Map<String, Variable> caches = new LinkedHashMap<>();
    Variable q = projected(context, input, "query", state, caches);
    Variable k = projected(context, input, "key", state, caches);
    Variable v = projected(context, input, "value", state, caches);
    if (config.qkNorm()) {
      q = norm(context, q, "query_norm");
      k = norm(context, k, "key_norm");
    }
    q = rotated(context, q, state.counts());
    k = rotated(context, k, state.counts());
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(AttentionRecurrence.QUERY, q);
    coefficients.put(AttentionRecurrence.KEY, k);
    coefficients.put(AttentionRecurrence.VALUE, v);
    if (config.sink()) {
      coefficients.put(AttentionRecurrence.SINK, context.parameter("sink"));
    }
    if (config.dropout() > 0 && context.isTraining()) {
      coefficients.put(
          AttentionRecurrence.DROPOUT_SEED,
          context.tape().constant(Nd4j.createFromArray(context.seed("attention"))));
    }
    Map<String, Variable> extras =
        config.outputGate()
            ? Map.of(
                GATE,
                Dense.linear(context.tape(), input, context.parameter(GATE + ".weight"), null))
            : Map.of();
    return new Drive(coefficients, extras, caches);
  }

  private Variable projected(
      Context context, Variable x, String name, State state, Map<String, Variable> caches) {
    Variable flat =
        Dense.linear(
            context.tape(),
            x,
            context.parameter(name + ".weight"),
            context.hasParameter(name + ".bias") ? context.parameter(name + ".bias") : null);
    Variable convolved = convolutions.apply(context, name, flat, state, caches);
    return Primitives.reshape(
        context.tape(), convolved, x.size(0), x.size(1), convolved.size(2) / headDim, headDim);
  }

  private Variable norm(Context context, Variable x, String name) {
    return Norms.rmsNorm(
        context.tape(), x, context.parameter(name + ".weight"), null, config.normEps(), headDim);
  }

  private Variable rotated(Context context, Variable x, int[] consumed) {
    if (config.position() instanceof Position.Rope rope) {
      return Rotary.rotate(
          context.tape(),
          x,
          consumed,
          rope.convention(),
          rope.base(),
          rope.rotaryDim(name(), headDim));
    }
    return x;
  }

  private Variable withPositions(Context context, Variable x, State state) {
    if (!(config.position() instanceof Position.Learned learned)) {
      return x;
    }
    Tape tape = context.tape();
    int[] consumed = state.counts();
    int[] lengths = context.lengths();
    int steps = x.size(1);
    int most = learned.maxPositions();
    for (int b = 0; b < consumed.length; b++) {
      int end = consumed[b] + (lengths == null ? steps : lengths[b]);
      checkArgument(
          end <= most,
          "softmax_attention: sequence must have at most maxPositions %s tokens, got %s;"
              + " raise maxPositions or use rope",
          most,
          end);
      Replay.limit(most - end);
    }
    // Padded positions may lie beyond the table; what they get doesn't matter.
    INDArray positions = Positions.indices(tape, consumed, steps, at -> Math.min(at, most - 1));
    Variable added = Embedding.lookup(tape, context.parameter("position.weight"), positions);
    return Primitives.add(tape, x, added);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Variable flat =
        Primitives.reshape(context.tape(), outputs, outputs.size(0), outputs.size(1), queryWidth());
    Variable gated =
        config.outputGate()
            ? Activations.gated(context.tape(), Unary.SIGMOID, drive.extra(GATE), flat)
            : flat;
    return Dense.linear(
        context.tape(),
        gated,
        context.parameter("output.weight"),
        config.outputBias() ? context.parameter("output.bias") : null);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return 2L * seen(consumed) * keyWidth() * type.width() + convolutions.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long gate = config.outputGate() ? (long) width * queryWidth() : 0;
    long projections = 2L * width * (queryWidth() + keyWidth()) + gate;
    // q·k and p v for every key seen, itself included.
    return projections
        + convolutions.multiplyAddsPerToken()
        + 2L * queryWidth() * seen(position + 1L);
  }

  private long seen(long tokens) {
    return config.window() == 0 ? tokens : Math.min(tokens, config.window());
  }
}
