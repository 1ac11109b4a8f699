package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.models.model.LayeredConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The models that an experiment compares: one model with each of several mixers. */
public final class Contestants {
  private Contestants() {}

  /**
   * Mixers by name, each as {@code mixers} or else {@code model.mixer} describes one of that type,
   * or under its standard configuration where neither does.
   */
  public static List<MixerConfig> named(
      List<String> names, List<MixerConfig> mixers, LayeredConfig model) {
    checkArgument(
        !names.isEmpty(), "mixers: must be at least one name, got none; leave them out for all");
    List<MixerConfig> chosen = new ArrayList<>();
    for (String name : names) {
      chosen.add(
          Stream.concat(mixers.stream(), Stream.ofNullable(model.mixer()))
              .filter(mixer -> typeOf(mixer).equals(name))
              .findFirst()
              .orElseGet(() -> standard(name)));
    }
    return chosen;
  }

  private static MixerConfig standard(String name) {
    BlockConfig config = Configs.standard(name);
    checkArgument(
        config instanceof MixerConfig,
        "mixers: %s is not a sequence mixer; use one of %s",
        name,
        Registry.get().mixers());
    return (MixerConfig) config;
  }

  /**
   * The models to train, by a name that is unique and fit for a folder.
   *
   * @param mixers what stands in for the model's mixer, in turn; empty for the model as it is
   */
  public static Map<String, LayeredConfig> models(LayeredConfig model, List<MixerConfig> mixers) {
    Map<String, LayeredConfig> models = new LinkedHashMap<>();
    if (mixers.isEmpty()) {
      models.put(model.mixer() == null ? "hybrid" : typeOf(model.mixer()), model);
    }
    for (MixerConfig mixer : mixers) {
      String name = typeOf(mixer);
      int copies = 1;
      while (models.containsKey(name)) {
        copies++;
        name = typeOf(mixer) + "-" + copies;
      }
      models.put(name, model.withMixer(mixer));
    }
    return models;
  }

  private static String typeOf(MixerConfig mixer) {
    return Registry.typeName(mixer.getClass());
  }
}
