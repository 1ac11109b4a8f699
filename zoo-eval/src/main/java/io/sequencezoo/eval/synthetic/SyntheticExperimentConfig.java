package io.sequencezoo.eval.synthetic;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.google.common.io.Resources;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.datasets.synthetic.SyntheticConfig;
import io.sequencezoo.eval.experiment.Contestants;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.train.TrainConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * A whole experiment on a synthetic task: one model, with each of several mixers in turn, trained
 * alike and tested on the same examples.
 *
 * @param task the data; absent in a file for the command line to choose
 * @param model the model; its vocabulary is the task's where it names none
 * @param mixers what stands in for the model's mixer, in turn; absent for the model as it is
 * @param train how each is trained
 * @param seeds runs per mixer, with seeds from {@code train.seed} on; 1 where absent
 */
public record SyntheticExperimentConfig(
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
        @JsonSubTypes({@JsonSubTypes.Type(SyntheticConfig.class)})
        SyntheticConfig task,
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
        @JsonSubTypes({@JsonSubTypes.Type(LanguageModelConfig.class)})
        LanguageModelConfig model,
    List<MixerConfig> mixers,
    TrainConfig train,
    Integer seeds) {

  /** Fills in defaults and checks. */
  public SyntheticExperimentConfig {
    checkArgument(model != null, "experiment: model must be given");
    checkArgument(train != null, "experiment: train must be given");
    if (task != null) {
      checkArgument(
          model.vocabulary() == null || model.vocabulary() == task.vocabulary(),
          "experiment: model.vocabulary must be the task's %s, got %s; leave it out",
          task.vocabulary(),
          model.vocabulary());
      model = model.withVocabulary(task.vocabulary());
    }
    mixers = mixers == null ? List.of() : List.copyOf(mixers);
    seeds = seeds == null ? 1 : seeds;
    checkArgument(seeds >= 1, "experiment: seeds must be at least 1, got %s", seeds);
  }

  /** Reads YAML or JSON. */
  public static SyntheticExperimentConfig parse(String subject, String text) {
    return Configs.read(subject, text, SyntheticExperimentConfig.class);
  }

  /** The built-in experiment, without a task. */
  public static SyntheticExperimentConfig builtIn() throws IOException {
    return parse(
        "built-in experiment",
        Resources.toString(
            Resources.getResource(SyntheticExperimentConfig.class, "default.yaml"),
            StandardCharsets.UTF_8));
  }

  /** The same experiment on other data. */
  public SyntheticExperimentConfig withTask(SyntheticConfig other) {
    return new SyntheticExperimentConfig(other, model, mixers, train, seeds);
  }

  /** The same experiment with these mixers; see {@link Contestants#named}. */
  public SyntheticExperimentConfig withMixers(List<String> names) {
    return new SyntheticExperimentConfig(
        task, model, Contestants.named(names, mixers, model), train, seeds);
  }

  /** The same experiment with another number of passes over the data. */
  public SyntheticExperimentConfig withEpochs(int epochs) {
    TrainConfig other = Configs.with(train, Map.of("steps", 0, "epochs", epochs));
    return new SyntheticExperimentConfig(task, model, mixers, other, seeds);
  }

  /** The same experiment with another number of runs per mixer. */
  public SyntheticExperimentConfig withSeeds(int count) {
    return new SyntheticExperimentConfig(task, model, mixers, train, count);
  }

  /** The models to train, by a name that is unique and fit for a folder. */
  Map<String, LanguageModelConfig> models() {
    return Contestants.models(model, mixers);
  }
}
