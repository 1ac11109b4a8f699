package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import java.util.List;

/**
 * Describes a {@link Comba}. What is absent takes the reference's default.
 *
 * @param heads H; absent for one per 256 of the keys, at least one
 * @param keyExpansion H K over the width; 0.75
 * @param valueExpansion H V over the width; 1.5
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param outputCorrection where the shares of the feedback keys that are taken off the queries
 *     start; 1. The reference recommends to try 0.02 too for small models
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; sigmoid
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(CombaConfig.NAME)
@JsonClassDescription(
    "Comba: a matrix state that feeds back before it decays, and corrects queries")
public record CombaConfig(
    @Derived int heads,
    double keyExpansion,
    double valueExpansion,
    int shortConvolution,
    double outputCorrection,
    GateActivation outputGate,
    boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "comba";

  /** The reference's head_dim. */
  private static final int KEYS = 256;

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public CombaConfig {
    HeadSizes.checkDerived(NAME, heads, heads, keyExpansion, valueExpansion, shortConvolution);
    checkArgument(
        Double.isFinite(outputCorrection),
        NAME + ": outputCorrection must be finite, got %s",
        outputCorrection);
  }

  /** The reference layer: 6 heads, at width 2048 of 256 keys and 512 values. */
  public static CombaConfig standard() {
    return new CombaConfig(0, 0.75, 1.5, 4, 1, GateActivation.SIGMOID, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<CombaConfig> examples() {
    return List.of(
        standard(),
        new CombaConfig(2, 0.5, 2.0, 0, 0.02, GateActivation.SILU, true),
        new CombaConfig(2, 1, 1, 2, 0.5, GateActivation.NONE, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    int used = heads == 0 ? Math.max(1, (int) (place.width() * keyExpansion / KEYS)) : heads;
    HeadSizes sizes =
        HeadSizes.grouped(NAME, place.width(), used, used, keyExpansion, valueExpansion);
    return new SequenceMixer(new Comba(sizes, this));
  }
}
