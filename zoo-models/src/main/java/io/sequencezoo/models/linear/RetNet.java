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
import io.sequencezoo.core.op.Rotary;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Multi-scale retention: linear attention whose heads forget at constant rates, each at its own.
 *
 * <pre>{@code
 * q, k, v = x W_q, x W_k, x W_v                    optionally silu(conv(.)) of each
 * q_t, k_t rotated by t θ_j                        θ_j = 10000^{-2j/K}
 * S_t = γ_h S_{t-1} + k_t v_tᵀ                     γ_h = 1 - 2^{-5-h}, h = 0, 1, ...   (eq. 8)
 * o_t = S_tᵀ q_t / √K                              read-out                            (eq. 6)
 * y_t = (rms(o_t) ⊙ silu(x_t W_g)) W_o             norm per head                       (eq. 8)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, H K V numbers per sequence, constant in T
 *   <li>{@code conv_q, conv_k, conv_v}: {@code [B, W-1, H K or H V]} last inputs of the
 *       convolutions, where there are any
 *   <li>{@code q, k, v, output_gate, output}: projections without bias, {@code N(0, .02)}
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5
 * </ul>
 *
 * <p>Cost per token: O(D²/H) time beside the projections, O(D²/H) memory. The rotation is xPos with
 * its decay left to γ. Differs from the paper: the norm is by root mean square and has a gain, as
 * in the reference code. Numerical care: {@code log γ} by {@code log1p}.
 */
@Paper(
    key = "sun2023retnet",
    title = "Retentive Network: A Successor to Transformer for Large Language Models",
    authors = "Sun, Dong, Huang, Ma, Xia, Xue, Wang and Wei 2023",
    arxiv = "2307.08621",
    equations = "6-8")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/multiscale_retention.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class RetNet implements Parametrisation {
  /** The reference's initializer_range. */
  private static final double INITIAL_DEVIATION = 0.02;

  private final HeadSizes sizes;
  private final double rotaryBase;
  private final QueryKeyValue projections;
  private final GatedOutput output;
  private final MatrixStateRecurrence recurrence;

  /**
   * A layer.
   *
   * @param rotaryBase base of the rotation's angles, or 0 for no rotation
   * @param convolution W, or 0 for none
   */
  RetNet(HeadSizes sizes, double rotaryBase, int convolution) {
    this.sizes = sizes;
    this.rotaryBase = rotaryBase;
    this.projections = new QueryKeyValue(sizes, convolution);
    this.output = new GatedOutput(sizes);
    this.recurrence = MatrixStateRecurrence.scaled(1 / Math.sqrt(sizes.keys()));
  }

  @Override
  public String name() {
    return "retnet";
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
    output.declare(declaration, normal);
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
    coefficients.replaceAll((name, value) -> projections.perHead(tape, value));
    if (rotaryBase != 0) {
      for (String name : new String[] {MatrixStateRecurrence.QUERY, MatrixStateRecurrence.KEY}) {
        coefficients.computeIfPresent(
            name, (unused, value) -> rotated(tape, value, state.consumed()));
      }
    }
    coefficients.put(
        MatrixStateRecurrence.DECAY,
        LinearOperators.retentionDecay(tape, x.type(), x.size(0), x.size(1), sizes.heads()));
    return new Drive(coefficients, Map.of(GatedOutput.GATE, output.gate(context, x)), caches);
  }

  private Variable rotated(Tape tape, Variable x, int[] positions) {
    return Rotary.rotate(
        tape, x, positions, Rotary.Convention.HALF_SPLIT, rotaryBase, sizes.keys());
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return output.apply(context, outputs, drive.extras().get(GatedOutput.GATE));
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return sizes.state() * type.width() + projections.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long rotation = rotaryBase == 0 ? 0 : 4L * sizes.keyWidth();
    // Decay, write and read: one each per number of state.
    return projections.multiplyAddsPerToken()
        + rotation
        + output.multiplyAddsPerToken()
        + 3 * sizes.state();
  }
}
