package io.sequencezoo.eval.study;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.experiment.Estimate;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.study.Statistics.Interval;
import io.sequencezoo.train.Provenance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.moment.StandardDeviation;

/**
 * What a study found.
 *
 * @param config the study
 * @param provenance what ran, where
 * @param tasks the results of each task
 * @param overall each variant over all tasks; empty where there is one task
 */
public record StudyResults(
    StudyConfig config, Provenance provenance, List<OnTask> tasks, List<Overall> overall) {
  /** The current version of the layout of {@code results.json}. */
  public static final int SCHEMA = 1;

  private static final double LEVEL = 0.95;

  /** Copies the lists. */
  public StudyResults {
    tasks = List.copyOf(tasks);
    overall = List.copyOf(overall);
  }

  /**
   * A task's results.
   *
   * @param task its name
   * @param dataHash of the test examples
   * @param rows a variant each, the first of which the others are compared with
   * @param differences from the first, or in a factorial design the effects of changes
   */
  public record OnTask(
      String task, String dataHash, List<Row> rows, List<Difference> differences) {}

  /**
   * A variant on a task.
   *
   * @param parameters its number
   * @param stateBytes of one row in float after the longest test input
   * @param trainSeconds the mean over seeds
   * @param bySeed the metric for every seed
   * @param mean of these
   * @param overSeeds their standard deviation; NaN for one seed
   * @param overItems the standard error of one run's metric when test examples are drawn anew, the
   *     mean over seeds; NaN where the task doesn't estimate it
   * @param reaches when runs reach the first variant's last validation, on average, in what the
   *     task counts training by; NaN where not all do
   */
  public record Row(
      String variant,
      List<String> changes,
      long parameters,
      long stateBytes,
      double trainSeconds,
      double[] bySeed,
      double mean,
      double overSeeds,
      double overItems,
      double reaches) {}

  /**
   * A variant over all tasks.
   *
   * @param mean the interquartile mean over all runs of all tasks
   * @param interval of it, runs drawn anew within tasks, at 95 per cent
   * @param improvement how often a run is better than one of the first variant, the mean over tasks
   */
  public record Overall(
      String variant, double mean, @JsonUnwrapped Interval interval, double improvement) {}

  /** Computes everything from the results of each task's experiment, in the order of the tasks. */
  static StudyResults of(StudyConfig config, List<Results> experiments) {
    List<OnTask> tasks = new ArrayList<>();
    for (int i = 0; i < experiments.size(); i++) {
      tasks.add(onTask(config, config.tasks().get(i), experiments.get(i)));
    }
    List<Overall> overall = new ArrayList<>();
    for (int v = 0; tasks.size() > 1 && v < tasks.get(0).rows.size(); v++) {
      overall.add(overall(config, tasks, v));
    }
    String hashes = String.join(" ", tasks.stream().map(OnTask::dataHash).toList());
    return new StudyResults(config, Provenance.current(config, hashes), tasks, overall);
  }

  private static OnTask onTask(StudyConfig config, Task task, Results results) {
    List<Variant> variants = config.variants(task);
    List<List<Results.Run>> runs =
        variants.stream()
            .map(
                variant ->
                    results.runs().stream()
                        .filter(run -> run.name().equals(variant.folder()))
                        .toList())
            .toList();
    double goal = goal(config, task, runs.get(0));
    int longest = StudyConfig.longest(task);
    List<Row> rows = new ArrayList<>();
    for (int v = 0; v < variants.size(); v++) {
      List<Results.Run> own = runs.get(v);
      Estimate[] estimates =
          own.stream()
              .map(run -> results.scores(run).estimates().get(config.metric()))
              .toArray(Estimate[]::new);
      double[] bySeed = Arrays.stream(estimates).mapToDouble(Estimate::value).toArray();
      Variant variant = variants.get(v);
      rows.add(
          new Row(
              variant.label(),
              variant.changes(),
              own.get(0).parameters(),
              Budget.stateBytes(variant.model(), longest),
              own.stream().mapToDouble(Results.Run::trainSeconds).average().orElseThrow(),
              bySeed,
              mean(bySeed),
              bySeed.length < 2 ? Double.NaN : new StandardDeviation().evaluate(bySeed),
              mean(Arrays.stream(estimates).mapToDouble(Estimate::standardError).toArray()),
              mean(own.stream().mapToDouble(run -> reaches(config, task, run, goal)).toArray())));
    }
    List<Difference> differences =
        Difference.of(pairs(config, rows), config.lowerIsBetter(), config.train().seed());
    return new OnTask(task.name(), results.provenance().dataHash(), rows, differences);
  }

  private static List<Difference.Pair> pairs(StudyConfig config, List<Row> rows) {
    List<Difference.Pair> pairs = new ArrayList<>();
    if (!config.design().isFactorial()) {
      for (Row row : rows.subList(1, rows.size())) {
        pairs.add(new Difference.Pair(row.variant, row.bySeed, rows.get(0).bySeed));
      }
      return pairs;
    }
    for (Change change : config.changes()) {
      Predicate<Row> has = row -> row.changes.contains(change.name());
      pairs.add(new Difference.Pair(change.name(), means(rows, has), means(rows, has.negate())));
    }
    return pairs;
  }

  /** The mean over some variants, seed by seed. */
  private static double[] means(List<Row> rows, Predicate<Row> which) {
    return IntStream.range(0, rows.get(0).bySeed.length)
        .mapToDouble(
            seed ->
                rows.stream()
                    .filter(which)
                    .mapToDouble(row -> row.bySeed[seed])
                    .average()
                    .orElse(Double.NaN))
        .toArray();
  }

  private static Overall overall(StudyConfig config, List<OnTask> tasks, int v) {
    List<double[]> runs = tasks.stream().map(task -> task.rows.get(v).bySeed).toList();
    double better =
        tasks.stream()
            .mapToDouble(
                task -> Statistics.improvement(task.rows.get(v).bySeed, task.rows.get(0).bySeed))
            .average()
            .orElseThrow();
    return new Overall(
        tasks.get(0).rows.get(v).variant,
        Statistics.interquartileMean(runs.stream().flatMapToDouble(Arrays::stream).toArray()),
        Statistics.stratified(runs, Statistics::interquartileMean, LEVEL, config.train().seed()),
        config.lowerIsBetter() ? 1 - better : better);
  }

  /** The metric on validation examples by what training is counted in; empty where not measured. */
  static List<double[]> validation(StudyConfig config, Task task, Results.Run run) {
    JsonNode points = run.details().get("validation");
    boolean measured = points != null && !points.isEmpty() && points.get(0).has(config.metric());
    return measured
        ? run.points("validation", task.countsExamples() ? "examples" : "step", config.metric())
        : List.of();
  }

  /** What the first variant's runs end with on validation examples, on average. */
  private static double goal(StudyConfig config, Task task, List<Results.Run> runs) {
    return runs.stream()
        .map(run -> validation(config, task, run))
        .mapToDouble(points -> points.isEmpty() ? Double.NaN : points.get(points.size() - 1)[1])
        .average()
        .orElse(Double.NaN);
  }

  private static double reaches(StudyConfig config, Task task, Results.Run run, double goal) {
    return validation(config, task, run).stream()
        .filter(point -> config.lowerIsBetter() ? point[1] <= goal : point[1] >= goal)
        .mapToDouble(point -> point[0])
        .findFirst()
        .orElse(Double.NaN);
  }

  private static double mean(double[] values) {
    return DoubleStream.of(values).average().orElse(Double.NaN);
  }

  /** The content of {@code results.json}: the configuration has every default filled in. */
  public JsonNode json() {
    ObjectNode json = Configs.json().createObjectNode().put("schema", SCHEMA);
    json.putPOJO("provenance", provenance).putPOJO("config", config);
    return json.putPOJO("tasks", tasks).putPOJO("overall", overall);
  }
}
