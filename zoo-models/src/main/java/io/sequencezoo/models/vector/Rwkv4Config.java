package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link Rwkv4}.
 *
 * @param expansion E over the width; 1
 * @param shortConvolution tokens that the token shift spans, which is a convolution before the
 *     projections: 2, or 0 for no shift; 2
 */
@JsonTypeName(Rwkv4Config.NAME)
@JsonClassDescription(
    "RWKV-4: an average by weights that decay per channel, with a bonus for the token")
public record Rwkv4Config(double expansion, int shortConvolution) implements MixerConfig {
  static final String NAME = "rwkv4";

  /** Fills in defaults and checks each field alone. */
  public Rwkv4Config {
    Expansions.check(NAME, expansion, 0);
    checkArgument(
        shortConvolution == 0 || shortConvolution == 2,
        NAME + ": shortConvolution must be 2, the token shift, or 0 for none, got %s",
        shortConvolution);
  }

  /** The reference layer. */
  public static Rwkv4Config standard() {
    return new Rwkv4Config(1, 2);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<Rwkv4Config> examples() {
    return List.of(standard(), new Rwkv4Config(2, 0));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new Rwkv4(place, Expansions.inner(NAME, place, expansion), shortConvolution > 0));
  }
}
