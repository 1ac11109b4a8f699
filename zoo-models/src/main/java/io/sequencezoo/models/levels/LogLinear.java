package io.sequencezoo.models.levels;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.models.matrix.MatrixHeads;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Log-linear attention: a layer with matrix states that keeps one for every power of two of the
 * past, and weighs them by what the token says.
 *
 * <pre>{@code
 * q, k, v, g, beta = the layer's
 * λ_t = softplus(scale ⊙ x_t W_λ)                      per head and level
 * o_t = Σ_l λ_{t,l} (S^l_t)ᵀ q_t                       the layer's read-out follows
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H (L-1), K, V]} state of the levels, and the layer's other parts; L
 *       levels reach {@code 2^{L-1}} tokens, so that the state grows with their logarithm
 *   <li>{@code mixer}: the layer's parameters; {@code level [D, H L]}: {@code W_λ}, uniform on
 *       ±1/√D; {@code level_scale [H, L]}: ones
 * </ul>
 *
 * <p>Every level is written in the first half of its blocks and read in the second ({@link
 * Levels}), which makes the levels heads of the layer's own recurrence; the published form keeps as
 * many states and merges them as blocks end. Cost per token: L - 1 times the layer's recurrence,
 * time and memory. Differs from the paper: nothing. Numerical care: see the layer's.
 */
@Paper(
    key = "guo2025loglinear",
    title = "Log-Linear Attention",
    authors = "Guo, Yang, Goel, Xing, Dao and Kim 2025",
    arxiv = "2506.04761")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/log_linear_mamba2.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class LogLinear extends AbstractParametrisation {
  private static final String MIXER = "mixer";
  private static final String LEVEL = "level";
  private static final String SCALE = "level_scale";
  private static final String WEIGHTS = "level_weights";
  private static final String OWN = "level_own";

  private final Parametrisation layer;
  private final MatrixHeads heads;
  private final int levels;

  /** This layer with L levels. */
  LogLinear(Parametrisation layer, MatrixHeads heads, int levels) {
    super(LogLinearConfig.NAME, layer.width(), layer.recurrence());
    this.layer = layer;
    this.heads = heads;
    this.levels = levels;
  }

  @Override
  public void declare(Declaration declaration) {
    layer.declare(declaration.child(MIXER));
    int h = heads.stateHeads();
    declaration.weight(LEVEL, Initialisers.fanInUniform(), width, (long) h * levels);
    declaration.undecayed(SCALE, Initialisers.ones(), h, levels);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return layer.initialState(context.child(MIXER), batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Drive drive = layer.drive(context.child(MIXER), x, state);
    Levels present = new Levels(levels, state.counts(), x.size(1));
    present.check(name(), context.lengths());
    Variable logits =
        Primitives.reshape(
            tape,
            Dense.linear(tape, x, context.parameter(LEVEL), null),
            x.size(0),
            x.size(1),
            heads.stateHeads(),
            levels);
    Variable scaled = Primitives.multiply(tape, logits, context.parameter(SCALE));
    Variable lambda = Activations.apply(tape, Unary.SOFTPLUS, scaled);
    Map<String, Variable> extras = new HashMap<>(drive.extras());
    extras.put(WEIGHTS, present.weights(tape, lambda));
    extras.put(OWN, Levels.own(tape, drive.coefficients(), lambda, heads.queryScale()));
    return new Drive(present.coefficients(tape, drive.coefficients()), extras, drive.ownState());
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable past = Levels.read(tape, outputs, drive.extra(WEIGHTS));
    Variable read = Primitives.add(tape, past, drive.extra(OWN));
    return layer.readOut(context.child(MIXER), read, drive);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long more = (levels - 2L) * heads.stateHeads() * heads.numbersPerHead();
    return layer.stateBytes(consumed, type) + more * type.width();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    // Decay, write and read of the further levels; at least these, without corrections.
    long more = 3L * (levels - 2) * heads.stateHeads() * heads.numbersPerHead();
    return layer.multiplyAddsPerToken(position) + (long) width * heads.stateHeads() * levels + more;
  }
}
