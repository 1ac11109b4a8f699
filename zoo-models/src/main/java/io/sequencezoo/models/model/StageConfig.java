package io.sequencezoo.models.model;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/** The description of a {@link Stage}; one that is read without a type is of a {@link Layer}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type", defaultImpl = LayerConfig.class)
public interface StageConfig extends BlockConfig {
  /**
   * The stage at a place of a model.
   *
   * @throws IllegalArgumentException where the configuration doesn't fit the width
   */
  Stage build(MixerConfig.Place place);

  /** The sequence mixers, in the order of {@link Stage#mixers}. */
  List<MixerConfig> mixers();

  /** The same stage with what it leaves open filled in by a model's layer. */
  default StageConfig filledBy(LayerConfig layer) {
    return this;
  }
}
