package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link S5}. What is absent takes the reference's default.
 *
 * @param stateSize number of modes, conjugates included; 256
 * @param blocks J, blocks of the HiPPO initialisation; 8
 * @param conjugateSymmetry whether one mode of every conjugate pair is kept; true
 * @param discretisation zoh or bilinear; zoh
 * @param smallestStep first steps Δ are log-uniform from here; 0.001
 * @param largestStep to here; 0.1
 * @param clipEigenvalues whether real parts are held at or below -1e-4; false
 * @param output what follows the system; half_glu1
 * @param bidirectional whether the system runs against time as well; false
 */
@JsonTypeName(S5Config.NAME)
@JsonClassDescription("S5: one complex diagonal system of many inputs and outputs, from HiPPO")
public record S5Config(
    int stateSize,
    int blocks,
    boolean conjugateSymmetry,
    Discretisation discretisation,
    double smallestStep,
    double largestStep,
    boolean clipEigenvalues,
    OutputGate output,
    boolean bidirectional)
    implements MixerConfig {
  static final String NAME = "s5";

  /** Fills in defaults and checks. */
  public S5Config {
    checkArgument(blocks >= 1, NAME + ": blocks must be at least 1, got %s", blocks);
    long part = conjugateSymmetry ? 2L * blocks : blocks;
    checkArgument(
        stateSize >= part && stateSize % part == 0,
        NAME + ": stateSize must be a positive multiple of %s (%s blocks%s), got %s; use %s",
        part,
        blocks,
        conjugateSymmetry ? " of conjugate pairs" : "",
        stateSize,
        Math.max(1, (stateSize + part / 2) / part) * part);
    Steps.check(NAME, smallestStep, largestStep);
  }

  /** The layer of the reference's command line ({@code run_train.py}). */
  public static S5Config standard() {
    return new S5Config(
        256, 8, true, Discretisation.ZOH, 0.001, 0.1, false, OutputGate.HALF_GLU1, false);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<S5Config> examples() {
    return List.of(
        standard(),
        new S5Config(
            6, 1, false, Discretisation.BILINEAR, 0.01, 0.5, true, OutputGate.FULL_GLU, false),
        new S5Config(4, 1, true, Discretisation.ZOH, 0.01, 0.5, false, OutputGate.HALF_GLU2, true),
        new S5Config(8, 2, true, Discretisation.ZOH, 0.01, 0.5, false, OutputGate.GELU, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new S5(place.width(), this));
  }
}
