package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link H3}. What is absent takes the reference's default.
 *
 * @param stateSize N, modes per system, conjugates included; 64
 * @param shiftSize places of the shift systems; 64
 * @param headDim P, features of a head: a head has a system for every pair of them; 1
 * @param discretisation zoh or bilinear; bilinear
 * @param smallestStep first steps Δ are log-uniform from here; 0.001
 * @param largestStep to here; 0.1
 */
@JsonTypeName(H3Config.NAME)
@JsonClassDescription("H3: products of a shifted key and a value remembered by diagonal systems")
public record H3Config(
    int stateSize,
    int shiftSize,
    int headDim,
    Discretisation discretisation,
    double smallestStep,
    double largestStep)
    implements MixerConfig {
  static final String NAME = "h3";

  /** Checks. */
  public H3Config {
    checkArgument(
        stateSize >= 2 && stateSize % 2 == 0,
        "%s: stateSize must be positive and even (conjugate pairs), got %s; use %s",
        NAME,
        stateSize,
        Math.max(2, (stateSize + 1) / 2 * 2));
    checkArgument(shiftSize >= 1, "%s: shiftSize must be at least 1, got %s", NAME, shiftSize);
    checkArgument(headDim >= 1, "%s: headDim must be at least 1, got %s", NAME, headDim);
    Steps.check(NAME, smallestStep, largestStep);
  }

  /** The layer of the in-context language learning experiments. */
  public static H3Config standard() {
    return new H3Config(64, 64, 1, Discretisation.BILINEAR, 0.001, 0.1);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<H3Config> examples() {
    return List.of(
        standard(),
        new H3Config(6, 4, 1, Discretisation.BILINEAR, 0.01, 0.5),
        new H3Config(4, 3, 2, Discretisation.ZOH, 0.01, 0.5));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new H3(this, place));
  }
}
