package io.sequencezoo.models;

import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.Layers;
import io.sequencezoo.models.model.ModelConfig;
import io.sequencezoo.models.model.StageConfig;
import java.util.List;
import java.util.function.Function;

/** The kinds of registered blocks that have a contract, told apart in this one place. */
final class Kinds {
  private Kinds() {}

  /**
   * What a block is by its kind. A stage is looked at as both stages of a model.
   *
   * @throws AssertionError for a kind that no test knows
   */
  static <R> R choose(
      BlockConfig config,
      Function<MixerConfig, R> ofMixer,
      Function<FeedForwardConfig, R> ofFeedForward,
      Function<ModelConfig, R> ofModel) {
    if (config instanceof MixerConfig mixer) {
      return ofMixer.apply(mixer);
    }
    if (config instanceof FeedForwardConfig feedForward) {
      return ofFeedForward.apply(feedForward);
    }
    if (config instanceof StageConfig stage) {
      return ofModel.apply(
          LanguageModelConfig.of(11, 8, Layers.of(List.of(stage, stage)), null, null));
    }
    if (config instanceof ModelConfig model) {
      return ofModel.apply(model);
    }
    throw new AssertionError(config + ": no contract for this kind of block");
  }
}
