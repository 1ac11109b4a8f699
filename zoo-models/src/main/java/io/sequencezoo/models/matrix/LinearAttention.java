package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.matrix.BidirectionalMatrixState;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;

/**
 * Linear attention: attention whose weights are products of features, so that the past fits a
 * matrix.
 *
 * <pre>{@code
 * q, k, v = x W_q, x W_k, x W_v                    optionally silu(conv(.)) of each
 * S_t = S_{t-1} + φ(k_t) v_tᵀ                      state       (eq. 18)
 * z_t = z_{t-1} + φ(k_t)                           normaliser  (eq. 19)
 * o_t = S_tᵀ φ(q_t) / (z_tᵀ φ(q_t) + eps)          read-out    (eq. 20)
 * y_t = o_t W_o                                    optionally a norm per head and a gate
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
public final class LinearAttention extends MatrixStateMixer {
  private final LinearAttentionConfig config;
  private final int features;

  /** Of queries before the map; 1 where the recurrence scales them after it. */
  private final double featureScale;

  /** A layer. */
  LinearAttention(HeadSizes sizes, LinearAttentionConfig config) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), Unary.SILU),
        new OutputStage(sizes, config.outputGate(), config.norm()),
        null,
        recurrence(config, scalesBefore(config) ? 1 : scale(sizes)));
    this.config = config;
    this.features = config.featureMap().features(sizes.keys(), config.taylorOrder());
    this.featureScale = scalesBefore(config) ? scale(sizes) : 1;
  }

  private static boolean scalesBefore(LinearAttentionConfig config) {
    return config.featureMap() == FeatureMap.TAYLOR;
  }

  private static double scale(HeadSizes sizes) {
    return 1 / Math.sqrt(sizes.keys());
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
  public boolean isBidirectional() {
    return config.bidirectional();
  }

  @Override
  void complete(Stretch stretch) {
    stretch.map(MatrixStateRecurrence.QUERY, q -> features(stretch.tape(), q, featureScale));
    stretch.map(MatrixStateRecurrence.KEY, k -> features(stretch.tape(), k, 1));
  }

  private Variable features(Tape tape, Variable x, double scale) {
    return config.featureMap().apply(tape, x, scale, config.taylorOrder());
  }

  /** The normaliser is one more value. */
  @Override
  long stateNumbers() {
    int columns = sizes().values() + (config.normalised() ? 1 : 0);
    return (long) sizes().heads() * features * columns;
  }

  @Override
  long ownMultiplyAdds() {
    return scalesBefore(config) ? 2L * sizes().heads() * (features - 1) : 0;
  }
}
