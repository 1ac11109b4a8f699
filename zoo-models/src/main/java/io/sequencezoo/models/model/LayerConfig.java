package io.sequencezoo.models.model;

import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;

/**
 * What one layer of a hybrid has; the model's own blocks stand in for what is absent.
 *
 * @param mixer the sequence mixer
 * @param channel the channel mixer
 */
public record LayerConfig(MixerConfig mixer, FeedForwardConfig channel) {
  /** A layer with this mixer and the model's channel mixer. */
  public static LayerConfig of(MixerConfig mixer) {
    return new LayerConfig(mixer, null);
  }
}
