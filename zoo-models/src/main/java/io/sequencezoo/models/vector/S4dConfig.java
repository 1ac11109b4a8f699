package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

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
@JsonTypeName(S4dConfig.NAME)
@JsonClassDescription("S4D: a complex diagonal system per channel, run as a convolution")
public record S4dConfig(
    int stateSize,
    S4dInit init,
    Discretisation discretisation,
    double smallestStep,
    double largestStep,
    OutputGate output)
    implements MixerConfig {
  static final String NAME = "s4d";

  /** Fills in defaults and checks. */
  public S4dConfig {
    checkArgument(
        stateSize >= 2 && stateSize % 2 == 0,
        NAME + ": stateSize must be positive and even (conjugate pairs), got %s; use %s",
        stateSize,
        Math.max(2, (stateSize + 1) / 2 * 2));
    Steps.check(NAME, smallestStep, largestStep);
  }

  /** The layer of the reference's stand-alone code: S4D-Lin, N = 64. */
  public static S4dConfig standard() {
    return new S4dConfig(64, S4dInit.LIN, Discretisation.ZOH, 0.001, 0.1, OutputGate.FULL_GLU);
  }

  /** S4D-Inv (Gu et al. 2022, eq. 8). */
  public static S4dConfig inverse() {
    return new S4dConfig(64, S4dInit.INV, Discretisation.ZOH, 0.001, 0.1, OutputGate.FULL_GLU);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<S4dConfig> examples() {
    return List.of(
        standard(),
        new S4dConfig(6, S4dInit.INV, Discretisation.BILINEAR, 0.01, 0.5, OutputGate.NONE),
        new S4dConfig(4, S4dInit.LEGS, Discretisation.ZOH, 0.01, 0.5, OutputGate.GELU));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new S4d(place.width(), this));
  }
}
