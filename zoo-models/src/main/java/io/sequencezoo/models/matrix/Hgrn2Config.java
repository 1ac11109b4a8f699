package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.List;

/**
 * Describes an {@link Hgrn2}. What is absent takes the reference's default.
 *
 * @param heads H; 0 for one per 128 features, at least one: the reference's expansion ratio
 * @param keyExpansion H K over the width; 1
 * @param lowerBound what the decay's lower bound rises to with depth, or is; 1 for rising bounds
 * @param bounds how the lower bound depends on the layer; rising
 * @param shortConvolution W, the tokens that a causal convolution on q, f and v spans, or 0 for no
 *     convolution; 0
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; none
 * @param norm whether outputs are normalised over all heads together by their root mean square;
 *     true
 */
@JsonTypeName(Hgrn2Config.NAME)
@JsonClassDescription(
    "HGRN2: a matrix state per head whose keys are what the forget gates leave over")
public record Hgrn2Config(
    int heads,
    double keyExpansion,
    double lowerBound,
    Bounds bounds,
    int shortConvolution,
    @JsonView(Configs.Since02.class) GateActivation outputGate,
    @JsonView(Configs.Since02.class) boolean norm)
    implements MatrixStateConfig {
  static final String NAME = "hgrn2";

  /** How the lower bound of the decay depends on the layer. */
  public enum Bounds {
    /** {@code lowerBound l / L} in layer l of L, from 0: none in the first. */
    @JsonProperty("rising")
    RISING,
    /** {@code lowerBound} in every layer. */
    @JsonProperty("constant")
    CONSTANT;

    /** Refuses what isn't below 1 in every layer. */
    public void check(String subject, double lowerBound) {
      checkArgument(
          lowerBound >= 0 && (this == RISING ? lowerBound <= 1 : lowerBound < 1),
          "%s: lowerBound must be from 0 to below 1, or 1 where bounds are rising, got %s",
          subject,
          lowerBound);
    }

    /** The bound at a place. */
    public double at(double lowerBound, Place place) {
      return this == RISING ? lowerBound * place.layer() / place.layers() : lowerBound;
    }
  }

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public Hgrn2Config {
    ShortConvolutions.checkSpan(NAME, shortConvolution);
    checkArgument(
        heads >= 0,
        NAME + ": heads must be at least 1, or 0 for one per 128 features, got %s",
        heads);
    HeadSizes.checkPositive(NAME, "keyExpansion", keyExpansion);
    bounds.check(NAME, lowerBound);
  }

  /**
   * The layer of the paper's language models (Qin et al. 2024, section 3): lower bounds that rise
   * with depth as the reference's learned ones do at their start.
   */
  public static Hgrn2Config standard() {
    return new Hgrn2Config(0, 1, 1, Bounds.RISING, 0, GateActivation.NONE, true);
  }

  /** The default where this is said: constant bounds start from none. */
  static Hgrn2Config standard(Bounds bounds) {
    return new Hgrn2Config(
        0, 1, bounds == Bounds.RISING ? 1 : 0, bounds, 0, GateActivation.NONE, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<Hgrn2Config> examples() {
    return List.of(
        standard(),
        new Hgrn2Config(2, 0.5, 0.3, Bounds.CONSTANT, 3, GateActivation.NONE, true),
        new Hgrn2Config(2, 1, 0.3, Bounds.CONSTANT, 0, GateActivation.NONE, false),
        new Hgrn2Config(2, 1, 1, Bounds.RISING, 0, GateActivation.SILU, true));
  }

  @Override
  public SequenceMixer build(Place place) {
    int used = heads == 0 ? HeadSizes.oneHeadPer128(place.width()) : heads;
    HeadSizes sizes = HeadSizes.of(NAME, place.width(), used, keyExpansion, 1);
    return new SequenceMixer(new Hgrn2(sizes, bounds.at(lowerBound, place), this));
  }
}
