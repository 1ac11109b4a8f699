package io.sequencezoo.eval.study;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import io.sequencezoo.eval.study.Statistics.Interval;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.stat.StatUtils;

/** What a study shows: tables for a terminal and for papers, and a page. */
public final class StudyReport {
  private static final List<String> HEADER =
      List.of(
          "task",
          "variant",
          "parameters",
          "state bytes",
          "train s",
          "mean",
          "sd over seeds",
          "se over items",
          "reaches the first at",
          "difference",
          "low",
          "high",
          "p",
          "p (Holm)",
          "better in");

  private final StudyResults results;
  private final StudyConfig config;
  private final List<Results> experiments;

  /**
   * The report of some results.
   *
   * @param experiments the results of each task's experiment
   */
  StudyReport(StudyResults results, List<Results> experiments) {
    this.results = results;
    this.config = results.config();
    this.experiments = experiments;
  }

  /** The results. */
  public StudyResults results() {
    return results;
  }

  /** The table for a terminal. */
  public String text() {
    return table().toString();
  }

  /** The table as Markdown. */
  public String markdown() {
    return table().toMarkdown();
  }

  /** The table as comma-separated values, numbers without separators of thousands. */
  public String csv() {
    List<List<String>> plain =
        rows().stream()
            .map(row -> row.stream().map(StudyReport::withoutSeparators).toList())
            .toList();
    return TextTable.of(HEADER, plain).toCsv();
  }

  private static String withoutSeparators(String cell) {
    return cell.matches("[0-9]{1,3}(,[0-9]{3})+") ? cell.replace(",", "") : cell;
  }

  /** The table as LaTeX, in the style of booktabs. */
  public String latex() {
    return table().toLatex();
  }

  private TextTable table() {
    return TextTable.of(HEADER, rows());
  }

  private List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    for (StudyResults.OnTask task : results.tasks()) {
      for (StudyResults.Row row : task.rows()) {
        List<String> cells = new ArrayList<>(cells(task.task(), row));
        task.differences().stream()
            .filter(each -> each.name().equals(row.variant()) && !config.design().isFactorial())
            .findFirst()
            .ifPresentOrElse(each -> cells.addAll(cells(each)), () -> cells.addAll(blank(6)));
        rows.add(cells);
      }
      if (config.design().isFactorial()) {
        for (Difference effect : task.differences()) {
          List<String> cells = new ArrayList<>(List.of(task.task(), "effect of " + effect.name()));
          cells.addAll(blank(7));
          cells.addAll(cells(effect));
          rows.add(cells);
        }
      }
    }
    for (StudyResults.Overall overall : results.overall()) {
      List<String> cells = new ArrayList<>(List.of("all (middle half)", overall.variant()));
      cells.addAll(blank(3));
      cells.add(number(overall.mean()));
      cells.addAll(blank(4));
      cells.addAll(
          List.of(number(overall.interval().low()), number(overall.interval().high()), "-", "-"));
      cells.add(percent(overall.improvement()));
      rows.add(cells);
    }
    return rows;
  }

  private static List<String> cells(String task, StudyResults.Row row) {
    return List.of(
        task,
        row.variant(),
        String.format(Locale.ROOT, "%,d", row.parameters()),
        String.format(Locale.ROOT, "%,d", row.stateBytes()),
        String.format(Locale.ROOT, "%.1f", row.trainSeconds()),
        number(row.mean()),
        number(row.overSeeds()),
        number(row.overItems()),
        Double.isNaN(row.reaches()) ? "-" : String.format(Locale.ROOT, "%,.0f", row.reaches()));
  }

  private static List<String> cells(Difference difference) {
    return List.of(
        String.format(Locale.ROOT, "%+.3f", difference.mean()),
        signed(difference.interval().low()),
        signed(difference.interval().high()),
        number(difference.p()),
        number(difference.corrected()),
        percent(difference.improvement()));
  }

  private static List<String> blank(int cells) {
    return Collections.nCopies(cells, "-");
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
  }

  private static String signed(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%+.3f", value);
  }

  private static String percent(double value) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * value);
  }

  /** The page. */
  public Page page() {
    List<Page.Section> sections = new ArrayList<>();
    sections.add(
        new Page.Section(
            "Differences of " + config.metric(),
            what(),
            results.tasks().stream().<Page.Item>map(this::forest).toList()));
    sections.add(
        new Page.Section(
            "Results",
            "Spread over seeds and over test items are kept apart. A difference is one of pairs of"
                + " runs with equal seeds; its interval is a bootstrap's (BCa, 95 %) over seeds, p of"
                + " a paired t-test, and Holm's correction is over the differences of a task.",
            List.of(new Page.Table(HEADER, rows()))));
    List<Page.Item> curves = new ArrayList<>();
    for (int t = 0; t < results.tasks().size(); t++) {
      Page.Bands bands = curves(config.tasks().get(t), experiments.get(t), results.tasks().get(t));
      if (!bands.series().isEmpty()) {
        curves.add(bands);
      }
    }
    if (!curves.isEmpty()) {
      sections.add(
          new Page.Section(
              "During training",
              "On validation examples: the mean over seeds, from the lowest to the highest.",
              curves));
    }
    List<Page.Item> fronts = new ArrayList<>();
    for (StudyResults.OnTask task : results.tasks()) {
      fronts.add(front(task, "seconds in training", StudyResults.Row::trainSeconds));
      fronts.add(front(task, "bytes of state", StudyResults.Row::stateBytes));
    }
    sections.add(
        new Page.Section(
            "Against cost",
            "What no other variant beats in both is on the front, and drawn full.",
            fronts));
    sections.add(
        new Page.Section(
            "Provenance",
            null,
            List.of(
                new Page.Text("What ran, and where", Configs.write(results.provenance())),
                new Page.Text("Configuration", Configs.write(config)))));
    String tasks =
        String.join(", ", results.tasks().stream().map(StudyResults.OnTask::task).toList());
    return new Page(
        "Ablation study on " + tasks,
        String.format(
            Locale.ROOT,
            "%d changes, %d models a task, %d seeds each",
            config.changes().size(),
            results.tasks().get(0).rows().size(),
            config.seeds()),
        sections);
  }

  private String what() {
    String better = config.lowerIsBetter() ? "Less is better. " : "More is better. ";
    return better
        + switch (config.design()) {
          case EACH -> "Each change alone against the base.";
          case LEAVE_ONE_OUT -> "All changes but one against all.";
          case CUMULATIVE -> "The first changes against the base.";
          case FACTORIAL, FRACTIONAL -> "Models with a change against those without, on average.";
        };
  }

  private Page.Forest forest(StudyResults.OnTask task) {
    List<Difference> differences = task.differences();
    return new Page.Forest(
        task.task(),
        "Mean over " + config.seeds() + " seeds, and its interval where there are two or more.",
        "difference of " + config.metric(),
        differences.stream().map(Difference::name).toList(),
        differences.stream().mapToDouble(Difference::mean).toArray(),
        ends(differences, Interval::low),
        ends(differences, Interval::high));
  }

  private static double[] ends(List<Difference> differences, ToDoubleFunction<Interval> end) {
    return differences.stream()
        .mapToDouble(
            each ->
                Double.isNaN(each.interval().low())
                    ? each.mean()
                    : end.applyAsDouble(each.interval()))
        .toArray();
  }

  private Page.Bands curves(Task task, Results experiment, StudyResults.OnTask found) {
    List<Variant> variants = config.variants(task);
    List<Page.Band> bands = new ArrayList<>();
    for (int v = 0; v < variants.size(); v++) {
      TreeMap<Double, List<Double>> values = new TreeMap<>();
      for (Results.Run run : experiment.runs()) {
        if (run.name().equals(variants.get(v).folder())) {
          StudyResults.validation(config, task, run)
              .forEach(
                  point -> values.computeIfAbsent(point[0], x -> new ArrayList<>()).add(point[1]));
        }
      }
      List<double[]> points = new ArrayList<>();
      values.forEach(
          (x, y) -> {
            double[] all = y.stream().mapToDouble(Double::doubleValue).toArray();
            points.add(
                new double[] {x, StatUtils.mean(all), StatUtils.min(all), StatUtils.max(all)});
          });
      if (!points.isEmpty()) {
        bands.add(new Page.Band(found.rows().get(v).variant(), v, points));
      }
    }
    String axis = task.countsExamples() ? "training examples seen" : "updates";
    return new Page.Bands(task.name(), "", axis, config.metric(), bands);
  }

  private Page.Scatter front(
      StudyResults.OnTask task, String x, ToDoubleFunction<StudyResults.Row> cost) {
    List<Page.Mark> marks = new ArrayList<>();
    for (int v = 0; v < task.rows().size(); v++) {
      StudyResults.Row row = task.rows().get(v);
      double sign = config.lowerIsBetter() ? -1 : 1;
      boolean beaten =
          task.rows().stream()
              .anyMatch(
                  other ->
                      cost.applyAsDouble(other) <= cost.applyAsDouble(row)
                          && sign * other.mean() >= sign * row.mean()
                          && (cost.applyAsDouble(other) < cost.applyAsDouble(row)
                              || sign * other.mean() > sign * row.mean()));
      marks.add(new Page.Mark(row.variant(), v, !beaten, cost.applyAsDouble(row), row.mean()));
    }
    return new Page.Scatter(task.task(), "", x, config.metric(), marks);
  }
}
