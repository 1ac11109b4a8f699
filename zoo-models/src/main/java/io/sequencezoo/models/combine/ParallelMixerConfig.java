package io.sequencezoo.models.combine;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.nonlinear.GruConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.util.List;
import java.util.Objects;

/**
 * Describes a {@link ParallelMixer}.
 *
 * @param mixers two or more, which all read the same input
 * @param merge how their outputs become one; sum
 */
@JsonTypeName(ParallelMixerConfig.NAME)
@JsonClassDescription(
    "Parallel: several mixers on one input, outputs summed, concatenated or gated")
public record ParallelMixerConfig(List<MixerConfig> mixers, Merge merge) implements MixerConfig {
  static final String NAME = "parallel";

  /** How several outputs become one. */
  public enum Merge {
    /** Added up. */
    @JsonProperty("sum")
    SUM,
    /** Side by side, then a linear map back to the width. */
    @JsonProperty("concatenate")
    CONCATENATE,
    /** A mean whose weights the input sets, token by token. */
    @JsonProperty("gated")
    GATED
  }

  /** Copies the list. */
  public ParallelMixerConfig {
    checkArgument(
        mixers != null && mixers.size() >= 2 && mixers.stream().noneMatch(Objects::isNull),
        NAME + ": mixers must name at least two, got %s; use a single one alone",
        mixers);
    checkArgument(
        mixers.stream().noneMatch(ParallelMixerConfig.class::isInstance),
        NAME + ": mixers must not be parallel themselves, got %s; list all of them in one",
        mixers);
    mixers = List.copyOf(mixers);
    checkArgument(merge != null, NAME + ": merge must be given; use sum");
  }

  /** These, added up. */
  public static ParallelMixerConfig standard(List<MixerConfig> mixers) {
    return new ParallelMixerConfig(mixers, Merge.SUM);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<ParallelMixerConfig> examples() {
    return List.of(
        standard(List.of(SoftmaxAttentionConfig.standard(), GlaConfig.standard())),
        new ParallelMixerConfig(
            List.of(LstmConfig.standard(), GruConfig.standard()), Merge.CONCATENATE),
        new ParallelMixerConfig(
            List.of(GruConfig.standard(), SoftmaxAttentionConfig.standard(), LstmConfig.standard()),
            Merge.GATED));
  }

  @Override
  public SequenceMixer build(Place place) {
    List<SequenceMixer> built = mixers.stream().map(mixer -> mixer.build(place)).toList();
    for (SequenceMixer mixer : built) {
      checkArgument(
          !mixer.parametrisation().isBidirectional(),
          NAME + ": mixers must be causal, got %s; use it alone",
          mixer.parametrisation().name());
    }
    return new SequenceMixer(new ParallelMixer(built, merge));
  }
}
