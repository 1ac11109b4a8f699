package io.sequencezoo.models.channel;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link Mlp}.
 *
 * @param activation f, gelu where absent
 * @param expansion F / D, 4 where absent; F is rounded
 * @param bias whether linear maps have biases, true where absent
 * @param initStd standard deviation of first weights, 0.02 where absent; the last map's is divided
 *     by √(2 layers)
 */
@JsonTypeName(MlpConfig.NAME)
@JsonClassDescription("MLP: two linear maps around an activation")
public record MlpConfig(Activation activation, double expansion, boolean bias, double initStd)
    implements FeedForwardConfig {
  static final String NAME = "mlp";

  /** Fills in what is absent. */
  public MlpConfig {
    ChannelShape.check(NAME, expansion, initStd);
  }

  /** GPT-2's, but with the exact GELU: four times the width, biases. */
  public static MlpConfig standard() {
    return new MlpConfig(Activation.GELU, 4, true, 0.02);
  }

  /** Primer's squared ReLU without biases (So et al. 2021, arXiv 2109.08668). */
  public static MlpConfig reluSquared() {
    return new MlpConfig(Activation.RELU_SQUARED, 4, false, 0.02);
  }

  /**
   * T shortcuts {@code W_up gelu(W_down z)} beside a mixer, as one map: PanGu-π's augmented
   * shortcut (Wang et al. 2023, arXiv 2312.17276).
   *
   * @param count T
   * @param ratio D over the width of one, 32 in the paper
   */
  public static MlpConfig augmentedShortcut(int count, double ratio) {
    return new MlpConfig(Activation.GELU, count / ratio, false, 0.02);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<MlpConfig> examples() {
    return List.of(standard(), reluSquared());
  }

  @Override
  public FeedForward build(MixerConfig.Place place) {
    return new Mlp(ChannelShape.of(NAME, place, expansion, bias, initStd), activation);
  }
}
