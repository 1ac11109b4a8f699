package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.train.TrainConfig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * An ablation study: a model and named changes to it, all trained alike on the same data from the
 * same seeds, so that every difference is one of pairs. Parameters of equal name and shape start
 * from equal numbers, and batches come in the same order.
 *
 * @param tasks what there is to learn, each by all models
 * @param model what is changed; its vocabulary or features are the task's
 * @param changes the changes
 * @param train how each model is trained
 * @param design which changes meet in a model
 * @param budget what all models have as much of
 * @param metric the estimate that is compared, such as accuracy
 * @param lowerIsBetter whether the metric is a loss or a distance
 * @param seeds runs per model and task, from {@code train.seed} on; the same for all
 */
public record StudyConfig(
    List<Task> tasks,
    LayeredConfig model,
    List<Change> changes,
    TrainConfig train,
    Design design,
    Budget budget,
    String metric,
    boolean lowerIsBetter,
    int seeds) {

  /** Checks everything that can be told before training. */
  public StudyConfig {
    checkArgument(
        tasks != null && !tasks.isEmpty(),
        "study: tasks must be at least one, for example [{type: icll, seed: 1}], got none");
    tasks = List.copyOf(tasks);
    checkArgument(model != null, "study: model must be given");
    checkArgument(
        changes != null && !changes.isEmpty(),
        "study: changes must be at least one, for example [\"- outputGate\"], got none");
    changes = List.copyOf(changes);
    checkArgument(train != null, "study: train must be given");
    checkArgument(seeds >= 1, "study: seeds must be at least 1, got %s", seeds);
    checkUnique("tasks", tasks.stream().map(Task::name).toList());
    checkUnique("changes", changes.stream().map(Change::name).toList());
  }

  private static void checkUnique(String what, List<String> names) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      checkArgument(seen.add(name), "study: %s must differ, got %s twice", what, name);
    }
  }

  /** The default of everything else. */
  public static StudyConfig standard(
      List<Task> tasks, LayeredConfig model, List<Change> changes, TrainConfig train) {
    return new StudyConfig(
        tasks, model, changes, train, Design.EACH, Budget.NONE, "accuracy", false, 3);
  }

  /** Reads YAML or JSON. */
  public static StudyConfig parse(String subject, String text) {
    return Configs.read(subject, text, StudyConfig.class);
  }

  /** The models of a task, the first of which the others are compared with. */
  public List<Variant> variants(Task task) {
    LayeredConfig base = task.fit("model", model);
    List<Variant> variants = design.variants(base, changes);
    LayeredConfig first = variants.get(0).model();
    int longest = longest(task);
    List<Variant> matched = new ArrayList<>();
    for (Variant variant : variants) {
      LayeredConfig own = budget.match(variant.label(), variant.model(), first, longest);
      checkArgument(
          matched.isEmpty() || !own.equals(first),
          "study: %s must differ from %s in more than a width that the budget sets; what it changes"
              + " isn't there",
          variant.label(),
          variants.get(0).label());
      matched.add(new Variant(variant.label(), variant.changes(), own));
    }
    return matched;
  }

  /** The experiment on one of the tasks: its models by the names of their folders. */
  public ExperimentConfig experiment(Task task) {
    Map<String, LayeredConfig> models = new LinkedHashMap<>();
    for (Variant variant : variants(task)) {
      checkArgument(
          models.put(variant.folder(), variant.model()) == null,
          "study: names of changes must differ in letters and digits, got %s twice",
          variant.folder());
    }
    return new ExperimentConfig(task, null, null, models, train, seeds, null, null);
  }

  /** Tokens of a task's longest test input. */
  static int longest(Task task) {
    return IntStream.range(0, task.examples(Split.TEST))
        .map(index -> task.length(Split.TEST, index))
        .max()
        .orElse(1);
  }
}
