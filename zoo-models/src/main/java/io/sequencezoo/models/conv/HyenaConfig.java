package io.sequencezoo.models.conv;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link Hyena}.
 *
 * @param order O, gates; the convolutions are one less; 2 where absent
 * @param maxLength L, the most tokens of a sequence: filters are functions of a token's share of
 *     it, so that another number makes another model; 1024 where absent
 * @param filterWidth features of the network that makes the filters; 64 where absent
 * @param filterLayers its layers between the first and the last; 2 where absent
 * @param embedding what a position is for that network: its share of L, and a cosine and a sine of
 *     each of (embedding - 1)/2 frequencies; 5 where absent
 * @param frequency ω, of the network's sines at first; 10 where absent
 * @param windowShift what is added to the decay that filters are multiplied by; 0 where absent
 * @param shortConvolution tokens of the convolution before all gates, or 0 for none; 3 where absent
 */
@JsonTypeName(HyenaConfig.NAME)
@JsonClassDescription("Hyena: gates and long convolutions in turn, filters made by a small network")
public record HyenaConfig(
    int order,
    int maxLength,
    int filterWidth,
    int filterLayers,
    int embedding,
    double frequency,
    double windowShift,
    int shortConvolution)
    implements MixerConfig {
  static final String NAME = "hyena";

  /** Checks. */
  public HyenaConfig {
    checkArgument(
        order >= 2,
        "%s: order must be at least 2, a convolution and two gates, got %s",
        NAME,
        order);
    checkArgument(
        maxLength >= 2, "%s: maxLength must be at least 2 tokens, got %s", NAME, maxLength);
    checkArgument(
        filterWidth >= 1, "%s: filterWidth must be at least 1, got %s", NAME, filterWidth);
    checkArgument(
        filterLayers >= 0, "%s: filterLayers must be at least 0, got %s", NAME, filterLayers);
    checkArgument(
        embedding >= 3 && embedding % 2 == 1,
        "%s: embedding must be odd and at least 3, got %s; use %s",
        NAME,
        embedding,
        Math.max(3, embedding + 1));
    checkArgument(
        frequency > 0 && frequency < Double.POSITIVE_INFINITY,
        "%s: frequency must be positive, got %s",
        NAME,
        frequency);
    checkArgument(
        Double.isFinite(windowShift), "%s: windowShift must be finite, got %s", NAME, windowShift);
    ShortConvolutions.checkSpan(NAME, shortConvolution);
  }

  /** The layer of the in-context language learning and recall experiments, for 1024 tokens. */
  public static HyenaConfig standard() {
    return of(1024);
  }

  /** The same for sequences of at most so many tokens. */
  public static HyenaConfig of(int maxLength) {
    return new HyenaConfig(2, maxLength, 64, 2, 5, 10, 0, 3);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<HyenaConfig> examples() {
    return List.of(
        standard(),
        new HyenaConfig(2, 100, 8, 2, 5, 10, 0, 3),
        new HyenaConfig(3, 128, 4, 0, 3, 1, 0.05, 0));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new Hyena(this, place));
  }
}
