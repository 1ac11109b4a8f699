package io.sequencezoo.models.model;

import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/** The description of a {@link Model}. */
public interface ModelConfig extends BlockConfig {
  /**
   * The model.
   *
   * @throws IllegalArgumentException where a block doesn't fit, or a size is absent that a task
   *     would say
   */
  Model build();

  /** The sequence mixers, in the order of {@link Model#mixers}. */
  List<MixerConfig> mixers();
}
