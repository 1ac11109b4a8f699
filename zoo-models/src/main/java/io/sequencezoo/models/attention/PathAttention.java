package io.sequencezoo.models.attention;

import com.google.common.collect.ImmutableMap;
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
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.attention.PathRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.shape.Sizes;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * PaTH attention: softmax attention whose keys come to a query past a generalised Householder
 * reflection for every token between them, so that the input decides what a position means.
 *
 * <pre>{@code
 * q_t = x_t W_q    k_t = x_t W_k    v_t = x_t W_v    β_t = 2 σ(x_t W_β + b_β)
 * w_t = u_t / |u_t| per head,  u = silu(conv(x W_1 W_2))
 * P_ts = (I - β_t w_t w_tᵀ) ... (I - β_{s+1} w_{s+1} w_{s+1}ᵀ)
 * o_t = Σ_{s≤t} softmax_s((q_tᵀ P_ts k_s + Σ_{s<j≤t} g_j) / √K) v_s
 * y_t = o_t W_o                         optional: g_t = log σ(x_t W_f + b_f), rms of q and k
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code query}: {@code [D, HQ K]}; {@code key, value}: {@code [D, H K]}; {@code output}:
 *       {@code [HQ K, D]}; {@code direction_down}: {@code [D, R]}, {@code direction}: {@code [R, H
 *       K]}, or {@code [D, H K]} without a rank; all weights {@code N(0, .02)}
 *   <li>{@code beta}: {@code [D, H]}, {@code beta_bias}: {@code [H]}; {@code forget}: {@code [D,
 *       HQ]}, {@code forget_bias}: {@code [HQ]}; biases zero at first
 *   <li>{@code conv_direction}: {@code [H K, W]}; {@code query_norm}: {@code [HQ K]}, {@code
 *       key_norm}: {@code [H K]}, norms per head, only with {@code qkNorm}
 *   <li>state {@code k}, {@code v}, {@code w}: {@code [B, n, H, K]}, {@code beta}: {@code [B, n, H,
 *       1]}, {@code g}: {@code [B, n, 1, HQ]}; {@code conv_direction}: {@code [B, W-1, H K]}
 * </ul>
 *
 * <p>Cost per token: as softmax attention, and 2 HQ K per key seen for the reflections. Differs
 * from the paper: nothing in outputs; a step moves its query through what is held instead of moving
 * what is held. Numerical care: see {@link PathRecurrence}.
 */
@Paper(
    key = "yang2025path",
    title = "PaTH Attention: Position Encoding via Accumulating Householder Transformations",
    authors = "Yang et al. 2025",
    arxiv = "2505.16381")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/path_attn.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class PathAttention extends AbstractParametrisation {
  /** The reference's initializer_range. */
  private static final double DEVIATION = 0.02;

  /** The reference's norm_eps. */
  private static final double QK_NORM_EPS = 1e-5;

  /** Under the root of the reference's L2 norm. */
  private static final double DIRECTION_EPS = 1e-6;

  private static final String DIRECTION = "direction";
  private static final String DIRECTION_DOWN = "direction_down";

  private final PathAttentionConfig config;
  private final int headDim;
  private final ShortConvolutions convolutions;

  /** Attention at a place of a model. */
  public PathAttention(PathAttentionConfig config, MixerConfig.Place place) {
    super(PathAttentionConfig.NAME, place.width(), PathRecurrence.causal());
    this.config = config;
    this.headDim = config.headDimFor(width);
    this.convolutions =
        new ShortConvolutions(config.shortConvolution(), ImmutableMap.of(DIRECTION, keyWidth()));
  }

  private int queryWidth() {
    return Sizes.product(name() + ": width of queries", config.heads(), headDim);
  }

  private int keyWidth() {
    return config.keyValueHeads() * headDim;
  }

  private int directionInput() {
    return config.directionRank() == 0 ? width : config.directionRank();
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(DEVIATION);
    declaration.weight("query", normal, width, queryWidth());
    declaration.weight("key", normal, width, keyWidth());
    declaration.weight("value", normal, width, keyWidth());
    if (config.directionRank() != 0) {
      declaration.weight(DIRECTION_DOWN, normal, width, config.directionRank());
    }
    declaration.weight(DIRECTION, normal, directionInput(), keyWidth());
    convolutions.declareUniform(declaration);
    declaration.weight("beta", normal, width, config.keyValueHeads());
    declaration.undecayed("beta_bias", Initialisers.zeros(), config.keyValueHeads());
    if (config.forgetGate()) {
      declaration.weight("forget", normal, width, config.heads());
      declaration.undecayed("forget_bias", Initialisers.zeros(), config.heads());
    }
    if (config.qkNorm()) {
      declaration.undecayed("query_norm", Initialisers.ones(), queryWidth());
      declaration.undecayed("key_norm", Initialisers.ones(), keyWidth());
    }
    declaration.weight("output", normal, queryWidth(), width);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolutions.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> last = new LinkedHashMap<>();
    Variable q = linear(context, x, "query");
    Variable k = linear(context, x, "key");
    if (config.qkNorm()) {
      q = Norms.rmsNorm(tape, q, context.parameter("query_norm"), null, QK_NORM_EPS, headDim);
      k = Norms.rmsNorm(tape, k, context.parameter("key_norm"), null, QK_NORM_EPS, headDim);
    }
    Variable low = config.directionRank() == 0 ? x : linear(context, x, DIRECTION_DOWN);
    Variable w = linear(context, low, DIRECTION);
    w = convolutions.apply(context, DIRECTION, w, state, last);
    Variable strength = Activations.apply(tape, Unary.SIGMOID, affine(context, x, "beta"));
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(PathRecurrence.QUERY, perHead(tape, q));
    coefficients.put(PathRecurrence.KEY, perHead(tape, k));
    coefficients.put(PathRecurrence.VALUE, perHead(tape, linear(context, x, "value")));
    coefficients.put(PathRecurrence.DIRECTION, Norms.l2Norm(tape, perHead(tape, w), DIRECTION_EPS));
    coefficients.put(PathRecurrence.BETA, Primitives.affine(tape, 2, strength, 0));
    if (config.forgetGate()) {
      Variable gate = affine(context, x, "forget");
      coefficients.put(PathRecurrence.FORGET, Activations.apply(tape, Unary.LOG_SIGMOID, gate));
    }
    return new Drive(coefficients, Map.of(), last);
  }

  private static Variable linear(Context context, Variable x, String name) {
    return Dense.linear(context.tape(), x, context.parameter(name), null);
  }

  private static Variable affine(Context context, Variable x, String name) {
    return Dense.linear(
        context.tape(), x, context.parameter(name), context.parameter(name + "_bias"));
  }

  private Variable perHead(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), x.size(2) / headDim, headDim);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Variable o =
        Primitives.reshape(context.tape(), outputs, outputs.size(0), outputs.size(1), queryWidth());
    return linear(context, o, "output");
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long perToken =
        3L * keyWidth() + config.keyValueHeads() + (config.forgetGate() ? config.heads() : 0);
    return consumed * perToken * type.width() + convolutions.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long direction = (long) directionInput() * keyWidth() + (long) width * config.directionRank();
    long projections =
        (long) width
                * (2L * queryWidth()
                    + 2L * keyWidth()
                    + config.keyValueHeads()
                    + (config.forgetGate() ? config.heads() : 0))
            + direction;
    // q·k, q·w, q - β (q·w) w and p v for every key seen, itself included.
    return projections + convolutions.multiplyAddsPerToken() + 4L * queryWidth() * (position + 1L);
  }
}
