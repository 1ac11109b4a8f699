package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link Mamba}. What is absent takes the reference's default.
 *
 * @param expansion E over the width; 2
 * @param stateSize N, numbers of state per channel; 16
 * @param stepRank R, the rank of the projection to step sizes; a sixteenth of the width, rounded up
 * @param shortConvolution W, the tokens that the causal convolution spans, or 0 for none; 4
 * @param smallestStep the smallest step size at the start; 0.001
 * @param largestStep the largest; 0.1
 */
@JsonTypeName(MambaConfig.NAME)
@JsonClassDescription(
    "Mamba: decaying averages per channel whose steps, writes and reads the input selects")
public record MambaConfig(
    double expansion,
    int stateSize,
    @Derived int stepRank,
    int shortConvolution,
    double smallestStep,
    double largestStep)
    implements MixerConfig {
  static final String NAME = "mamba";

  /** Fills in defaults and checks each field alone. */
  public MambaConfig {
    Expansions.check(NAME, expansion, shortConvolution);
    checkArgument(stateSize >= 1, NAME + ": stateSize must be at least 1, got %s", stateSize);
    checkArgument(
        stepRank >= 0,
        NAME + ": stepRank must be at least 1, or 0 for its default, got %s",
        stepRank);
    Steps.check(NAME, smallestStep, largestStep);
  }

  /** The layer of the paper's language models (Gu and Dao 2023, section 3.4 and its code). */
  public static MambaConfig standard() {
    return new MambaConfig(2, 16, 0, 4, 0.001, 0.1);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<MambaConfig> examples() {
    return List.of(
        new MambaConfig(2, 4, 0, 4, 0.001, 0.1), new MambaConfig(1.0, 3, 2, 0, 0.01, 1.0));
  }

  @Override
  public SequenceMixer build(Place place) {
    int width = place.width();
    int rank = stepRank == 0 ? (width + 15) / 16 : stepRank;
    int inner = Expansions.inner(NAME, place, expansion);
    return new SequenceMixer(new Mamba(width, inner, rank, 1 / Math.sqrt(place.layers()), this));
  }
}
