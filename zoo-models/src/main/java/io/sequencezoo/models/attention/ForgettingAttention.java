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
import io.sequencezoo.core.dynamics.attention.AttentionRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.op.ShortConvolution;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.shape.Sizes;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Forgetting attention (FoX): softmax attention whose logits lose, between key and query, the log
 * of a forget gate per token and head, so that the input decides how fast the past fades.
 *
 * <pre>{@code
 * q_t = x_t W_q    k_t = x_t W_k    v_t = x_t W_v
 * f_t = σ(x_t W_f + b_f)                                             one per query head
 * o_t = Σ_{s≤t, t-s<window} softmax_s(q_t·k_s / √K + Σ_{s<j≤t} log f_j) v_s
 * y_t = (σ(x_t W_g) ⊙ rms(o_t)) W_o                                  gate and norm optional
 *
 * optional, before norm and rotation: k_t ← α_t k_{t-1} + (1 - α_t) k_t,  α_t = σ(x_t W_α) per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code query}: {@code [D, HQ K]}; {@code key, value}: {@code [D, H K]}; {@code output}:
 *       {@code [HQ K, D]}; no biases; all {@code N(0, .02)}
 *   <li>{@code forget}: {@code [D, HQ]}; {@code forget_bias}: {@code [HQ]}, zero at first: half is
 *       forgotten per token
 *   <li>{@code query_norm}: {@code [HQ K]}, {@code key_norm}: {@code [H K]}, norms per head, only
 *       with {@code qkNorm}; {@code output_norm}: {@code [HQ K]}; {@code output_gate}: {@code [D,
 *       HQ K]}
 *   <li>{@code key_shift, value_shift}: {@code [D, H]}
 *   <li>state {@code k}, {@code v}: {@code [B, n, H, K]}, {@code g}: {@code [B, n, 1, HQ]}, the log
 *       gates; {@code key_shift, value_shift}: {@code [B, 1, H K]}, the last projections
 * </ul>
 *
 * <p>Cost per token: as softmax attention, and HQ additions per key seen. Differs from the paper:
 * grouped heads and a window may be set. Numerical care: see {@link AttentionRecurrence}.
 */
@Paper(
    key = "lin2025fox",
    title = "Forgetting Transformer: Softmax Attention with a Forget Gate",
    authors = "Lin, Nikishin, He and Courville 2025",
    arxiv = "2503.02130")
@Source(
    repo = "zhixuan-lin/forgetting-transformer",
    path =
        "src/forgetting_transformer/model/forgetting_transformer/modeling_forgetting_transformer.py",
    commit = "246d5e3f9c608d7a32141ba642bbb6babec5a35d")
public final class ForgettingAttention extends AbstractParametrisation {
  /** The reference's initializer_range. */
  private static final double DEVIATION = 0.02;

  /** The reference's group norm. */
  private static final double QK_NORM_EPS = 1e-5;

  /** The reference's norm_eps. */
  private static final double OUTPUT_NORM_EPS = 1e-6;

  private static final String KEY_SHIFT = "key_shift";
  private static final String VALUE_SHIFT = "value_shift";
  private static final String GATE = "output_gate";

  private final ForgettingAttentionConfig config;
  private final int headDim;

  /** Attention at a place of a model. */
  public ForgettingAttention(ForgettingAttentionConfig config, MixerConfig.Place place) {
    super(ForgettingAttentionConfig.NAME, place.width(), recurrence(config));
    this.config = config;
    this.headDim = config.headDimFor(width);
    if (config.position() instanceof Position.Rope rope) {
      rope.rotaryDim(name(), headDim);
    }
  }

  private static Recurrence recurrence(ForgettingAttentionConfig config) {
    AttentionRecurrence causal = AttentionRecurrence.causal();
    return config.window() == 0 ? causal : causal.withWindow(config.window());
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
    declaration.weight("forget", normal, width, config.heads());
    declaration.undecayed("forget_bias", Initialisers.zeros(), config.heads());
    if (config.keyShift()) {
      declaration.weight(KEY_SHIFT, normal, width, config.keyValueHeads());
    }
    if (config.valueShift()) {
      declaration.weight(VALUE_SHIFT, normal, width, config.keyValueHeads());
    }
    if (config.qkNorm()) {
      declaration.undecayed("query_norm", Initialisers.ones(), queryWidth());
      declaration.undecayed("key_norm", Initialisers.ones(), keyWidth());
    }
    if (config.norm()) {
      declaration.undecayed("output_norm", Initialisers.ones(), queryWidth());
    }
    if (config.outputGate()) {
      declaration.weight(GATE, normal, width, queryWidth());
    }
    declaration.weight("output", normal, queryWidth(), width);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Tape tape = context.tape();
    Map<String, Variable> last = new LinkedHashMap<>();
    if (config.keyShift()) {
      last.put(KEY_SHIFT, tape.constant(tape.zeros(type, batch, 1, keyWidth())));
    }
    if (config.valueShift()) {
      last.put(VALUE_SHIFT, tape.constant(tape.zeros(type, batch, 1, keyWidth())));
    }
    return last;
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> last = new LinkedHashMap<>();
    Variable q = linear(context, x, "query");
    Variable k = linear(context, x, "key");
    Variable v = linear(context, x, "value");
    k = config.keyShift() ? shifted(context, KEY_SHIFT, x, k, state, last) : k;
    v = config.valueShift() ? shifted(context, VALUE_SHIFT, x, v, state, last) : v;
    if (config.qkNorm()) {
      q = Norms.rmsNorm(tape, q, context.parameter("query_norm"), null, QK_NORM_EPS, headDim);
      k = Norms.rmsNorm(tape, k, context.parameter("key_norm"), null, QK_NORM_EPS, headDim);
    }
    Variable gates =
        Dense.linear(tape, x, context.parameter("forget"), context.parameter("forget_bias"));
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(AttentionRecurrence.QUERY, rotated(tape, perHead(tape, q), state.counts()));
    coefficients.put(AttentionRecurrence.KEY, rotated(tape, perHead(tape, k), state.counts()));
    coefficients.put(AttentionRecurrence.VALUE, perHead(tape, v));
    coefficients.put(AttentionRecurrence.FORGET, Activations.apply(tape, Unary.LOG_SIGMOID, gates));
    Map<String, Variable> extras =
        config.outputGate() ? Map.of(GATE, linear(context, x, GATE)) : Map.of();
    return new Drive(coefficients, extras, last);
  }

  private static Variable linear(Context context, Variable x, String name) {
    return Dense.linear(context.tape(), x, context.parameter(name), null);
  }

  private Variable perHead(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), x.size(2) / headDim, headDim);
  }

  private Variable rotated(Tape tape, Variable x, int[] consumed) {
    if (config.position() instanceof Position.Rope rope) {
      return Rotary.rotate(
          tape, x, consumed, rope.convention(), rope.base(), rope.rotaryDim(name(), headDim));
    }
    return x;
  }

  /** {@code p_t + α_t (p_{t-1} - p_t)} for a projection p, with one α per head. */
  private Variable shifted(
      Context context,
      String name,
      Variable x,
      Variable projection,
      State state,
      Map<String, Variable> last) {
    Tape tape = context.tape();
    Variable[] previous =
        ShortConvolution.apply(
            tape,
            projection,
            tape.constant(oneBack(projection)),
            null,
            state.get(name),
            null,
            context.lengths());
    last.put(name, previous[1]);
    Variable share = Activations.apply(tape, Unary.SIGMOID, linear(context, x, name)); // [B, T, H]
    Variable weight =
        Primitives.reshape(tape, share, x.size(0), x.size(1), config.keyValueHeads(), 1);
    Variable change =
        Primitives.multiply(
            tape, perHead(tape, Primitives.subtract(tape, previous[0], projection)), weight);
    Variable flat = Primitives.reshape(tape, change, projection.shape());
    return Primitives.add(tape, projection, flat);
  }

  /** The kernel of two taps that reads the token before. */
  private static INDArray oneBack(Variable projection) {
    INDArray kernel = Nd4j.zeros(projection.type(), projection.size(2), 2);
    kernel.getColumn(0).assign(1);
    return kernel;
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable o = Primitives.reshape(tape, outputs, outputs.size(0), outputs.size(1), queryWidth());
    if (config.norm()) {
      o = Norms.rmsNorm(tape, o, context.parameter("output_norm"), null, OUTPUT_NORM_EPS, headDim);
    }
    if (config.outputGate()) {
      o = Activations.gated(tape, Unary.SIGMOID, drive.extra(GATE), o);
    }
    return linear(context, o, "output");
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long perToken = 2L * keyWidth() + config.heads();
    return (seen(consumed) * perToken + shifts() * keyWidth()) * type.width();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long projections =
        (long) width
            * (queryWidth() * (config.outputGate() ? 3L : 2L)
                + 2L * keyWidth()
                + config.heads()
                + shifts() * config.keyValueHeads());
    // q·k and p v for every key seen, itself included.
    return projections + shifts() * keyWidth() + 2L * queryWidth() * seen(position + 1L);
  }

  private long shifts() {
    return (config.keyShift() ? 1L : 0L) + (config.valueShift() ? 1L : 0L);
  }

  private long seen(long tokens) {
    return config.window() == 0 ? tokens : Math.min(tokens, config.window());
  }
}
