package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link Bidirectional} mixer.
 *
 * @param mixer what runs in each direction; must be causal
 * @param merge how the two outputs become one; concatenate
 */
@JsonTypeName(BidirectionalConfig.NAME)
@JsonClassDescription("Bidirectional: a mixer in both directions, outputs merged")
public record BidirectionalConfig(MixerConfig mixer, Merge merge) implements MixerConfig {
  static final String NAME = "bidirectional";

  /** How two outputs become one. */
  public enum Merge {
    /** Side by side, then a linear map back to the width. */
    @JsonProperty("concatenate")
    CONCATENATE,
    /** Added up. */
    @JsonProperty("sum")
    SUM,
    /** Half of each. */
    @JsonProperty("mean")
    MEAN
  }

  /** Fills in the merge. */
  public BidirectionalConfig {
    checkArgument(mixer != null, NAME + ": mixer must be given, such as {type: lstm}");
  }

  /** This mixer in both directions, concatenated. */
  public static BidirectionalConfig standard(MixerConfig mixer) {
    return new BidirectionalConfig(mixer, Merge.CONCATENATE);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<BidirectionalConfig> examples() {
    return List.of(
        standard(GruConfig.standard()), new BidirectionalConfig(new LstmConfig(3, 1), Merge.MEAN));
  }

  @Override
  public SequenceMixer build(Place place) {
    SequenceMixer forward = mixer.build(place);
    checkArgument(
        !forward.parametrisation().isBidirectional(),
        NAME + ": mixer must be causal, got %s; use it alone",
        forward.parametrisation().name());
    return new SequenceMixer(new Bidirectional(forward, mixer.build(place), merge));
  }
}
