package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;

/**
 * A forecaster of several steps ahead: a linear map of numbers, stages, a linear map to numbers.
 *
 * <pre>{@code
 * x_t = u_t W_in + b
 * x   = stage_l(x)                                   for every stage l, usually a Layer
 * (û_{t+1}, ..., û_{t+H}) = norm(x_t) W_out
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T, F]}; output: {@code [B, T, H F]}, the nearest step first
 *   <li>{@code input.weight}: {@code [F, D]}; {@code input.bias}: {@code [D]}; {@code head.weight}:
 *       {@code [D, H F]}, without a bias, so that series are best centred and scaled
 * </ul>
 *
 * <p>It is trained on the series itself (teacher forcing) and continues one by its own forecasts
 * ({@link ClosedLoop}). Differs from the paper: any stages in place of one recurrent network, and
 * several steps ahead at once.
 */
@Paper(
    key = "vlachas2020backpropagation",
    title =
        "Backpropagation Algorithms and Reservoir Computing in Recurrent Neural Networks for the"
            + " Forecasting of Complex Spatiotemporal Dynamics",
    authors = "Vlachas et al. 2020",
    arxiv = "1910.05266")
@Source(
    repo = "pvlachas/RNN-RC-Chaos",
    path = "Methods/Models/rnn_statefull/rnn_statefull.py",
    commit = "9e4b24a46c56909fdde070e5f4b84292c1cad2fa")
public final class Forecaster extends LayeredModel<ForecasterConfig> {
  /**
   * The model of a configuration.
   *
   * @throws IllegalArgumentException where a block doesn't fit, or the features are absent
   */
  public Forecaster(ForecasterConfig config) {
    super(
        config,
        input(config),
        config.stack().build(),
        new LinearHead(
            config.width(), config.horizon() * config.features(), Initialisers.fanInUniform()));
  }

  private static ContinuousInput input(ForecasterConfig config) {
    checkArgument(
        config.features() != 0,
        "forecaster: features must be known, got none; set them or use withFeatures");
    return new ContinuousInput(config.features(), config.width(), Initialisers.fanInUniform());
  }
}
