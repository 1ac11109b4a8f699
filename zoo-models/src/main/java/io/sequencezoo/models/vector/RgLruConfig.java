package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link RgLru}. What is absent takes the reference's default.
 *
 * @param expansion E over the width; 1
 * @param heads H, the blocks of the gates' weights; 4
 * @param shortConvolution W, the tokens that the causal convolution spans, or 0 for none; 4
 */
@JsonTypeName(RgLruConfig.NAME)
@JsonClassDescription("RG-LRU: gated decays of variance-preserving channels, in Griffin's block")
public record RgLruConfig(double expansion, int heads, int shortConvolution)
    implements MixerConfig {
  static final String NAME = "rg_lru";

  /** Fills in defaults and checks each field alone. */
  public RgLruConfig {
    Expansions.check(NAME, expansion, shortConvolution);
    checkArgument(heads >= 1, NAME + ": heads must be at least 1, got %s", heads);
  }

  /** The recurrent block of Griffin and Hawk (De et al. 2024, section 2.3). */
  public static RgLruConfig standard() {
    return new RgLruConfig(1, 4, 4);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<RgLruConfig> examples() {
    return List.of(new RgLruConfig(1, 1, 4), new RgLruConfig(2.0, 2, 0));
  }

  @Override
  public SequenceMixer build(Place place) {
    int inner = Expansions.inner(NAME, place, expansion);
    checkArgument(
        inner % heads == 0,
        NAME + ": inner width %s must be divisible by heads %s; use heads %s",
        inner,
        heads,
        largestDivisor(inner, heads));
    return new SequenceMixer(new RgLru(place.width(), inner, heads, shortConvolution));
  }

  private static int largestDivisor(int n, int most) {
    int divisor = Math.min(n, most);
    while (n % divisor != 0) {
      divisor--;
    }
    return divisor;
  }
}
