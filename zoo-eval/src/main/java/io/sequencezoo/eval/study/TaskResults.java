package io.sequencezoo.eval.study;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.eval.experiment.Estimate;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.moment.StandardDeviation;

/** Computes what a study found on one of its tasks from that task's experiment. */
final class TaskResults {
  private final StudyConfig config;
  private final Task task;
  private final List<Variant> variants;
  private final Results results;

  /** The task by its number. */
  TaskResults(Grid grid, int number, Results results) {
    this.config = grid.config();
    this.task = config.tasks().get(number);
    this.variants = grid.variants(number);
    this.results = results;
  }

  StudyResults.OnTask onTask() {
    double goal = mean(variants.get(0), this::last);
    List<StudyResults.Row> rows = variants.stream().map(variant -> row(variant, goal)).toList();
    List<Difference> differences = new ArrayList<>(differences(changes(rows)));
    // Controls are no hypotheses: what chance does corrects no p-value.
    differences.addAll(differences(controls(rows)));
    List<StudyResults.Reused> reused = new ArrayList<>();
    for (Variant variant : variants) {
      for (Results.Run run : runs(variant)) {
        if (run.origin() != null && run.origin().from() != null) {
          reused.add(new StudyResults.Reused(variant.label(), run.seed(), run.origin().from()));
        }
      }
    }
    return new StudyResults.OnTask(
        task.name(),
        results.provenance().dataHash(),
        rows,
        differences,
        results.failures(),
        reused);
  }

  /** The runs of a variant that were brought to their ends. */
  List<Results.Run> runs(Variant variant) {
    return results.runs().stream().filter(run -> run.name().equals(variant.folder())).toList();
  }

  private double mean(Variant variant, ToDoubleFunction<Results.Run> value) {
    return StudyResults.mean(runs(variant).stream().mapToDouble(value).toArray());
  }

  private StudyResults.Row row(Variant variant, double goal) {
    int longest = StudyConfig.longest(task);
    double[] bySeed = bySeed(variant, Estimate::value);
    double[] present = Statistics.present(bySeed);
    StudyResults.Cost cost =
        new StudyResults.Cost(
            variant.parameters(),
            Budget.stateBytes(variant.model(), longest),
            Budget.operations(variant.model(), longest),
            mean(variant, Results.Run::steps),
            mean(variant, Results.Run::trainSeconds),
            mean(variant, Results.Run::cpuSeconds));
    return new StudyResults.Row(
        variant.label(),
        variant.changes(),
        variant.isControl(),
        runs(variant).size(),
        cost,
        bySeed,
        StudyResults.mean(present),
        present.length < 2 ? Double.NaN : new StandardDeviation().evaluate(present),
        StudyResults.mean(Statistics.present(bySeed(variant, Estimate::standardError))),
        mean(variant, run -> reaches(run, goal)));
  }

  /** A number of every seed; NaN where the run failed. */
  private double[] bySeed(Variant variant, ToDoubleFunction<Estimate> number) {
    return IntStream.range(0, config.seeds())
        .mapToObj(
            i ->
                runs(variant).stream()
                    .filter(run -> run.seed() == config.train().seed() + i)
                    .findFirst())
        .mapToDouble(run -> run.map(this::estimate).map(number::applyAsDouble).orElse(Double.NaN))
        .toArray();
  }

  private Estimate estimate(Results.Run run) {
    return results.scores(run).estimates().get(config.metric());
  }

  private List<Difference> differences(List<Difference.Pair> family) {
    return Difference.of(family, config.lowerIsBetter(), config.train().seed());
  }

  private List<Difference.Pair> changes(List<StudyResults.Row> rows) {
    List<StudyResults.Row> designed = rows.stream().filter(row -> !row.control()).toList();
    if (!config.design().isFactorial()) {
      return againstFirst(designed.subList(1, designed.size()), rows.get(0));
    }
    List<Difference.Pair> pairs = new ArrayList<>();
    for (Change change : config.changes()) {
      Predicate<StudyResults.Row> has = row -> row.changes().contains(change.name());
      pairs.add(
          new Difference.Pair(change.name(), means(designed, has), means(designed, has.negate())));
    }
    return pairs;
  }

  private static List<Difference.Pair> controls(List<StudyResults.Row> rows) {
    return againstFirst(rows.stream().filter(StudyResults.Row::control).toList(), rows.get(0));
  }

  private static List<Difference.Pair> againstFirst(
      List<StudyResults.Row> rows, StudyResults.Row first) {
    return rows.stream()
        .map(row -> new Difference.Pair(row.variant(), row.bySeed(), first.bySeed()))
        .toList();
  }

  /** The mean over some variants, seed by seed; NaN where one of them failed. */
  private static double[] means(List<StudyResults.Row> rows, Predicate<StudyResults.Row> which) {
    return IntStream.range(0, rows.get(0).bySeed().length)
        .mapToDouble(
            seed ->
                rows.stream()
                    .filter(which)
                    .mapToDouble(row -> row.bySeed()[seed])
                    .average()
                    .orElse(Double.NaN))
        .toArray();
  }

  /** The metric on validation examples by what training is counted in; empty where not measured. */
  List<double[]> validation(Results.Run run) {
    JsonNode points = run.details().get("validation");
    boolean measured = points != null && !points.isEmpty() && points.get(0).has(config.metric());
    return measured
        ? run.points("validation", task.countsExamples() ? "examples" : "step", config.metric())
        : List.of();
  }

  /** What a run ends with on validation examples. */
  private double last(Results.Run run) {
    List<double[]> points = validation(run);
    return points.isEmpty() ? Double.NaN : points.get(points.size() - 1)[1];
  }

  private double reaches(Results.Run run, double goal) {
    Optional<double[]> first =
        validation(run).stream()
            .filter(point -> config.lowerIsBetter() ? point[1] <= goal : point[1] >= goal)
            .findFirst();
    return first.map(point -> point[0]).orElse(Double.NaN);
  }
}
