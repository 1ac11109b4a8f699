package io.sequencezoo.eval.study;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.study.Statistics.Interval;
import io.sequencezoo.eval.study.Statistics.Share;
import io.sequencezoo.train.Provenance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * What a study found.
 *
 * @param config the study
 * @param provenance what ran, where
 * @param tasks the results of each task
 * @param overall each variant over all tasks; empty where there is one task
 * @param profiles how often each variant's runs on all tasks are better than a level
 */
public record StudyResults(
    StudyConfig config,
    Provenance provenance,
    List<OnTask> tasks,
    List<Overall> overall,
    List<Profile> profiles) {
  /** The current version of the layout of {@code results.json}. */
  public static final int SCHEMA = 2;

  static final double LEVEL = 0.95;

  /** Levels of a profile, from the least to the largest value of any run. */
  private static final int LEVELS = 51;

  /** Copies the lists. */
  public StudyResults {
    tasks = List.copyOf(tasks);
    overall = List.copyOf(overall);
    profiles = List.copyOf(profiles);
  }

  /**
   * A task's results.
   *
   * @param task its name
   * @param dataHash of the test examples
   * @param rows a variant each, the first of which the others are compared with
   * @param differences from the first, or in a factorial design the effects of changes
   * @param failures the runs that failed, by the variant's folder
   * @param reused the runs that other experiments had finished
   */
  public record OnTask(
      String task,
      String dataHash,
      List<Row> rows,
      List<Difference> differences,
      List<Results.Failure> failures,
      List<Reused> reused) {}

  /**
   * A run that another experiment had finished.
   *
   * @param variant its label
   * @param from the folder of that run
   */
  public record Reused(String variant, long seed, String from) {}

  /**
   * A variant on a task.
   *
   * @param control whether it is there to tell what chance does
   * @param runs how many were brought to their ends
   * @param cost what it has and takes
   * @param bySeed the metric for every seed; NaN where the run failed
   * @param mean of these
   * @param overSeeds their standard deviation; NaN for one run
   * @param overItems the standard error of one run's metric when test examples are drawn anew, the
   *     mean over seeds; NaN where the task doesn't estimate it
   * @param reaches when runs reach the first variant's last validation, on average, in what the
   *     task counts training by; NaN where not all do
   */
  public record Row(
      String variant,
      List<String> changes,
      boolean control,
      int runs,
      @JsonUnwrapped Cost cost,
      double[] bySeed,
      double mean,
      double overSeeds,
      double overItems,
      double reaches) {}

  /**
   * What a variant has and takes.
   *
   * @param parameters its number
   * @param stateBytes of one row in float after the longest test input
   * @param operations per token, forward, in the middle of the longest test input
   * @param updates of a run
   * @param trainSeconds the mean over seeds
   * @param cpuSeconds the same of all threads together
   */
  public record Cost(
      long parameters,
      long stateBytes,
      long operations,
      double updates,
      double trainSeconds,
      double cpuSeconds) {}

  /**
   * A variant over all tasks.
   *
   * @param mean the interquartile mean over all runs of all tasks
   * @param interval of it, runs drawn anew within tasks, at 95 per cent
   * @param improvement how often a run is better than one of the first variant, the mean over tasks
   */
  public record Overall(
      String variant, double mean, @JsonUnwrapped Interval interval, double improvement) {}

  /** A variant's performance profile. */
  public record Profile(String variant, List<Share> shares) {}

  /** Computes everything from the results of each task's experiment, in the order of the tasks. */
  static StudyResults of(Grid grid, List<Results> experiments) {
    StudyConfig config = grid.config();
    List<OnTask> tasks = new ArrayList<>();
    for (int t = 0; t < experiments.size(); t++) {
      tasks.add(new TaskResults(grid, t, experiments.get(t)).onTask());
    }
    List<Overall> overall = new ArrayList<>();
    for (String variant : tasks.size() > 1 ? everywhere(tasks) : List.<String>of()) {
      overall.add(overall(config, tasks, variant));
    }
    String hashes = String.join(" ", tasks.stream().map(OnTask::dataHash).toList());
    return new StudyResults(
        config, Provenance.current(config, hashes), tasks, overall, profiles(config, tasks));
  }

  /** The variants that all tasks have; a control may have nothing to remove in some. */
  private static List<String> everywhere(List<OnTask> tasks) {
    return tasks.get(0).rows.stream()
        .map(Row::variant)
        .filter(
            name ->
                tasks.stream()
                    .allMatch(task -> task.rows.stream().anyMatch(row -> row.variant.equals(name))))
        .toList();
  }

  private static List<double[]> runs(List<OnTask> tasks, String variant) {
    return tasks.stream()
        .flatMap(task -> task.rows.stream().filter(row -> row.variant.equals(variant)))
        .map(Row::bySeed)
        .toList();
  }

  private static Overall overall(StudyConfig config, List<OnTask> tasks, String variant) {
    List<double[]> runs = runs(tasks, variant).stream().map(Statistics::present).toList();
    double better =
        IntStream.range(0, tasks.size())
            .mapToDouble(
                t ->
                    Statistics.improvement(
                        runs.get(t), Statistics.present(tasks.get(t).rows.get(0).bySeed)))
            .average()
            .orElseThrow();
    return new Overall(
        variant,
        Statistics.interquartileMean(runs.stream().flatMapToDouble(Arrays::stream).toArray()),
        Statistics.stratified(runs, Statistics::interquartileMean, LEVEL, config.train().seed()),
        config.lowerIsBetter() ? 1 - better : better);
  }

  private static List<Profile> profiles(StudyConfig config, List<OnTask> tasks) {
    double[] all =
        tasks.stream()
            .flatMap(task -> task.rows.stream())
            .flatMapToDouble(row -> Arrays.stream(Statistics.present(row.bySeed)))
            .sorted()
            .toArray();
    if (all.length == 0) {
      return List.of();
    }
    double low = all[0];
    double high = all[all.length - 1];
    double[] levels =
        IntStream.range(0, low == high ? 1 : LEVELS)
            .mapToDouble(k -> low + k * (high - low) / (LEVELS - 1))
            .toArray();
    return everywhere(tasks).stream()
        .map(
            variant ->
                new Profile(
                    variant,
                    Statistics.profile(
                        runs(tasks, variant),
                        levels,
                        config.lowerIsBetter(),
                        LEVEL,
                        config.train().seed())))
        .toList();
  }

  /** The number of runs that failed. */
  public int failed() {
    return tasks.stream().mapToInt(task -> task.failures.size()).sum();
  }

  static double mean(double[] values) {
    return DoubleStream.of(values).average().orElse(Double.NaN);
  }

  /** The content of {@code results.json}: the configuration has every default filled in. */
  public JsonNode json() {
    ObjectNode json = Configs.json().createObjectNode().put("schema", SCHEMA);
    json.putPOJO("provenance", provenance).putPOJO("config", config);
    json.putPOJO("tasks", tasks).putPOJO("overall", overall);
    return json.putPOJO("profiles", profiles);
  }
}
