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
import io.sequencezoo.core.dynamics.matrix.BidirectionalMatrixState;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Linear attention: attention whose weights are products of features, so that the past fits a
 * matrix.
 *
 * <pre>{@code
 * q, k, v = x W_q, x W_k, x W_v                    optionally silu(conv(.)) of each
 * S_t = S_{t-1} + φ(k_t) v_tᵀ                      state       (eq. 18)
 * z_t = z_{t-1} + φ(k_t)                           normaliser  (eq. 19)
 * o_t = S_tᵀ φ(q_t) / (z_tᵀ φ(q_t) + eps)          read-out    (eq. 20)
 * y_t = o_t W_o                                    optionally a norm per head before
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code φ}: identity, {@code elu + 1}, {@code relu}, or Taylor features of order P, whose
 *       products {@code Σ_{p≤P} (qᵀk/√K)^p / p!} approach softmax attention's; F features
 *   <li>{@code S}: {@code [B, H, F, V]} state; {@code z}: {@code [B, H, F]}, where normalised
 *   <li>{@code conv_q, conv_k, conv_v}: {@code [B, W-1, H K or H V]} last inputs of the
 *       convolutions, where there are any
 *   <li>{@code q, k, v, output}: projections without bias, {@code N(0, .02)}
 *   <li>{@code norm}: {@code [V]}, shared by the heads, eps 1e-5, where there is one
 * </ul>
 *
 * <p>Queries are divided by √K; before the map for Taylor features, as Based does, after it
 * otherwise. With {@code P = 2}, normaliser and {@code eps = 1e-6} it is the linear attention of
 * Based. Bidirectional, sums go over the whole sequence. Cost per token: F V H multiply-adds each
 * to write and to read. Differs from the papers: nothing. Numerical care: a normaliser needs
 * features with positive products, others are refused.
 */
@Paper(
    key = "katharopoulos2020linear",
    title = "Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention",
    authors = "Katharopoulos, Vyas, Pappas and Fleuret 2020",
    arxiv = "2006.16236",
    equations = "4, 7, 18-20")
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/linear_attn.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class LinearAttention implements Parametrisation {
  /** The reference's initializer_range. */
  private static final double INITIAL_DEVIATION = 0.02;

  private static final String NORM = "norm";
  private static final String OUTPUT = "output";

  private final HeadSizes sizes;
  private final LinearAttentionConfig config;
  private final int features;
  private final double featureScale;
  private final QueryKeyValue projections;
  private final Recurrence recurrence;

  LinearAttention(HeadSizes sizes, LinearAttentionConfig config) {
    this.sizes = sizes;
    this.config = config;
    this.features = config.featureMap().features(sizes.keys(), config.taylorOrder());
    this.projections = new QueryKeyValue(sizes, config.shortConvolution());
    double scale = 1 / Math.sqrt(sizes.keys());
    boolean before = config.featureMap() == FeatureMap.TAYLOR;
    this.featureScale = before ? scale : 1;
    this.recurrence = recurrence(config, before ? 1 : scale);
  }

  private static Recurrence recurrence(LinearAttentionConfig config, double scale) {
    double eps = config.normaliserEps();
    if (config.bidirectional()) {
      return config.normalised()
          ? BidirectionalMatrixState.normalised(scale, eps)
          : BidirectionalMatrixState.scaled(scale);
    }
    return config.normalised()
        ? MatrixStateRecurrence.normalised(scale, eps)
        : MatrixStateRecurrence.scaled(scale);
  }

  @Override
  public String name() {
    return "linear_attention";
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
  public boolean isBidirectional() {
    return config.bidirectional();
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(INITIAL_DEVIATION);
    projections.declare(declaration, normal);
    if (config.outputNorm()) {
      declaration.undecayed(NORM, Initialisers.ones(), sizes.values());
    }
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
    coefficients.replaceAll((name, value) -> projections.perHead(tape, value));
    coefficients.computeIfPresent(
        MatrixStateRecurrence.QUERY,
        (name, q) -> config.featureMap().apply(tape, q, featureScale, config.taylorOrder()));
    coefficients.computeIfPresent(
        MatrixStateRecurrence.KEY,
        (name, k) -> config.featureMap().apply(tape, k, 1, config.taylorOrder()));
    return new Drive(coefficients, Map.of(), caches);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable o = QueryKeyValue.joined(tape, outputs);
    if (config.outputNorm()) {
      Variable normed =
          Norms.rmsNorm(
              tape, outputs, context.parameter(NORM), null, GatedOutput.NORM_EPS, sizes.values());
      o = QueryKeyValue.joined(tape, normed);
    }
    return Dense.linear(tape, o, context.parameter(OUTPUT), null);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long recurrent = config.bidirectional() ? 0 : (long) sizes.heads() * features * columns();
    return recurrent * type.width() + projections.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long output = (long) sizes.width() * sizes.valueWidth();
    long map = config.featureMap() == FeatureMap.TAYLOR ? 2L * sizes.heads() * (features - 1) : 0;
    // Write and read: one each per number of state.
    return projections.multiplyAddsPerToken()
        + map
        + output
        + 2L * sizes.heads() * features * columns();
  }

  /** V, and one for the normaliser. */
  private int columns() {
    return sizes.values() + (config.normalised() ? 1 : 0);
  }
}
