package io.sequencezoo.models.vector;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.matrix.Hgrn2Config.Bounds;
import java.util.List;

/**
 * Describes an {@link Hgrn}. What is absent takes the reference's default.
 *
 * @param expansion E over the width; 1
 * @param lowerBound what the decay's lower bound, where training starts, rises to with depth, or
 *     is; 1
 * @param bounds how the lower bound depends on the layer; rising, but constant where only a
 *     lowerBound below 1 is given
 * @param shortConvolution W, the tokens that a causal convolution on both gates' inputs spans, or 0
 *     for no convolution; 0
 */
@JsonTypeName(HgrnConfig.NAME)
@JsonClassDescription("HGRN: one decay per channel, bounded from below the higher the layer")
public record HgrnConfig(double expansion, double lowerBound, Bounds bounds, int shortConvolution)
    implements MixerConfig {
  static final String NAME = "hgrn";

  /** Fills in defaults and checks each field alone. */
  public HgrnConfig {
    Expansions.check(NAME, expansion, shortConvolution);
    bounds.check(NAME, lowerBound);
  }

  /** The layer of the reference's language models. */
  public static HgrnConfig standard() {
    return standard(1);
  }

  /** The default where this is said: the key came before the one that says how bounds rise. */
  static HgrnConfig standard(double lowerBound) {
    return new HgrnConfig(1, lowerBound, lowerBound < 1 ? Bounds.CONSTANT : Bounds.RISING, 0);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<HgrnConfig> examples() {
    return List.of(standard(), new HgrnConfig(2.0, 0.5, Bounds.CONSTANT, 3));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new Hgrn(
            place.width(),
            Expansions.inner(NAME, place, expansion),
            bounds.at(lowerBound, place),
            shortConvolution));
  }
}
