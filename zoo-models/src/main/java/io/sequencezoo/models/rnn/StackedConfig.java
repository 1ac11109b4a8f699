package io.sequencezoo.models.rnn;

import static com.google.common.base.Preconditions.checkArgument;

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
@JsonTypeName("stacked")
public record StackedConfig(List<MixerConfig> mixers, double dropout) implements MixerConfig {
  /** Copies the list and fills in the dropout. */
  public StackedConfig {
    checkArgument(
        mixers != null && !mixers.isEmpty() && mixers.stream().noneMatch(Objects::isNull),
        "stacked: mixers must name at least one, got %s",
        mixers);
    mixers = List.copyOf(mixers);
    checkArgument(
        dropout >= 0 && dropout < 1, "stacked: dropout must be in [0, 1), got %s", dropout);
  }

  /** These without dropout. */
  public static StackedConfig standard(List<MixerConfig> mixers) {
    return new StackedConfig(mixers, 0);
  }

  /** Some layers of one mixer, as PyTorch's {@code num_layers}. */
  public static StackedConfig of(int layers, MixerConfig mixer) {
    return new StackedConfig(Collections.nCopies(layers, mixer), 0);
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new Stacked(mixers.stream().map(mixer -> mixer.build(place)).toList(), dropout));
  }
}
