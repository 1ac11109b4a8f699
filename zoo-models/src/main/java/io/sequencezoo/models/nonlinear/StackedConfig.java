package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * Describes {@link Stacked} mixers.
 *
 * @param mixers from the bottom to the top
 * @param dropout rate at which outputs of all but the top are dropped, position by position; 0
 */
@JsonTypeName(StackedConfig.NAME)
@JsonClassDescription("Stacked: mixers one on top of the other")
public record StackedConfig(List<MixerConfig> mixers, double dropout) implements MixerConfig {
  static final String NAME = "stacked";

  /** Copies the list and fills in the dropout. */
  public StackedConfig {
    checkArgument(
        mixers != null && !mixers.isEmpty() && mixers.stream().noneMatch(Objects::isNull),
        NAME + ": mixers must name at least one, got %s",
        mixers);
    mixers = List.copyOf(mixers);
    checkArgument(
        dropout >= 0 && dropout < 1, NAME + ": dropout must be in [0, 1), got %s", dropout);
  }

  /** These without dropout. */
  public static StackedConfig standard(List<MixerConfig> mixers) {
    return new StackedConfig(mixers, 0);
  }

  /** Some layers of one mixer, as PyTorch's {@code num_layers}. */
  public static StackedConfig of(int layers, MixerConfig mixer) {
    return new StackedConfig(Collections.nCopies(layers, mixer), 0);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<StackedConfig> examples() {
    return List.of(new StackedConfig(List.of(LstmConfig.standard(), GruConfig.standard()), 0));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new Stacked(mixers.stream().map(mixer -> mixer.build(place)).toList(), dropout));
  }
}
