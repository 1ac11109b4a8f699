package io.sequencezoo.models.vector;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link MinLstm}.
 *
 * @param expansion E over the width; 1. Where it isn't 1, a linear map leads back
 * @param shortConvolution W, the tokens that a causal convolution on the input spans, or 0 for no
 *     convolution; 0
 */
@JsonTypeName(MinLstmConfig.NAME)
@JsonClassDescription(
    "minLSTM: an average of positive candidates by two normalised gates on the input")
public record MinLstmConfig(double expansion, int shortConvolution) implements MixerConfig {
  static final String NAME = "min_lstm";

  /** Fills in defaults and checks each field alone. */
  public MinLstmConfig {
    Expansions.check(NAME, expansion, shortConvolution);
  }

  /** The cell alone, as wide as the model. */
  public static MinLstmConfig standard() {
    return new MinLstmConfig(1, 0);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<MinLstmConfig> examples() {
    return List.of(new MinLstmConfig(1, 4), new MinLstmConfig(2.0, 0));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new MinLstm(place.width(), Expansions.inner(NAME, place, expansion), shortConvolution));
  }
}
