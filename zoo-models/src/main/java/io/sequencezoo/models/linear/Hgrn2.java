package io.sequencezoo.models.linear;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.LogDecays;
import io.sequencezoo.core.op.Norms;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * HGRN2: a matrix state whose keys are what its forget gates leave over, so that a channel either
 * keeps or writes.
 *
 * <pre>{@code
 * q_t = silu(x_t W_q), v_t = x_t W_v
 * α_t = lb + (1 - lb) σ(x_t W_k)                   decay, never below lb
 * k_t = 1 - α_t                                    key
 * S_t = diag(α_t) S_{t-1} + k_t v_tᵀ               state     (eq. 5)
 * o_t = S_tᵀ q_t / √K                              read-out
 * y_t = rms(o_t) W_o                               norm over all heads together
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: {@code [B, W-1, H K or H V]} last inputs of the
 *       convolutions, where there are any; they have no activation
 *   <li>{@code q, k, v, output}: projections without bias, {@code N(0, .02)}; k gives the logits of
 *       the forget gate
 *   <li>{@code norm}: {@code [H V]}, eps 1e-5
 *   <li>{@code lb}: a number for the layer; in the reference it is learned for all layers of a
 *       model together, from a start of l/L in layer l of L, which is the default here
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. Differs from the paper:
 * the lower bound is not learned. Numerical care: k is {@code (1 - lb) σ(-f)}, which doesn't cancel
 * where the decay is near 1.
 */
@Paper(
    key = "qin2024hgrn2",
    title = "HGRN2: Gated Linear RNNs with State Expansion",
    authors = "Qin, Yang, Sun, Shen, Li, Sun and Zhong 2024",
    arxiv = "2404.07904")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/hgrn2.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class Hgrn2 implements Parametrisation {
  /** The reference's initializer_range. */
  private static final double INITIAL_DEVIATION = 0.02;

  private static final String NORM = "norm";
  private static final String OUTPUT = "output";

  private final HeadSizes sizes;
  private final double lowerBound;
  private final QueryKeyValue projections;
  private final MatrixStateRecurrence recurrence;

  /** A layer whose decays are at least lowerBound, with convolutions over W tokens, or 0. */
  Hgrn2(HeadSizes sizes, double lowerBound, int convolution) {
    this.sizes = sizes;
    this.lowerBound = lowerBound;
    this.projections = new QueryKeyValue(sizes, convolution, null);
    this.recurrence = MatrixStateRecurrence.scaled(1 / Math.sqrt(sizes.keys()));
  }

  @Override
  public String name() {
    return "hgrn2";
  }

  @Override
  public int width() {
    return sizes.width();
  }

  @Override
  public Recurrence recurrence() {
    return recurrence;
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(INITIAL_DEVIATION);
    projections.declare(declaration, normal);
    declaration.undecayed(NORM, Initialisers.ones(), sizes.valueWidth());
    declaration.weight(OUTPUT, normal, sizes.valueWidth(), sizes.width());
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return projections.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> caches = new LinkedHashMap<>();
    Map<String, Variable> coefficients = projections.apply(context, x, state, caches);
    Variable[] gates =
        LogDecays.lowerBounded(tape, coefficients.get(MatrixStateRecurrence.KEY), lowerBound);
    coefficients.put(MatrixStateRecurrence.KEY, gates[0]);
    coefficients.put(MatrixStateRecurrence.DECAY, gates[1]);
    coefficients.computeIfPresent(
        MatrixStateRecurrence.QUERY, (name, q) -> Activations.apply(tape, Unary.SILU, q));
    coefficients.replaceAll((name, value) -> projections.perHead(tape, value));
    return new Drive(coefficients, Map.of(), caches);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable normed =
        Norms.rmsNorm(
            tape,
            QueryKeyValue.joined(tape, outputs),
            context.parameter(NORM),
            null,
            GatedOutput.NORM_EPS,
            sizes.valueWidth());
    return Dense.linear(tape, normed, context.parameter(OUTPUT), null);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return sizes.state() * type.width() + projections.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long output = (long) sizes.width() * sizes.valueWidth();
    // Decay, write and read: one each per number of state.
    return projections.multiplyAddsPerToken() + output + 3 * sizes.state();
  }
}
