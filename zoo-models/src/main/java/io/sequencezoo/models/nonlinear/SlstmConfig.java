package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link Slstm}.
 *
 * @param hidden H, the number of units; absent for the width. Where it differs from the width, a
 *     linear map leads back
 * @param heads blocks of the recurrent weights; 4
 * @param dropout none
 */
@JsonTypeName(SlstmConfig.NAME)
@JsonClassDescription("sLSTM: normalised averages with exponential gates, recurrent within heads")
public record SlstmConfig(@Derived int hidden, int heads, RecurrentDropout dropout)
    implements MixerConfig {
  static final String NAME = "slstm";

  /** Fills in what is absent; {@link #build} checks heads with the width. */
  public SlstmConfig {
    RecurrentLayer.checkHidden(NAME, hidden);
    checkArgument(heads >= 1, NAME + ": heads must be at least 1, got %s", heads);
  }

  /** As many units as the width in four heads (Beck et al. 2024, section 4). */
  public static SlstmConfig standard() {
    return new SlstmConfig(0, 4, RecurrentDropout.none());
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<SlstmConfig> examples() {
    return List.of(new SlstmConfig(6, 2, RecurrentDropout.none()));
  }

  @Override
  public SequenceMixer build(Place place) {
    int units = RecurrentLayer.hidden(hidden, place);
    checkArgument(
        units % heads == 0,
        NAME + ": hidden %s must be divisible by heads %s; use heads that divide it",
        units,
        heads);
    double depth = place.layers() == 1 ? 0 : place.layer() / (place.layers() - 1.0);
    return new SequenceMixer(new Slstm(place.width(), units, heads, depth, dropout));
  }
}
