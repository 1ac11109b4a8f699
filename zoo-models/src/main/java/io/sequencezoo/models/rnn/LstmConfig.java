package io.sequencezoo.models.rnn;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;

/**
 * Describes an {@link Lstm}.
 *
 * @param hidden H, the number of cells; absent for the width. Where it differs from the width, a
 *     linear map leads back
 * @param forgetBias what the bias of the forget gate starts at: 1 keeps memories from the start
 *     (Gers et al. 2000; the default, as in the reference), 0 is PyTorch's on average
 */
@JsonTypeName("lstm")
public record LstmConfig(Integer hidden, Double forgetBias) implements MixerConfig {
  /** Fills in the forget bias where it is absent. */
  public LstmConfig {
    checkArgument(hidden == null || hidden >= 1, "lstm: hidden must be at least 1, got %s", hidden);
    forgetBias = forgetBias == null ? 1.0 : forgetBias;
    checkArgument(
        Double.isFinite(forgetBias), "lstm: forgetBias must be finite, got %s", forgetBias);
  }

  /** As many cells as the width, forget bias 1: the LSTM of the in-context learning benchmark. */
  public static LstmConfig standard() {
    return new LstmConfig(null, null);
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new Lstm(place.width(), hidden == null ? place.width() : hidden, forgetBias));
  }
}
