package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link Lru}.
 *
 * @param stateSize N, the number of complex modes; 256
 * @param smallestRadius least |λ| at the start; 0
 * @param largestRadius largest |λ| at the start; 1
 * @param largestPhase phases start between 0 and this; 6.28
 * @param output what follows the system; full_glu
 */
@JsonTypeName(LruConfig.NAME)
@JsonClassDescription(
    "LRU: a complex diagonal system on a ring, normalised, trained as a plain RNN")
public record LruConfig(
    int stateSize,
    double smallestRadius,
    double largestRadius,
    double largestPhase,
    OutputGate output)
    implements MixerConfig {
  static final String NAME = "lru";

  /** Fills in defaults, those of the paper's appendix A, and checks. */
  public LruConfig {
    checkArgument(stateSize >= 1, NAME + ": stateSize must be at least 1, got %s", stateSize);
    checkArgument(
        smallestRadius >= 0 && smallestRadius < largestRadius && largestRadius <= 1,
        NAME + ": radii must satisfy 0 <= smallestRadius < largestRadius <= 1, got %s and %s",
        smallestRadius,
        largestRadius);
    checkArgument(
        largestPhase > 0 && Double.isFinite(largestPhase),
        NAME + ": largestPhase must be positive, got %s",
        largestPhase);
  }

  /** The initialisation of the paper's listing (Orvieto et al. 2023, appendix A). */
  public static LruConfig standard() {
    return new LruConfig(256, 0, 1, 6.28, OutputGate.FULL_GLU);
  }

  /** A ring close to the unit circle, for long ranges: |λ| from .9 to .999. */
  public static LruConfig longRange() {
    return new LruConfig(256, 0.9, 0.999, 6.28, OutputGate.FULL_GLU);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<LruConfig> examples() {
    return List.of(
        standard(),
        new LruConfig(5, 0.9, 0.999, 0.5, OutputGate.NONE),
        new LruConfig(3, 0.1, 0.8, 3.14, OutputGate.HALF_GLU1));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new Lru(place.width(), this));
  }
}
