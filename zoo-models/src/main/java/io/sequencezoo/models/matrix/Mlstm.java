package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.kernel.Unary;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * mLSTM, the cell of xLSTM with a matrix memory: a matrix state per head that forgets by a sigmoid
 * gate and writes by an exponential one, normalised by what was written.
 *
 * <pre>{@code
 * q, k, v = x W_q, x W_k, x W_v                       optionally silu(conv(.)) of each
 * i, f = cap(x W_i + b_i), cap(x W_f + b_f)           cap(z) = c tanh(z / c), per head
 * m_t = max(logσ(f_t) + m_{t-1}, i_t)                 stabiliser
 * a_t, e_t = e^{logσ(f_t) + m_{t-1} - m_t}, e^{i_t - m_t}
 * C_t = a_t C_{t-1} + e_t k_t v_tᵀ                    state
 * n_t = a_t n_{t-1} + e_t k_t                         normaliser
 * h_t = C_tᵀ q̂_t / (max(|n_tᵀ q̂_t|, e^{-m_t}) + 1e-6)   q̂ = q / √K
 * y_t = (norm(h_t) ⊙ σ(x_t W_g)) W_o                  layer norm per head; both optional
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V + 1]}, C and n side by side: the normaliser is one more
 *       value, of ones; {@code m [B, H]}, zero at first
 *   <li>{@code conv_q, conv_k, conv_v}: {@code [B, W-1, H K or H V]} last inputs of the
 *       convolutions, where there are any
 *   <li>{@code q, k, v, output_gate, output}: projections without bias, {@code N(0, √(2/(5 D)))}
 *   <li>{@code input_gate, forget_gate [D, H]}: zero; {@code input_gate_bias}: {@code N(0, .1)};
 *       {@code forget_gate_bias}: from 3 to 6 over the heads
 *   <li>{@code norm}: {@code [H V]}, ones, eps 1e-6
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from the paper:
 * the layer is that of xLSTM-7B (arXiv 2503.13427), without its feed-forward part; its start is
 * that of the first xLSTM, since the reference for 7B sets none. Numerical care: no exponential
 * exceeds 1, whatever the gates are.
 */
@Paper(
    key = "beck2024xlstm",
    title = "xLSTM: Extended Long Short-Term Memory",
    authors = "Beck et al. 2024",
    arxiv = "2405.04517",
    equations = "19-27")
@Source(
    repo = "NX-AI/mlstm_kernels",
    path = "mlstm_kernels/torch/recurrent/native_step.py",
    commit = "39d3c61741e5d2c0e6ab8922106dd236632c5139")
public final class Mlstm extends MatrixStateMixer {
  /** The reference's, added to the stabilised denominator. */
  private static final double EPS = 1e-6;

  private static final double NORM_EPS = 1e-6;
  private static final double INPUT_BIAS_DEVIATION = 0.1;
  private static final String INPUT_GATE = "input_gate";
  private static final String FORGET_GATE = "forget_gate";
  private static final String BIAS = "_bias";

  /** The stabiliser {@code m}, among own parts of the state and among extras. */
  private static final String STABILISER = "m";

  private final MlstmConfig config;
  private final Projection inputGate;
  private final Projection forgetGate;

  /** A layer. */
  Mlstm(HeadSizes sizes, MlstmConfig config) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), Unary.SILU),
        new OutputStage(
            sizes, GatedNorm.centred(sizes, config.outputGate(), config.norm(), NORM_EPS, false)),
        null,
        sumOfWrites(sizes));
    this.config = config;
    this.inputGate = new Projection(INPUT_GATE, sizes.width(), sizes.heads());
    this.forgetGate = new Projection(FORGET_GATE, sizes.width(), sizes.heads());
  }

  @Override
  Initialiser initialiser() {
    return Initialisers.normal(Math.sqrt(2.0 / (5.0 * width)));
  }

  @Override
  void declareOwn(Declaration declaration, Initialiser initialiser) {
    int heads = sizes().heads();
    inputGate.declare(declaration, Initialisers.zeros());
    declaration.undecayed(INPUT_GATE + BIAS, Initialisers.normal(INPUT_BIAS_DEVIATION), heads);
    forgetGate.declare(declaration, Initialisers.zeros());
    declaration.undecayed(
        FORGET_GATE + BIAS,
        (shape, random) -> {
          double[] values = new double[heads];
          for (int h = 0; h < heads; h++) {
            values[h] = 3 + 3.0 * h / Math.max(1, heads - 1);
          }
          return values;
        },
        heads);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> parts = new LinkedHashMap<>(super.initialState(context, batch, type));
    Tape tape = context.tape();
    parts.put(STABILISER, tape.constant(tape.zeros(type, batch, sizes().heads())));
    return parts;
  }

  @Override
  void complete(Stretch stretch) {
    Tape tape = stretch.tape();
    Variable[] stabilised =
        LinearOperators.stabilise(
            tape,
            stretch.coefficients(),
            capped(tape, inputGate.apply(stretch)),
            capped(tape, forgetGate.apply(stretch)),
            stretch.state().get(STABILISER),
            stretch.context().lengths());
    stretch.extras().put(STABILISER, stabilised[0]);
    stretch.own().put(STABILISER, stabilised[1]);
  }

  /** {@code c tanh(z / c)}, or z where c is 0. */
  private Variable capped(Tape tape, Variable z) {
    double cap = config.gateSoftCap();
    return cap == 0
        ? z
        : Primitives.affine(
            tape, cap, Primitives.map(tape, Unary.TANH, Primitives.affine(tape, 1 / cap, z, 0)), 0);
  }

  @Override
  Variable read(Context context, Variable outputs, Drive drive) {
    return LinearOperators.normalise(context.tape(), outputs, drive.extra(STABILISER), EPS);
  }

  @Override
  long stateNumbers() {
    return (long) sizes().heads() * sizes().keys() * (sizes().values() + 1);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return super.stateBytes(consumed, type) + (long) sizes().heads() * type.width();
  }

  @Override
  long ownMultiplyAdds() {
    // The decay: one per number of state.
    return inputGate.multiplyAddsPerToken() + forgetGate.multiplyAddsPerToken() + stateNumbers();
  }
}
