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
import io.sequencezoo.core.op.ShortConvolution;
import io.sequencezoo.core.op.SkipConnection;
import io.sequencezoo.core.op.SsdInputs;
import io.sequencezoo.core.shape.Sizes;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Mamba-2: a selective state space model whose decay is one number per head, which makes it a
 * matrix state with {@code q = C, k = B, v = Δ x, g = Δ A}.
 *
 * <pre>{@code
 * [z, x, B, C, raw] = u_t W_in                     z only for the gate
 * [x, B, C] = silu(conv([x, B, C]))                W tokens, with bias; optional
 * Δ_t = clamp(softplus(raw_t + b))                 one step per head
 * S_t = e^{Δ_t A} S_{t-1} + B_t (Δ_t x_t)ᵀ         A = -e^{a}, one rate per head
 * o_t = S_tᵀ C_t + D x_t
 * y_t = rms(o_t ⊙ silu(z_t)) W_out                 or rms(o_t) ⊙ silu(z_t); both optional
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; inner width I = H
 *       P
 *   <li>{@code S}: {@code [B, H, N, P]} state, N I numbers per sequence, constant in T: the
 *       transpose of the reference's
 *   <li>{@code conv}: {@code [B, W-1, I + 2 G N]} the last inputs of the convolution
 *   <li>{@code in [D, 2 I + 2 G N + H]}, {@code out [I, D]}: uniform on ±1/√in, without bias
 *   <li>{@code conv_weight [I + 2 G N, W]}, {@code conv_bias}: uniform on ±1/√W
 *   <li>{@code step_bias [H]}: inverse softplus of steps log-uniform on [.001, .1], at least 1e-4;
 *       {@code log_rate [H]}: log of a uniform number on [1, 16]; {@code skip [H] or [I]}: ones
 *   <li>{@code norm}: {@code [I]}, ones, in G groups, eps 1e-5
 * </ul>
 *
 * <p>Heads share B and C in G groups: head h has those of {@code floor(h / (H/G))}. Cost per token:
 * 3 N I multiply-adds beside the projections. Differs from the paper: nothing; chunks are those of
 * {@link MatrixStateRecurrence}, whose block-local decays replace the reference's segment sums.
 * Numerical care: the step's softplus doesn't overflow, decays go through their logarithm.
 */
@Paper(
    key = "dao2024mamba2",
    title =
        "Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State"
            + " Space Duality",
    authors = "Dao and Gu 2024",
    arxiv = "2405.21060")
@Source(
    repo = "state-spaces/mamba",
    path = "mamba_ssm/modules/mamba2.py",
    commit = "e9594ce1c732d97440f0332fdc43170a2294dbfa")
public final class Mamba2 extends AbstractParametrisation implements MatrixHeads {
  private static final String IN_BIAS = "in_bias";
  private static final String OUT_BIAS = "out_bias";
  private static final String CONV = "conv";
  private static final String CONV_WEIGHT = "conv_weight";
  private static final String CONV_BIAS = "conv_bias";
  private static final String STEP_BIAS = "step_bias";
  private static final String LOG_RATE = "log_rate";
  private static final String SKIP = "skip";
  private static final String GATE = "z";
  private static final String CONVOLVED = "u";

  private final int inner;
  private final int mixed;
  private final SsdInputs.Shape shape;
  private final Mamba2Config config;
  private final Projection in;
  private final Projection out;
  private final GatedNorm norm;

  /** A layer of width D with H heads of P features each. */
  Mamba2(int width, int heads, int headWidth, Mamba2Config config) {
    super(Mamba2Config.NAME, width, MatrixStateRecurrence.scaled(1));
    this.config = config;
    this.inner = Sizes.product(name() + ": inner width", heads, headWidth);
    this.mixed = inner + 2 * config.groups() * config.stateSize();
    this.shape =
        new SsdInputs.Shape(
            heads,
            headWidth,
            config.groups(),
            config.stateSize(),
            config.stepLow(),
            config.stepHigh());
    this.in = new Projection("in", width, (isGated() ? inner : 0) + mixed + heads);
    this.out = new Projection("out", inner, width);
    this.norm =
        new GatedNorm(
            config.norm() ? inner : 0,
            inner / config.groups(),
            config.outputGate(),
            !config.normBeforeGate());
  }

  @Override
  public int stateHeads() {
    return shape.heads();
  }

  @Override
  public long numbersPerHead() {
    return (long) inner / shape.heads() * config.stateSize();
  }

  @Override
  public double queryScale() {
    return 1;
  }

  private boolean isGated() {
    return config.outputGate() != GateActivation.NONE;
  }

  @Override
  public void declare(Declaration declaration) {
    int heads = shape.heads();
    in.declare(declaration, Initialisers.fanInUniform());
    if (config.projectionBias()) {
      declaration.undecayed(IN_BIAS, uniform(width), in.out());
    }
    int span = config.shortConvolution();
    if (span > 0) {
      // Each feature of the convolution sees W inputs.
      declaration.weight(CONV_WEIGHT, uniform(span), mixed, span);
      if (config.convolutionBias()) {
        declaration.undecayed(CONV_BIAS, uniform(span), mixed);
      }
    }
    declaration.undecayed(
        STEP_BIAS, Mamba2Initialisers.stepBias(config.stepInit(), config.stepFloor()), heads);
    declaration.undecayed(LOG_RATE, Mamba2Initialisers.logRate(config.rateInit()), heads);
    declaration.undecayed(SKIP, Initialisers.ones(), config.skipPerFeature() ? inner : heads);
    norm.declare(declaration);
    out.declare(declaration, Initialisers.fanInUniform());
    if (config.projectionBias()) {
      declaration.undecayed(OUT_BIAS, uniform(inner), width);
    }
  }

  /** PyTorch's default for weights and biases of something with this many inputs. */
  private static Initialiser uniform(int inputs) {
    double bound = 1 / Math.sqrt(inputs);
    return Initialisers.uniform(-bound, bound);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    if (config.shortConvolution() == 0) {
      return Map.of();
    }
    Tape tape = context.tape();
    return Map.of(
        CONV, tape.constant(tape.zeros(type, batch, config.shortConvolution() - 1, mixed)));
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Variable projected = in.apply(context, x);
    Map<String, Variable> extras = new LinkedHashMap<>();
    Variable[] parts;
    if (isGated()) {
      Variable[] all = Primitives.split(tape, projected, 2, inner, mixed, shape.heads());
      extras.put(GATE, all[0]);
      parts = new Variable[] {all[1], all[2]};
    } else {
      parts = Primitives.split(tape, projected, 2, mixed, shape.heads());
    }
    Map<String, Variable> own = new LinkedHashMap<>();
    Variable convolved = convolved(context, parts[0], state, own);
    extras.put(CONVOLVED, convolved);
    Variable[] coefficients =
        SsdInputs.apply(
            tape,
            convolved,
            parts[1],
            context.parameter(STEP_BIAS),
            context.parameter(LOG_RATE),
            shape);
    Map<String, Variable> named = new LinkedHashMap<>();
    named.put(MatrixStateRecurrence.QUERY, coefficients[2]);
    named.put(MatrixStateRecurrence.KEY, coefficients[1]);
    named.put(MatrixStateRecurrence.VALUE, coefficients[0]);
    named.put(MatrixStateRecurrence.DECAY, coefficients[3]);
    return new Drive(named, extras, own);
  }

  private Variable convolved(Context context, Variable u, State state, Map<String, Variable> own) {
    if (config.shortConvolution() == 0) {
      return Activations.apply(context.tape(), Unary.SILU, u);
    }
    Variable[] convolved =
        ShortConvolution.apply(
            context.tape(),
            u,
            context.parameter(CONV_WEIGHT),
            config.convolutionBias() ? context.parameter(CONV_BIAS) : null,
            state.get(CONV),
            Unary.SILU,
            context.lengths());
    own.put(CONV, convolved[1]);
    return convolved[0];
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable skipped =
        SkipConnection.apply(
            tape, Heads.joined(tape, outputs), drive.extra(CONVOLVED), context.parameter(SKIP));
    return out.apply(context, norm.apply(context, skipped, drive.extras().get(GATE)));
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long before = Math.max(0, config.shortConvolution() - 1L) * mixed;
    return ((long) inner * config.stateSize() + before) * type.width();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long projections = in.multiplyAddsPerToken() + out.multiplyAddsPerToken();
    long convolution = (long) mixed * config.shortConvolution();
    // Step times x, and the skip.
    long around = 2L * inner;
    // Decay, write and read: one each per number of state.
    return projections + convolution + around + 3L * inner * config.stateSize();
  }
}
