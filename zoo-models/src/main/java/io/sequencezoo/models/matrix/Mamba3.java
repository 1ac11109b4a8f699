package io.sequencezoo.models.matrix;

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
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.dynamics.matrix.RankedStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Mamba-3: a selective state space model with complex rates, as rotations of B and C, whose steps
 * follow a trapezoid rule that the input tilts; with one input and output per head, or with R.
 *
 * <pre>{@code
 * [x, B, C, raw, rate, trap, turns] = u_t W_in     x, B, C optionally silu(conv(.))
 * Δ_t = softplus(raw + step_bias)                  one step per head
 * α_t = e^{A_t Δ_t}, A_t = -max(f(rate), 1e-4)     f(a) = 1 + a, or 1/(1 - a) where a < 0
 * λ_t = σ(trap)
 * θ_t = (θ_{t-1} + π tanh(turns) Δ_t) mod 2π       turns shared by the heads
 * b_t, c_t = Rot(θ_t)(rms(B) + key_bias), Rot(θ_t)(rms(C) + query_bias)
 * S_t = α_t S_{t-1} + (1 - λ_t) Δ_t α_t b_{t-1} x_{t-1}ᵀ + λ_t Δ_t b_t x_tᵀ
 * o_t = S_tᵀ c_t + D x_t
 * y_t = (o_t ⊙ silu(u_t W_z)) W_out                optionally rms(o_t) ⊙ ., per head
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; inner width I = H
 *       P
 *   <li>{@code S}: {@code [B, H, N, P]} without the last token's write, which waits: {@code late_b
 *       [B, 1, H N], late_x [B, 1, I]} and its weight {@code late_weight [B, 1, H]}; {@code angle}:
 *       {@code [B, H, R]}, θ
 *   <li>{@code conv_x, conv_b, conv_c}: last inputs of the convolutions, where there are any
 *   <li>{@code in, output_gate, output}: uniform on ±1/√in, without bias
 *   <li>{@code step_bias [H]}: inverse softplus of steps log-uniform on [.001, .1], at least 1e-4;
 *       {@code skip [H]}: ones
 *   <li>{@code key_norm, query_norm [N]}: ones, eps 1e-5; {@code key_bias, query_bias [H, N]}: ones
 *   <li>{@code norm}: {@code [I]}, ones, eps 1e-5, where there is one
 * </ul>
 *
 * <p>With more than one input and output per head (MIMO), B and C, their biases and their writes
 * are R of each, x_r and z_r are {@code x ⊙ mimo_x_r} and {@code z ⊙ mimo_z_r}, and {@code y = Σ_r
 * mimo_o_r ⊙ (o_r ⊙ silu(z_r))}; {@code mimo_x, mimo_z, mimo_o [H, R, P]} start at 1/R, 1 and 1/R.
 *
 * <p>Rotations turn pairs of neighbouring features, the first ones; the reference's kernels for
 * MIMO pair halves, which permutes the features. Heads share B and C in G groups. Cost per token: 3
 * N I multiply-adds beside the projections. Differs from the paper: f and the bound on turns are
 * the reference's. Numerical care: see {@link TrapezoidInputs}; angles are reduced at every token.
 */
@Paper(
    key = "lahoti2026mamba3",
    title = "Mamba-3: Improved Sequence Modeling using State Space Principles",
    authors = "Lahoti, Li, Chen, Wang, Bick, Kolter, Dao and Gu 2026",
    arxiv = "2603.15569")
@Source(
    repo = "state-spaces/mamba",
    path = "mamba_ssm/modules/mamba3.py",
    commit = "e9594ce1c732d97440f0332fdc43170a2294dbfa")
public final class Mamba3 extends AbstractParametrisation {
  private static final double NORM_EPS = 1e-5;

  /** The least decay rate. */
  private static final double RATE_FLOOR = 1e-4;

  private static final String X = "x";
  private static final String B = "b";
  private static final String C = "c";
  private static final String STEP_BIAS = "step_bias";
  private static final String SKIP = "skip";
  private static final String KEY_NORM = "key_norm";
  private static final String QUERY_NORM = "query_norm";
  private static final String KEY_BIAS = "key_bias";
  private static final String QUERY_BIAS = "query_bias";
  private static final String SHARE = "share";
  private static final String ANGLE = "angle";
  private static final String LATE_B = "late_b";
  private static final String LATE_X = "late_x";
  private static final String LATE_WEIGHT = "late_weight";

  private final Mamba3Config config;
  private final int heads;
  private final int states;
  private final int inner;
  private final int grouped;
  private final RankedHeads ranked;
  private final int turns;
  private final Projection in;
  private final ShortConvolutions convolutions;
  private final OutputStage output;

  /**
   * A layer of width D with H heads of P features each.
   *
   * @param turns R, pairs of features that turn
   */
  Mamba3(int width, int heads, int headWidth, int turns, Mamba3Config config) {
    super(
        Mamba3Config.NAME,
        width,
        config.ranks() == 1 ? MatrixStateRecurrence.scaled(1) : new RankedStateRecurrence());
    this.config = config;
    this.heads = heads;
    this.states = config.stateSize();
    this.inner = heads * headWidth;
    this.grouped = config.groups() * config.ranks() * states;
    this.ranked = new RankedHeads(heads, config.ranks(), headWidth);
    this.turns = turns;
    this.in = new Projection("in", width, inner + 2 * grouped + 3 * heads + turns);
    this.convolutions =
        new ShortConvolutions(
            config.shortConvolution(),
            ImmutableMap.of(X, inner, B, grouped, C, grouped),
            Unary.SILU,
            false);
    HeadSizes sizes = new HeadSizes(width, heads, heads, states, headWidth);
    this.output =
        new OutputStage(
            sizes, new GatedNorm(config.norm() ? inner : 0, headWidth, config.outputGate(), false));
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser uniform = Initialisers.fanInUniform();
    in.declare(declaration, uniform);
    convolutions.declareUniform(declaration);
    declaration.undecayed(
        STEP_BIAS, Mamba2Initialisers.stepBias(config.stepInit(), config.stepFloor()), heads);
    declaration.undecayed(KEY_NORM, Initialisers.ones(), states);
    declaration.undecayed(QUERY_NORM, Initialisers.ones(), states);
    int biases = config.ranks() * states;
    declaration.undecayed(KEY_BIAS, Initialisers.ones(), heads, biases);
    declaration.undecayed(QUERY_BIAS, Initialisers.ones(), heads, biases);
    declaration.undecayed(SKIP, Initialisers.ones(), heads);
    output.declare(declaration, uniform);
    if (config.ranks() > 1) {
      ranked.declare(declaration, config.outputGate() != GateActivation.NONE);
    }
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Tape tape = context.tape();
    Map<String, Variable> parts =
        new LinkedHashMap<>(convolutions.initialState(context, batch, type));
    parts.put(ANGLE, tape.constant(tape.zeros(type, batch, heads, turns)));
    parts.put(
        LATE_B, tape.constant(tape.zeros(type, batch, 1, (long) heads * config.ranks() * states)));
    parts.put(LATE_X, tape.constant(tape.zeros(type, batch, 1, inner)));
    parts.put(LATE_WEIGHT, tape.constant(tape.zeros(type, batch, 1, heads)));
    return parts;
  }

  @Override
  public Drive drive(Context context, Variable u, State state) {
    Tape tape = context.tape();
    Map<String, Variable> own = new LinkedHashMap<>();
    Variable[] parts =
        Primitives.split(
            tape, in.apply(context, u), 2, inner, grouped, grouped, heads, heads, heads, turns);
    Variable x = Heads.split(tape, convolutions.apply(context, X, parts[0], state, own), heads);
    Variable b = convolutions.apply(context, B, parts[1], state, own);
    Variable c = convolutions.apply(context, C, parts[2], state, own);
    Variable raw = Primitives.add(tape, parts[3], context.parameter(STEP_BIAS));
    Variable step = Activations.apply(tape, Unary.SOFTPLUS, raw);
    TrapezoidInputs inputs =
        TrapezoidInputs.of(
            tape,
            new TrapezoidInputs.Given(
                x,
                biased(context, b, KEY_NORM, KEY_BIAS),
                biased(context, c, QUERY_NORM, QUERY_BIAS),
                step,
                logDecay(tape, step, parts[4]),
                parts[5],
                Heads.split(tape, parts[6], 1)),
            new TrapezoidInputs.Before(
                state.get(ANGLE), state.get(LATE_B), state.get(LATE_X), state.get(LATE_WEIGHT)),
            context.lengths());
    own.put(ANGLE, inputs.angle());
    own.put(LATE_B, inputs.b());
    own.put(LATE_X, inputs.x());
    own.put(LATE_WEIGHT, inputs.weight());
    Map<String, Variable> extras = new LinkedHashMap<>(output.extras(context, u));
    if (config.ranks() > 1) {
      extras.put(SHARE, ranked.own(context, inputs, x, context.parameter(SKIP)));
      return new Drive(ranked.coefficients(context, inputs.coefficients()), extras, own);
    }
    extras.put(X, x);
    extras.put(SHARE, inputs.share(tape));
    return new Drive(inputs.coefficients(), extras, own);
  }

  /** {@code rms(B) + bias}, the groups' B for every head, {@code [B, T, H R, N]}. */
  private Variable biased(Context context, Variable b, String norm, String bias) {
    Tape tape = context.tape();
    int groups = config.groups();
    int ranks = config.ranks();
    Variable split = Heads.split(tape, b, groups * ranks);
    Variable normed = Norms.rmsNorm(tape, split, context.parameter(norm), null, NORM_EPS, states);
    Variable joined = ranks == 1 ? normed : Heads.split(tape, Heads.joined(tape, normed), groups);
    Variable all = groups == 1 ? joined : Primitives.repeat(tape, joined, 2, heads / groups);
    Variable biased = Primitives.add(tape, all, context.parameter(bias));
    return ranks == 1 ? biased : Heads.split(tape, Heads.joined(tape, biased), heads * ranks);
  }

  /** {@code -max(f(a), 1e-4) Δ} with {@code f(a) = (1 + relu(a)) / (1 + relu(-a))}. */
  private static Variable logDecay(Tape tape, Variable step, Variable a) {
    Variable above = Primitives.affine(tape, 1, Primitives.map(tape, Unary.RELU, a), 1);
    Variable negated = Primitives.affine(tape, -1, a, 0);
    Variable below = Primitives.affine(tape, 1, Primitives.map(tape, Unary.RELU, negated), 1);
    Variable rate =
        Primitives.clamp(
            tape, Primitives.divide(tape, above, below), RATE_FLOOR, Double.POSITIVE_INFINITY);
    return Primitives.affine(tape, -1, Primitives.multiply(tape, rate, step), 0);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Map<String, Variable> extras = drive.extras();
    if (config.ranks() > 1) {
      Variable combined =
          ranked.combined(
              context,
              outputs,
              drive.extra(SHARE),
              config.norm() ? context.parameter(GatedNorm.NORM) : null,
              config.outputGate(),
              extras.get(OutputStage.GATE));
      return output.project(context, combined);
    }
    Variable read =
        TrapezoidInputs.outputs(
            context.tape(), outputs, drive.extra(SHARE), drive.extra(X), context.parameter(SKIP));
    return output.apply(context, read, extras);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long late = (long) heads * config.ranks() * states + inner + heads;
    return ((long) states * inner + late + (long) heads * turns) * type.width()
        + convolutions.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    // Keys' weights, what matches of a token itself, two rotations; its share and the skip.
    int ranks = config.ranks();
    long around = ranks * (2L * heads * states + 8L * heads * turns + 2L * inner);
    return in.multiplyAddsPerToken()
        + convolutions.multiplyAddsPerToken()
        + output.multiplyAddsPerToken()
        + around
        + (2L * ranks + 1) * inner * states;
  }
}
