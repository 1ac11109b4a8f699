package io.sequencezoo.models.ssm;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.List;

/**
 * Describes an {@link Hgrn}. What is absent takes the reference's default.
 *
 * @param expansion E over the width; 1
 * @param lowerBound what the lower bound of the decay starts at, from 0 (none) to below 1; 1 for
 *     layer/layers, so that the first layer has none
 * @param shortConvolution W, the tokens that a causal convolution on both gates' inputs spans, or 0
 *     for no convolution; 0
 */
@JsonTypeName(HgrnConfig.NAME)
@JsonClassDescription("HGRN: one decay per channel, bounded from below the higher the layer")
public record HgrnConfig(double expansion, double lowerBound, int shortConvolution)
    implements MixerConfig {
  static final String NAME = "hgrn";

  /** Fills in defaults and checks each field alone. */
  public HgrnConfig {
    ShortConvolutions.checkSpan(NAME, shortConvolution);
    Expansions.checkPositive(NAME, "expansion", expansion);
    checkArgument(
        lowerBound >= 0 && lowerBound <= 1,
        NAME + ": lowerBound must be in [0, 1), or 1 for layer/layers, got %s",
        lowerBound);
  }

  /** The layer of the reference's language models. */
  public static HgrnConfig standard() {
    return new HgrnConfig(1, 1, 0);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<HgrnConfig> examples() {
    return List.of(standard(), new HgrnConfig(2.0, 0.5, 3));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new Hgrn(
            place.width(),
            Expansions.expanded(NAME, place.width(), "expansion", expansion),
            lowerBound < 1 ? lowerBound : (double) place.layer() / place.layers(),
            shortConvolution));
  }
}
