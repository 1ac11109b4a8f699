package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.Treatment;
import io.sequencezoo.models.model.LayeredConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The models of a study on every task, found once.
 *
 * @param config the study
 * @param variants per task, in the order of tasks; the first of each is what the others are
 *     compared with
 */
record Grid(StudyConfig config, List<List<Variant>> variants) {
  /** Copies the lists. */
  Grid {
    variants = variants.stream().map(List::copyOf).toList();
  }

  /**
   * The grid of a study.
   *
   * @throws IllegalArgumentException where a change applies to nothing
   */
  static Grid of(StudyConfig config) {
    return new Grid(config, config.tasks().stream().map(config::variants).toList());
  }

  /** The models of a task by its number. */
  List<Variant> variants(int task) {
    return variants.get(task);
  }

  /**
   * The same with so many updates for every variant.
   *
   * @param steps per task and variant
   */
  Grid withSteps(List<List<Long>> steps) {
    List<List<Variant>> all = new ArrayList<>();
    for (int t = 0; t < variants.size(); t++) {
      List<Variant> own = new ArrayList<>();
      for (int v = 0; v < variants.get(t).size(); v++) {
        own.add(variants.get(t).get(v).withSteps(steps.get(t).get(v)));
      }
      all.add(own);
    }
    return new Grid(config, all);
  }

  /** The experiment on a task by its number: its models by the names of their folders. */
  ExperimentConfig experiment(int number) {
    Task task = config.tasks().get(number);
    Map<String, LayeredConfig> models = new LinkedHashMap<>();
    Map<String, Treatment> treatments = new TreeMap<>();
    for (Variant variant : variants.get(number)) {
      checkArgument(
          models.put(variant.folder(), variant.model()) == null,
          "study: names of changes must differ in letters and digits, got %s twice",
          variant.folder());
      if (!variant.treatment().equals(Treatment.STANDARD)) {
        treatments.put(variant.folder(), variant.treatment());
      }
    }
    return ExperimentConfig.of(task, models, treatments, config.train(), config.seeds());
  }
}
