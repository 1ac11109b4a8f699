package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.residual.NormPlacement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the configurations of models say about their {@link Stack}.
 *
 * @param width D
 * @param layers the stages, as far as they don't leave themselves to the model
 * @param common what stands in for what layers leave open; its norm is also the one behind them
 * @param last a mixer behind the stages, without a residual branch; null for none
 */
record StackConfig(int width, Layers layers, LayerConfig common, @Nullable MixerConfig last) {
  /** Checks, for a model of this type, that there is a width and that every layer has a mixer. */
  static void check(String type, int width, Layers layers, @Nullable MixerConfig mixer) {
    checkArgument(width >= 1, "%s: width must be at least 1, got %s", type, width);
    for (int i = 0; mixer == null && i < layers.count(); i++) {
      checkArgument(
          !(layers.get(i) instanceof LayerConfig layer) || layer.mixer() != null,
          "%s: layer %s must have a mixer, got none; give the model or the layer one",
          type,
          i);
    }
  }

  /** The sequence mixers, in the order of {@link Stack#mixers}. */
  List<MixerConfig> mixers() {
    Stream<MixerConfig> own = stages().flatMap(stage -> stage.mixers().stream());
    return Stream.concat(own, Stream.ofNullable(last)).toList();
  }

  /** The stages with the model's blocks in place of absent ones. */
  private Stream<StageConfig> stages() {
    return layers.stream().map(stage -> stage.filledBy(common));
  }

  /** The stages, and the norm behind them. */
  Stack build() {
    List<StageConfig> configs = stages().toList();
    List<Stage> built = new ArrayList<>();
    for (int i = 0; i < configs.size(); i++) {
      built.add(configs.get(i).build(new MixerConfig.Place(width, i, configs.size())));
    }
    if (last != null) {
      built.add(new MixerStage(last.build(MixerConfig.Place.alone(width))));
    }
    // After post-norm layers the stream is normalised already.
    if (common.normPlacement() == NormPlacement.POST) {
      return new Stack(built, null);
    }
    FeedForwardConfig norm = common.norm();
    checkArgument(norm != null, "model: norm must be given, got none");
    return new Stack(built, norm.build(MixerConfig.Place.alone(width)));
  }
}
