package io.sequencezoo.models.matrix;

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
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.models.conv.TokenShift;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * RWKV-7's time mixing ("Goose"): a matrix state per head that decays by channel and removes, along
 * one key, a share that differs from channel to channel, before it writes along another.
 *
 * <pre>{@code
 * x^i_t = x_t + μ_i ⊙ (x_{t-1} - x_t)                         i = r, w, k, v, a, g; optional
 * r, k, v = x^r W_r, x^k W_k, x^v W_v
 * g = -e^{-1/2} σ(tanh(x^w W_1) W_2 + b_w)                    log decay, in (-0.607, 0)
 * a = σ((x^a A_1) A_2 + b_a)                                  in-context rate, per channel
 * κ = (k ⊙ k_k) / |k ⊙ k_k|                                   removal key, per head
 * k̃ = k ⊙ (1 + (a - 1) ⊙ k_a)                                 replacement key
 * S_t = diag(e^g) S_{t-1} - (κ ⊙ a) (κᵀ S_{t-1}) + k̃ vᵀ       state; κ reads it before the decay
 * o_t = S_tᵀ r_t                                              read-out
 * y_t = ((norm(o_t) + (r_tᵀ (r_k ⊙ k̃_t)) v_t) ⊙ (σ(x^g G_1) G_2)) W_o   norm, gate optional
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, K]} state, D K numbers per sequence, constant in T
 *   <li>{@code shift}: {@code [B, 1, D]}, the last token
 *   <li>{@code mix_r, mix_w, mix_k, mix_v, mix_a, mix_g}: {@code μ [D]}
 *   <li>{@code receptance, key, value, output}: {@code [D, D]} without bias; orthogonal, keys a
 *       tenth of that, the output zero
 *   <li>{@code decay_low, decay_high, decay_bias}, {@code rate_low, rate_high, rate_bias}, {@code
 *       gate_low, gate_high}: projections of low rank; the first factor starts at zero
 *   <li>{@code removal_scale} k_k, {@code rate_mix} k_a, {@code bonus} r_k: {@code [D]}
 *   <li>{@code norm, norm_bias}: {@code [D]} of a layer norm per head, eps 1e-5 K
 * </ul>
 *
 * <p>Cost per token: O(D K) time beside the projections, O(D K) memory. Differs from the paper:
 * every layer is as the first; later layers' mix of values with those of the first layer is left
 * out, since a block sees only its own input. Numerical care: removal keys are divided by {@code
 * √(Σ + 1e-6)}, as in the reference's fused path, so that padding has gradients.
 */
@Paper(
    key = "peng2025rwkv7",
    title = "RWKV-7 \"Goose\" with Expressive Dynamic State Evolution",
    authors = "Peng, Zhang, Goldstein et al. 2025",
    arxiv = "2503.14456")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/rwkv7.py",
    commit = "0315a70ea55304398ad372e56cdd211ce0119571")
public final class Rwkv7 extends AbstractParametrisation {
  /** The reference's; a decay is never below e^{-0.607} = .545. */
  private static final double LARGEST_LOG_DECAY = Math.exp(-0.5);

  private static final double KEY_EPS = 1e-6;
  private static final double NORM_EPS_PER_KEY = 1e-5;

  /** The length to which the second factors of low-rank projections start. */
  private static final double LOW_RANK_LENGTH = 0.1;

  /** The values that share of a rate and the bonus start from. */
  private static final double FIRST_RATE_MIX = 1.02;

  private static final double FIRST_BONUS = -0.04;
  private static final String GATE = "gate";

  private final int heads;
  private final int keys;
  private final Rwkv7Config config;
  private final Projection decay;
  private final Projection rate;
  private final Projection gate;
  private final Rwkv7Start start;
  private final TokenShift shift;
  private final GatedNorm norm;

  /** Ranks of the projections of decay, in-context rate and output gate. */
  record Ranks(int decay, int rate, int gate) {}

  /** A layer with heads of K keys and values. */
  Rwkv7(int width, int keys, Ranks ranks, Rwkv7Start start, Rwkv7Config config) {
    super(Rwkv7Config.NAME, width, MatrixStateRecurrence.lowRank(1));
    this.config = config;
    this.keys = keys;
    this.heads = width / keys;
    this.decay = lowRank("decay", ranks.decay);
    this.rate = lowRank("rate", ranks.rate);
    this.gate = lowRank(GATE, ranks.gate);
    this.start = start;
    this.shift = new TokenShift(width, config.shortConvolution() > 0);
    this.norm =
        GatedNorm.centred(
            new HeadSizes(width, heads, heads, keys, keys),
            GateActivation.NONE,
            config.norm(),
            NORM_EPS_PER_KEY * keys,
            true);
  }

  private Projection lowRank(String name, int rank) {
    return new Projection(name, width, rank, width, false);
  }

  @Override
  public void declare(Declaration declaration) {
    shift.declare(declaration, "mix_r", start.mix(0.2));
    shift.declare(declaration, "mix_w", start.mix(0.9));
    shift.declare(declaration, "mix_k", start.mix(0.7));
    shift.declare(declaration, "mix_v", start.mix(0.7));
    shift.declare(declaration, "mix_a", start.mix(0.9));
    if (config.outputGate()) {
      shift.declare(declaration, "mix_g", start.mix(0.2));
    }
    declaration.weight("receptance", Rwkv7Start.orthogonal(1), width, width);
    declaration.weight("key", Rwkv7Start.orthogonal(0.1), width, width);
    declaration.weight("value", Rwkv7Start.orthogonal(1), width, width);
    Initialiser second = Rwkv7Start.orthogonal(LOW_RANK_LENGTH);
    decay.declare(declaration, Initialisers.zeros(), second);
    declaration.undecayed("decay_bias", start.decayBias(), width);
    rate.declare(declaration, Initialisers.zeros(), second);
    declaration.undecayed("rate_bias", start.rateBias(), width);
    if (config.outputGate()) {
      gate.declare(declaration, Initialisers.zeros(), second);
    }
    declaration.undecayed("removal_scale", start.removalScale(), width);
    declaration.undecayed("rate_mix", Initialisers.constant(FIRST_RATE_MIX), width);
    declaration.undecayed("bonus", Initialisers.constant(FIRST_BONUS), width);
    norm.declare(declaration, start.norm());
    declaration.weight("output", Initialisers.zeros(), width, width);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return shift.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> next = new LinkedHashMap<>();
    Variable r = projected(context, "receptance", shift.apply(context, "mix_r", x, state, next));
    Variable k = projected(context, "key", shift.apply(context, "mix_k", x, state, next));
    Variable v = projected(context, "value", shift.apply(context, "mix_v", x, state, next));
    Variable forget = shift.apply(context, "mix_w", x, state, next);
    Variable keep =
        Activations.apply(tape, Unary.SIGMOID, decay.apply(context, forget, Unary.TANH));
    Variable learn = shift.apply(context, "mix_a", x, state, next);
    Variable share = Activations.apply(tape, Unary.SIGMOID, rate.apply(context, learn));
    Map<String, Variable> extras = new LinkedHashMap<>();
    if (config.outputGate()) {
      Variable open = shift.apply(context, "mix_g", x, state, next);
      extras.put(GATE, gate.apply(context, open, Unary.SIGMOID));
    }

    Variable scaled = Primitives.multiply(tape, k, context.parameter("removal_scale"));
    Variable removal = Norms.l2Norm(tape, split(tape, scaled), KEY_EPS);
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(MatrixStateRecurrence.QUERY, split(tape, r));
    coefficients.put(MatrixStateRecurrence.KEY, split(tape, replacement(context, k, share)));
    coefficients.put(MatrixStateRecurrence.VALUE, split(tape, v));
    coefficients.put(
        MatrixStateRecurrence.DECAY,
        split(tape, Primitives.affine(tape, -LARGEST_LOG_DECAY, keep, 0)));
    coefficients.put(MatrixStateRecurrence.READ, Primitives.affine(tape, -1, removal, 0));
    coefficients.put(
        MatrixStateRecurrence.WRITE, Primitives.multiply(tape, removal, split(tape, share)));
    return new Drive(coefficients, extras, next);
  }

  private static Variable projected(Context context, String name, Variable x) {
    return Dense.linear(context.tape(), x, context.parameter(name), null);
  }

  /** {@code k ⊙ (1 + (a - 1) ⊙ k_a)}. */
  private static Variable replacement(Context context, Variable k, Variable share) {
    Tape tape = context.tape();
    Variable shortfall = Primitives.affine(tape, 1, share, -1);
    Variable change = Primitives.multiply(tape, shortfall, context.parameter("rate_mix"));
    return Primitives.multiply(tape, k, Primitives.affine(tape, 1, change, 1));
  }

  private Variable split(Tape tape, Variable x) {
    return Heads.split(tape, x, heads);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Map<String, Variable> c = drive.coefficients();
    Variable normed = norm.apply(context, Heads.joined(tape, outputs), null);
    Variable bonus =
        Heads.bonus(
            tape,
            Recurrence.required(c, MatrixStateRecurrence.QUERY),
            Recurrence.required(c, MatrixStateRecurrence.KEY),
            Recurrence.required(c, MatrixStateRecurrence.VALUE),
            context.parameter("bonus"));
    Variable sum = Primitives.add(tape, normed, Heads.joined(tape, bonus));
    Variable gated = config.outputGate() ? Primitives.multiply(tape, sum, drive.extra(GATE)) : sum;
    return projected(context, "output", gated);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (long) width * keys * type.width() + shift.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long projections = 4L * width * width;
    long lowRank = decay.multiplyAddsPerToken() + rate.multiplyAddsPerToken();
    long gating = config.outputGate() ? gate.multiplyAddsPerToken() : 0;
    long mixes = (config.outputGate() ? 6 : 5) * shift.multiplyAddsPerToken();
    // Decay, two reads and two writes of the state.
    return projections + lowRank + gating + mixes + 5L * width * keys;
  }
}
