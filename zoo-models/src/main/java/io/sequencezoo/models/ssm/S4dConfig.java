package io.sequencezoo.models.ssm;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.diagonal.Discretisation;
import io.sequencezoo.core.registry.MixerConfig;

/**
 * Describes an {@link S4d}. What is absent takes the reference's default.
 *
 * @param stateSize N, modes per channel, conjugates included; 64
 * @param init first frequencies: lin, inv or legs; lin
 * @param discretisation zoh or bilinear; zoh
 * @param smallestStep first steps Δ are log-uniform from here; 0.001
 * @param largestStep to here; 0.1
 * @param output what follows the system; full_glu
 */
@JsonTypeName("s4d")
public record S4dConfig(
    int stateSize,
    S4dInit init,
    Discretisation discretisation,
    double smallestStep,
    double largestStep,
    OutputGate output)
    implements MixerConfig {

  /** Fills in defaults and checks. */
  public S4dConfig {
    checkArgument(
        stateSize >= 2 && stateSize % 2 == 0,
        "s4d: stateSize must be positive and even (conjugate pairs), got %s; use %s",
        stateSize,
        Math.max(2, (stateSize + 1) / 2 * 2));
    Steps.check("s4d", smallestStep, largestStep);
  }

  /** The layer of the reference's stand-alone code: S4D-Lin, N = 64. */
  public static S4dConfig standard() {
    return new S4dConfig(64, S4dInit.LIN, Discretisation.ZOH, 0.001, 0.1, OutputGate.FULL_GLU);
  }

  /** S4D-Inv (Gu et al. 2022, eq. 8). */
  public static S4dConfig inverse() {
    return new S4dConfig(64, S4dInit.INV, Discretisation.ZOH, 0.001, 0.1, OutputGate.FULL_GLU);
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new S4d(place.width(), this));
  }
}
