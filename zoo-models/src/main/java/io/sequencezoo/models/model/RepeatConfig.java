package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.nonlinear.GruConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.util.Collections;
import java.util.List;

/**
 * Describes stages that are repeated. In a model's list of layers, those with weights of their own
 * are what the list would be if they were written out; a stage of its own is a {@link Repeated}.
 *
 * @param layers one or several stages
 * @param times how often; 1
 * @param shared whether every repetition has the same weights; false
 */
@JsonTypeName(RepeatConfig.NAME)
@JsonClassDescription("Repeat: stages several times over, with shared weights or their own")
public record RepeatConfig(Layers layers, int times, boolean shared) implements StageConfig {
  static final String NAME = "repeat";

  /** Checks the number. */
  public RepeatConfig {
    checkArgument(layers != null, NAME + ": layers must be given, got none; write a list of them");
    checkArgument(
        times >= 1 && (long) times * layers.count() <= Layers.MOST,
        NAME + ": times must be between 1 and %s for %s layers, got %s",
        Layers.MOST / layers.count(),
        layers.count(),
        times);
  }

  /** These once. */
  public static RepeatConfig standard(Layers layers) {
    return new RepeatConfig(layers, 1, false);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<RepeatConfig> examples() {
    Layers two =
        Layers.of(
            List.of(
                new LayerConfig(LstmConfig.standard(), GluConfig.standard()),
                LayerConfig.of(GruConfig.standard())));
    return List.of(new RepeatConfig(two, 2, true), new RepeatConfig(two, 2, false));
  }

  /** The stages that this stands for, one after the other. */
  List<StageConfig> writtenOut() {
    return Collections.nCopies(times, layers.stream().toList()).stream()
        .flatMap(List::stream)
        .toList();
  }

  @Override
  public Stage build(MixerConfig.Place place) {
    List<StageConfig> own = shared ? layers.stream().toList() : writtenOut();
    return new Repeated(own.stream().map(stage -> stage.build(place)).toList(), shared ? times : 1);
  }

  @Override
  public List<MixerConfig> mixers() {
    List<StageConfig> own = shared ? layers.stream().toList() : writtenOut();
    return own.stream().flatMap(stage -> stage.mixers().stream()).toList();
  }

  @Override
  public StageConfig filledBy(LayerConfig layer) {
    List<StageConfig> filled = layers.stream().map(stage -> stage.filledBy(layer)).toList();
    return new RepeatConfig(Layers.of(filled), times, shared);
  }
}
