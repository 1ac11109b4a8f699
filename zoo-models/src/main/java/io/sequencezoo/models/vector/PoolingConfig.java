package io.sequencezoo.models.vector;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link Pooling}.
 *
 * @param attention whether tokens weigh what a learned score says, instead of all the same; true
 */
@JsonTypeName(PoolingConfig.NAME)
@JsonClassDescription("Pooling: the mean of all tokens so far, plain or by learned scores")
public record PoolingConfig(boolean attention) implements MixerConfig {
  static final String NAME = "pooling";

  /** By scores. */
  public static PoolingConfig standard() {
    return new PoolingConfig(true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<PoolingConfig> examples() {
    return List.of(standard(), new PoolingConfig(false));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new Pooling(place.width(), attention));
  }
}
