package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.residual.NormPlacement;
import java.util.List;
import java.util.Map;

/** What the configurations of models say alike: their stages, and what these leave open. */
public interface LayeredConfig extends ModelConfig {
  /** D. */
  int width();

  /** The stages. */
  Layers layers();

  /** The sequence mixer of layers that name none, or null. */
  MixerConfig mixer();

  /** The channel mixer of layers that name none, or null for layers without. */
  FeedForwardConfig channel();

  /** The norms of branches and of the output. */
  FeedForwardConfig norm();

  /** Where those of branches stand. */
  NormPlacement normPlacement();

  /** The rate after branches in training. */
  double dropout();

  /** The same model of equal layers with another mixer. */
  default LayeredConfig withMixer(MixerConfig other) {
    return Configs.with(this, Map.of("layers", layers().count(), "mixer", other));
  }

  /** A mixer behind the stages, without a residual branch; null for none. */
  default MixerConfig last() {
    return null;
  }

  /** The stages, and the norm behind them. */
  default StackConfig stack() {
    LayerConfig own = new LayerConfig(mixer(), channel(), norm(), normPlacement(), dropout());
    return new StackConfig(width(), layers(), own, last());
  }

  @Override
  default List<MixerConfig> mixers() {
    return stack().mixers();
  }

  /** Checks, for a model of this type, the width, that every layer has a mixer, and the rate. */
  static void check(String type, int width, Layers layers, MixerConfig mixer, double dropout) {
    StackConfig.check(type, width, layers, mixer);
    checkArgument(
        dropout >= 0 && dropout < 1, "%s: dropout must be in [0, 1), got %s", type, dropout);
  }
}
