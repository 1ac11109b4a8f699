package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.List;

/**
 * Describes a {@link Mamba3}. What is absent takes the reference's default.
 *
 * @param stateSize N; 128
 * @param expansion the inner width H P over the width; 2
 * @param headDim P; absent for 64, or the inner width where that is narrower
 * @param groups G, of heads that share B and C; 1
 * @param rotated the share of the N features that turn, in pairs; 0.5
 * @param ranks R, inputs and outputs of a head; 1. The reference's many are 4
 * @param shortConvolution W, the tokens that a causal convolution on x, B and C spans, or 0 for no
 *     convolution; 0
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; false
 * @param stepInit range of the steps Δ at the start, drawn log-uniformly; [0.001, 0.1]
 * @param stepFloor least step at the start; 1e-4
 */
@JsonTypeName(Mamba3Config.NAME)
@JsonClassDescription("Mamba-3: a selective state space model with rotations and a trapezoid rule")
public record Mamba3Config(
    int stateSize,
    int expansion,
    @Derived int headDim,
    int groups,
    double rotated,
    int ranks,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm,
    Mamba2Config.Range stepInit,
    double stepFloor)
    implements MatrixStateConfig {
  static final String NAME = "mamba3";

  private static final Mamba2Config.Range STEPS = new Mamba2Config.Range(0.001, 0.1);
  private static final double STEP_FLOOR = 1e-4;

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public Mamba3Config {
    checkAtLeast("stateSize", stateSize, 1);
    checkAtLeast("expansion", expansion, 1);
    checkAtLeast("headDim", headDim, 0);
    checkAtLeast("groups", groups, 1);
    checkAtLeast("ranks", ranks, 1);
    ShortConvolutions.checkSpan(NAME, shortConvolution);
    checkArgument(
        rotated > 0 && rotated <= 1, NAME + ": rotated must be in (0, 1], got %s", rotated);
    checkArgument(
        (int) (stateSize * rotated) >= 2,
        NAME + ": stateSize times rotated must be at least 2, a pair that turns, got %s",
        stateSize * rotated);
    checkArgument(
        stepInit.low() > 0 && stepInit.low() <= stepInit.high() && Double.isFinite(stepInit.high()),
        NAME + ": stepInit must be 0 < low <= high, got %s and %s",
        stepInit.low(),
        stepInit.high());
    HeadSizes.checkPositive(NAME, "stepFloor", stepFloor);
  }

  /** The reference layer with one input and output per head. */
  public static Mamba3Config standard() {
    return of(128, 2, 0, 1, 0.5);
  }

  /** The reference layer with four inputs and outputs per head. */
  public static Mamba3Config manyInputs() {
    return new Mamba3Config(128, 2, 0, 1, 0.5, 4, 0, GateActivation.SILU, false, STEPS, STEP_FLOOR);
  }

  /** A layer of these sizes, the rest by default. */
  static Mamba3Config of(int stateSize, int expansion, int headDim, int groups, double rotated) {
    return new Mamba3Config(
        stateSize,
        expansion,
        headDim,
        groups,
        rotated,
        1,
        0,
        GateActivation.SILU,
        false,
        STEPS,
        STEP_FLOOR);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<Mamba3Config> examples() {
    return List.of(
        standard(),
        new Mamba3Config(
            4, 2, 4, 2, 1, 1, 3, GateActivation.SILU, true, new Mamba2Config.Range(0.2, 0.9), 0.3),
        new Mamba3Config(5, 1, 4, 1, 0.5, 1, 0, GateActivation.NONE, false, STEPS, STEP_FLOOR),
        new Mamba3Config(4, 1, 4, 2, 0.5, 2, 0, GateActivation.SILU, true, STEPS, STEP_FLOOR),
        new Mamba3Config(4, 1, 4, 1, 0.5, 3, 0, GateActivation.NONE, false, STEPS, STEP_FLOOR));
  }

  @Override
  public SequenceMixer build(Place place) {
    int inner = Mamba2Config.inner(NAME, place, expansion);
    int width = Mamba2Config.headWidth(NAME, inner, headDim, groups);
    int turns = (int) (stateSize * rotated) / 2;
    return new SequenceMixer(new Mamba3(place.width(), inner / width, width, turns, this));
  }

  private static void checkAtLeast(String field, int value, int least) {
    checkArgument(value >= least, NAME + ": %s must be at least %s, got %s", field, least, value);
  }
}
