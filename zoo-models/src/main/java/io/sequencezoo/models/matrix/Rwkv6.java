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
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.models.conv.Delay;
import io.sequencezoo.models.conv.TokenShift;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * RWKV-6's time mixing ("Finch"): gated linear attention whose output reads the state before the
 * token's decay and write, and adds the token's own write by a learned weight per channel.
 *
 * <pre>{@code
 * δ_t = x_{t-1} - x_t, u_t = x_t + μ ⊙ δ_t                    optional, as all mixes
 * x^i_t = x_t + (tanh(u_t L_i) H_i + μ_i) ⊙ δ_t               i = r, w, k, v, g
 * r, k, v = x^r W_r, x^k W_k, x^v W_v
 * w = -e^{tanh(x^w W_1) W_2 + b_w}                            log decay, per channel
 * o_t = r_tᵀ (S_{t-1} + diag(bonus) k_t v_tᵀ)                 read-out
 * S_t = diag(e^{w_t}) S_{t-1} + k_t v_tᵀ                      state
 * y_t = (norm(o_t) ⊙ silu(x^g_t W_g)) W_o                     norm and gate optional
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state; it is kept as the last token's output saw it, {@code
 *       S_{t-1}}, and {@code late_k, late_v, late_w [B, 1, .]}, the write and decay of that token,
 *       wait: a reader of the state before a token is the recurrence driven one token late
 *   <li>{@code shift}: {@code [B, 1, D]}, the last token
 *   <li>{@code mix [D]}: μ; {@code mix_i_low [D, R], mix_i_high [R, D], mix_i_bias [D]}: L, H, μ_i;
 *       Xavier's uniform with gain 2^{-2.5}, the vectors zero
 *   <li>{@code receptance, key, value, output_gate, output}: projections without bias, likewise
 *   <li>{@code decay_low, decay_high, decay_bias}: zero, orthogonal of length .1, zero: the decay
 *       starts at 1/e
 *   <li>{@code bonus [H, K]}: zero; {@code norm, norm_bias [H V]} of a layer norm per head, eps
 *       1e-5
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from the paper:
 * the layer, its sizes and its start are those of the reference, which says that the paper's author
 * may disagree with them. Numerical care: no decay is divided by; see also {@link
 * MatrixStateRecurrence}.
 */
@Paper(
    key = "peng2024eagle",
    title = "Eagle and Finch: RWKV with Matrix-Valued States and Dynamic Recurrence",
    authors = "Peng, Goldstein, Anthony et al. 2024",
    arxiv = "2404.05892")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/rwkv6.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class Rwkv6 extends AbstractParametrisation {
  /** The reference's. */
  private static final double GAIN = Math.pow(2, -2.5);

  private static final double NORM_EPS = 1e-5;
  private static final double LOW_RANK_LENGTH = 0.1;

  private static final String MIX = "mix";
  private static final String RECEPTANCE = "receptance";
  private static final String KEY = "key";
  private static final String VALUE = "value";
  private static final String DECAY = "decay";
  private static final String BONUS = "bonus";

  private final HeadSizes sizes;
  private final TokenShift shift;
  private final Map<String, Projection> mixes = new LinkedHashMap<>();
  private final Projection receptance;
  private final Projection key;
  private final Projection value;
  private final Projection decay;
  private final OutputStage output;
  private final Delay lateKey;
  private final Delay lateValue;
  private final Delay lateDecay;

  /** A layer. */
  Rwkv6(HeadSizes sizes, Rwkv6Config config) {
    super(Rwkv6Config.NAME, sizes.width(), MatrixStateRecurrence.scaled(1));
    this.sizes = sizes;
    this.shift = new TokenShift(width, config.shortConvolution() > 0);
    this.receptance = new Projection(RECEPTANCE, width, sizes.keyWidth());
    this.key = new Projection(KEY, width, sizes.keyWidth());
    this.value = new Projection(VALUE, width, sizes.valueWidth());
    this.decay = new Projection(DECAY, width, config.decayRank(), sizes.keyWidth(), true);
    this.output =
        new OutputStage(
            sizes, GatedNorm.centred(sizes, config.outputGate(), config.norm(), NORM_EPS, true));
    this.lateKey = new Delay("late_k", sizes.keyWidth());
    this.lateValue = new Delay("late_v", sizes.valueWidth());
    this.lateDecay = new Delay("late_w", sizes.keyWidth());
    List<String> mixed = List.of(RECEPTANCE, DECAY, KEY, VALUE, OutputStage.GATE);
    boolean gated = config.outputGate() != GateActivation.NONE;
    for (String name : shift.on() ? mixed.subList(0, gated ? 5 : 4) : List.<String>of()) {
      mixes.put(name, new Projection(MIX + "_" + name, width, config.mixRank(), width, true));
    }
  }

  @Override
  public void declare(Declaration declaration) {
    shift.declare(declaration, MIX, Initialisers.zeros());
    mixes.values().forEach(mix -> declareMix(declaration, mix));
    Initialiser xavier = Initialisers.xavierUniform(GAIN);
    receptance.declare(declaration, xavier);
    key.declare(declaration, xavier);
    value.declare(declaration, xavier);
    decay.declare(declaration, Initialisers.zeros(), Rwkv7Start.orthogonal(LOW_RANK_LENGTH));
    declaration.undecayed(BONUS, Initialisers.zeros(), sizes.heads(), sizes.keys());
    output.declare(declaration, xavier);
  }

  /** The reference has the factors of all five mixes side by side, which sets Xavier's bound. */
  private void declareMix(Declaration declaration, Projection mix) {
    double bound = GAIN * Math.sqrt(6.0 / (width + 5.0 * mix.rank()));
    mix.declare(declaration, Initialisers.uniform(-bound, bound));
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> parts = new LinkedHashMap<>(shift.initialState(context, batch, type));
    for (Delay delay : List.of(lateKey, lateValue, lateDecay)) {
      parts.putAll(delay.initialState(context, batch, type));
    }
    return parts;
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> next = new LinkedHashMap<>();
    Mixer mixer = new Mixer(context, x, state, next);
    Variable r = split(tape, receptance.apply(context, mixer.mix(RECEPTANCE)));
    Variable k = key.apply(context, mixer.mix(KEY));
    Variable v = value.apply(context, mixer.mix(VALUE));
    Variable logits = decay.apply(context, mixer.mix(DECAY), Unary.TANH);
    Variable w = Primitives.affine(tape, -1, Activations.apply(tape, Unary.EXP, logits), 0);
    Map<String, Variable> extras =
        new LinkedHashMap<>(output.extras(context, mixer.mix(OutputStage.GATE)));
    extras.put(
        BONUS, Heads.bonus(tape, r, split(tape, k), split(tape, v), context.parameter(BONUS)));
    Map<String, Variable> coefficients =
        LinearOperators.coefficients(
            r,
            split(tape, lateKey.apply(context, k, state, next)),
            split(tape, lateValue.apply(context, v, state, next)),
            split(tape, lateDecay.apply(context, w, state, next)));
    return new Drive(coefficients, extras, next);
  }

  private Variable split(Tape tape, Variable x) {
    return Heads.split(tape, x, sizes.heads());
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Variable read = Primitives.add(context.tape(), outputs, drive.extra(BONUS));
    return output.apply(context, read, drive.extras());
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return sizes.state() * type.width()
        + shift.stateBytes(type)
        + lateKey.stateBytes(type)
        + lateValue.stateBytes(type)
        + lateDecay.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long mixing = shift.on() ? (1L + mixes.size()) * width : 0;
    for (Projection mix : mixes.values()) {
      mixing += mix.multiplyAddsPerToken();
    }
    long projections =
        receptance.multiplyAddsPerToken()
            + key.multiplyAddsPerToken()
            + value.multiplyAddsPerToken()
            + decay.multiplyAddsPerToken()
            + output.multiplyAddsPerToken();
    // The bonus; decay, write and read: one each per number of state.
    long bonus = 2L * sizes.keyWidth() + sizes.valueWidth();
    return mixing + projections + bonus + 3 * sizes.state();
  }

  /** What the projections see of one stretch. */
  private final class Mixer {
    private final Context context;
    private final Variable x;
    private final @Nullable Variable change;
    private final Variable mixed;

    Mixer(Context context, Variable x, State state, Map<String, Variable> next) {
      this.context = context;
      this.x = x;
      Tape tape = context.tape();
      Variable made = shift.on() ? shift.change(context, x, state, next) : null;
      this.change = made;
      this.mixed =
          made != null
              ? Primitives.add(tape, x, Primitives.multiply(tape, made, context.parameter(MIX)))
              : x;
    }

    /** {@code x + (tanh(u L) H + μ) ⊙ δ}. */
    Variable mix(String name) {
      Projection share = mixes.get(name);
      if (share == null || change == null) {
        return x;
      }
      Variable own = change;
      Tape tape = context.tape();
      Variable shares = share.apply(context, mixed, Unary.TANH);
      return Primitives.add(tape, x, Primitives.multiply(tape, own, shares));
    }
  }
}
