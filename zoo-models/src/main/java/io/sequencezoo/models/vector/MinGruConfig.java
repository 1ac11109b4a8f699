package io.sequencezoo.models.vector;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link MinGru}.
 *
 * @param expansion E over the width; 1. Where it isn't 1, a linear map leads back
 * @param shortConvolution W, the tokens that a causal convolution on the input spans, or 0 for no
 *     convolution; 0
 */
@JsonTypeName(MinGruConfig.NAME)
@JsonClassDescription("minGRU: an average of positive candidates by one gate on the input")
public record MinGruConfig(double expansion, int shortConvolution) implements MixerConfig {
  static final String NAME = "min_gru";

  /** Fills in defaults and checks each field alone. */
  public MinGruConfig {
    Expansions.check(NAME, expansion, shortConvolution);
  }

  /** The cell alone, as wide as the model. */
  public static MinGruConfig standard() {
    return new MinGruConfig(1, 0);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<MinGruConfig> examples() {
    return List.of(standard(), new MinGruConfig(2.0, 4));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new MinGru(place.width(), Expansions.inner(NAME, place, expansion), shortConvolution));
  }
}
