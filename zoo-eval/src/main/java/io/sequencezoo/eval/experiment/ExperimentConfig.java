package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.train.TrainConfig;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A whole experiment: one model, with each of several mixers in turn, or several models, trained
 * alike on a task and tested on the same examples.
 *
 * @param task what there is to learn
 * @param model the model; its vocabulary or features are the task's where it names none; absent
 *     beside models
 * @param mixers what stands in for the model's mixer, in turn; absent for the model as it is
 * @param models the models by name where they differ in more than mixers; absent otherwise
 * @param treatments how some of these are trained unlike the others, by their names; absent for
 *     none
 * @param train how each is trained
 * @param seeds runs per mixer, with seeds from {@code train.seed} on; 1 where absent
 * @param window batches whose rows are sorted by length together, 1 for a plain shuffle; the task's
 *     where absent
 * @param validationProblems examples of the validation split that evaluations during training use;
 *     the task's where absent
 */
public record ExperimentConfig(
    Task task,
    @Nullable LayeredConfig model,
    List<MixerConfig> mixers,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, LayeredConfig> models,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Treatment> treatments,
    TrainConfig train,
    Integer seeds,
    @Nullable Integer window,
    @Nullable Integer validationProblems) {
  /** Runs per contestant of one experiment, whose folders lie side by side. */
  private static final int MOST_SEEDS = 10_000;

  /** Fills in defaults and checks. */
  public ExperimentConfig {
    checkArgument(
        task != null, "experiment: task must be given, for example {type: icll, seed: 1}");
    mixers = mixers == null ? List.of() : List.copyOf(mixers);
    models = models == null ? Map.of() : models;
    checkArgument(
        model != null || !models.isEmpty(),
        "experiment: model must be given, or several by name as models");
    checkArgument(
        models.isEmpty() || (model == null && mixers.isEmpty()),
        "experiment: models %s must be alone, got a model or mixers beside them; leave these out",
        models.keySet());
    treatments =
        treatments == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(treatments));
    checkArgument(
        models.keySet().containsAll(treatments.keySet()),
        "experiment: treatments must be of models %s, got %s",
        models.keySet(),
        treatments.keySet());
    checkArgument(train != null, "experiment: train must be given");
    model = model == null ? null : task.fit("model", model);
    models = ofTask(models, task);
    seeds = seeds == null ? 1 : seeds;
    checkArgument(seeds >= 1, "experiment: seeds must be at least 1, got %s", seeds);
    checkArgument(
        seeds <= MOST_SEEDS,
        "experiment: seeds must be at most %s, got %s; start another experiment from"
            + " another train.seed",
        MOST_SEEDS,
        seeds);
    window = window == null ? task.standardWindow() : window;
    checkArgument(
        window == null || window >= 1, "experiment: window must be at least 1, got %s", window);
    validationProblems =
        validationProblems == null ? task.standardValidationProblems() : validationProblems;
    int available = task.examples(Split.VALIDATION);
    checkArgument(
        validationProblems == null || (validationProblems >= 1 && validationProblems <= available),
        "experiment: validationProblems must be between 1 and task.validationExamples %s, got %s",
        available,
        validationProblems);
  }

  /** An experiment on one model with each of some mixers. */
  public ExperimentConfig(
      Task task,
      LayeredConfig model,
      List<MixerConfig> mixers,
      TrainConfig train,
      Integer seeds,
      Integer window,
      Integer validationProblems) {
    this(task, model, mixers, null, null, train, seeds, window, validationProblems);
  }

  /** An experiment on several models by name, some of which are trained unlike the others. */
  public static ExperimentConfig of(
      Task task,
      Map<String, LayeredConfig> models,
      Map<String, Treatment> treatments,
      TrainConfig train,
      int seeds) {
    return new ExperimentConfig(task, null, null, models, treatments, train, seeds, null, null);
  }

  /** The experiment whose only run is one of this one's. */
  public ExperimentConfig alone(String contestant, long seed) {
    Treatment own = treatments.get(contestant);
    return new ExperimentConfig(
        task,
        null,
        null,
        Map.of(contestant, contestants().get(contestant)),
        own == null ? null : Map.of(contestant, own),
        train.withSeed(seed),
        1,
        window,
        validationProblems);
  }

  /** The updates of a contestant's runs, where they don't stop early. */
  public long updates(String contestant) {
    Treatment treatment = treatments.getOrDefault(contestant, Treatment.STANDARD);
    return treatment.train(train).totalSteps(EpochBatches.perEpoch(task, train.batch()));
  }

  /** Everything that makes one of its runs. */
  Making making(String contestant, LayeredConfig model, long seed) {
    Treatment treatment = treatments.getOrDefault(contestant, Treatment.STANDARD);
    return new Making(
        task, model, treatment.train(train).withSeed(seed), treatment, window, validations());
  }

  private static Map<String, LayeredConfig> ofTask(Map<String, LayeredConfig> models, Task task) {
    Map<String, LayeredConfig> own = new LinkedHashMap<>();
    models.forEach(
        (name, model) -> {
          checkArgument(
              name.matches("[A-Za-z0-9][A-Za-z0-9_-]*"),
              "experiment: names of models must be of letters, digits, - and _, got %s; they"
                  + " become folders",
              name);
          own.put(name, task.fit("models." + name, model));
        });
    return Collections.unmodifiableMap(own);
  }

  /** Reads YAML or JSON. */
  public static ExperimentConfig parse(String subject, String text) {
    return Configs.read(subject, text, ExperimentConfig.class);
  }

  /**
   * Reads YAML or JSON with changes.
   *
   * @param standard the task where the text describes none
   * @param settings YAML values by path, for example 10 for {@code train.epochs}; {@code null}
   *     takes away what the text says
   */
  public static ExperimentConfig parse(
      String subject, String text, Task standard, Map<String, String> settings) {
    JsonNode tree = tree(subject, text);
    boolean whole = tree.has("task");
    if (whole) {
      // Mistakes in the text itself are told with its lines.
      ExperimentConfig unchanged = parse(subject, text);
      if (settings.isEmpty()) {
        return unchanged;
      }
    }
    checkArgument(tree.isObject(), "%s: must hold model and train, got %s", subject, tree);
    ObjectNode changed = (ObjectNode) tree;
    if (!whole) {
      changed.set("task", Configs.json().valueToTree(standard));
    }
    settings.forEach((path, value) -> set(changed, path, tree(path, value)));
    return parse(subject, changed.toString());
  }

  private static JsonNode tree(String subject, String text) {
    return Configs.read(subject, text, JsonNode.class);
  }

  private static void set(ObjectNode tree, String path, JsonNode value) {
    ObjectNode parent = tree;
    String rest = path;
    for (int dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.')) {
      JsonNode next = parent.get(rest.substring(0, dot));
      checkArgument(
          next instanceof ObjectNode,
          "%s: must be a path into the experiment such as train.epochs; it has no %s",
          path,
          rest.substring(0, dot));
      parent = (ObjectNode) next;
      rest = rest.substring(dot + 1);
    }
    if (value.isNull()) {
      parent.remove(rest);
    } else {
      parent.set(rest, value);
    }
  }

  /**
   * The same experiment with these mixers, each as {@code mixers} or else {@code model.mixer}
   * describes one of that type, or as the registry's standard where neither does.
   */
  public ExperimentConfig withMixers(List<String> names) {
    checkArgument(
        model != null,
        "mixers: must be left out of an experiment that names its models %s, got %s",
        models.keySet(),
        names);
    List<MixerConfig> chosen = Contestants.named(names, mixers, model);
    return new ExperimentConfig(task, model, chosen, train, seeds, window, validationProblems);
  }

  /** The models to train, by a name that is unique and fit for a folder. */
  public Map<String, LayeredConfig> contestants() {
    return model == null ? models : Contestants.models(model, mixers);
  }

  /** The number of validation examples that evaluations during training use. */
  int validations() {
    return validationProblems == null ? task.examples(Split.VALIDATION) : validationProblems;
  }
}
