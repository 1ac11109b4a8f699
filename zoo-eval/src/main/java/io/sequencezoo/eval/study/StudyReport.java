package io.sequencezoo.eval.study;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.experiment.Report;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import io.sequencezoo.eval.study.Statistics.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What a study shows: tables for a terminal and for papers, and a page. */
public final class StudyReport {
  private final StudyResults results;
  private final StudyConfig config;
  private final Grid grid;
  private final List<Results> experiments;

  /**
   * The report of some results.
   *
   * @param experiments the results of each task's experiment
   */
  StudyReport(StudyResults results, Grid grid, List<Results> experiments) {
    this.results = results;
    this.config = results.config();
    this.grid = grid;
    this.experiments = experiments;
  }

  /** The results. */
  public StudyResults results() {
    return results;
  }

  /** The table for a terminal: what variants have and take, then what they find. */
  public String text() {
    return new StudyTable(results).text();
  }

  /** The table as Markdown. */
  public String markdown() {
    return new StudyTable(results).table().toMarkdown();
  }

  /** The table as comma-separated values, numbers without separators of thousands. */
  public String csv() {
    return new StudyTable(results).csv();
  }

  /** The table as LaTeX, in the style of booktabs. */
  public String latex() {
    return new StudyTable(results).table().toLatex();
  }

  /** The performance profiles as comma-separated values. */
  public String profilesCsv() {
    List<List<String>> rows = new ArrayList<>();
    for (StudyResults.Profile profile : results.profiles()) {
      for (Statistics.Share share : profile.shares()) {
        rows.add(
            List.of(
                profile.variant(),
                Double.toString(share.tau()),
                Double.toString(share.share()),
                Double.toString(share.interval().low()),
                Double.toString(share.interval().high())));
      }
    }
    return TextTable.of(List.of("variant", "tau", "share", "low", "high"), rows).toCsv();
  }

  /** What doesn't show in the table, a line each: runs that were taken over, runs that failed. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    for (StudyResults.OnTask task : results.tasks()) {
      for (StudyResults.Reused run : task.reused()) {
        notes.add(
            "reused: "
                + task.task()
                + " "
                + run.variant()
                + " seed "
                + run.seed()
                + " of "
                + run.from());
      }
      for (Results.Failure run : task.failures()) {
        notes.add(
            "failed: "
                + task.task()
                + " "
                + run.name()
                + " seed "
                + run.seed()
                + ": "
                + run.reason());
      }
    }
    return notes;
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
            List.of(new StudyTable(results).page())));
    List<Page.Item> curves = new ArrayList<>();
    for (int t = 0; t < results.tasks().size(); t++) {
      Page.Lines lines = curves(t);
      if (!lines.series().isEmpty()) {
        curves.add(lines);
      }
    }
    if (!curves.isEmpty()) {
      sections.add(
          new Page.Section(
              "During training",
              "On validation examples: the mean over seeds, from the lowest to the highest.",
              curves));
    }
    if (!results.profiles().isEmpty()) {
      sections.add(
          new Page.Section(
              "Performance profiles",
              "The share of runs, of all tasks together, whose "
                  + config.metric()
                  + (config.lowerIsBetter() ? " is below τ." : " is above τ.")
                  + " Bands are 95 per cent intervals, runs drawn anew within tasks.",
              List.of(profiles())));
    }
    List<Page.Item> fronts = new ArrayList<>();
    for (StudyResults.OnTask task : results.tasks()) {
      fronts.add(front(task, "processor seconds in training", cost -> cost.cpuSeconds()));
      fronts.add(front(task, "bytes of state", cost -> cost.stateBytes()));
      fronts.add(front(task, "operations per token", cost -> cost.operations()));
    }
    sections.add(
        new Page.Section(
            "Against cost",
            "What no other variant beats in both is on the front, and drawn full.",
            fronts));
    List<List<String>> failures = new ArrayList<>();
    for (StudyResults.OnTask task : results.tasks()) {
      for (Results.Failure each : task.failures()) {
        String run = task.task() + " " + each.name() + " seed " + each.seed();
        failures.add(List.of(run, each.reason()));
      }
    }
    if (!failures.isEmpty()) {
      sections.add(Report.failures(failures));
    }
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
    List<Difference> differences =
        task.differences().stream().filter(each -> each.pairs() > 0).toList();
    return new Page.Forest(
        task.task(),
        "Mean over seeds, and its interval where there are two pairs or more.",
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

  private Page.Lines curves(int number) {
    Task task = config.tasks().get(number);
    TaskResults found = new TaskResults(grid, number, experiments.get(number));
    List<Page.Line> lines = new ArrayList<>();
    for (Variant variant : grid.variants(number)) {
      List<List<double[]>> runs =
          found.runs(variant).stream()
              .map(found::validation)
              .filter(points -> !points.isEmpty())
              .toList();
      if (!runs.isEmpty()) {
        int color = grid.variants(number).indexOf(variant);
        lines.add(Page.Line.over(variant.label(), color, variant.isControl(), runs));
      }
    }
    String axis = task.countsExamples() ? "training examples seen" : "updates";
    return new Page.Lines(task.name(), "", axis, config.metric(), false, lines);
  }

  private Page.Lines profiles() {
    List<Page.Line> lines = new ArrayList<>();
    for (StudyResults.Profile profile : results.profiles()) {
      List<double[]> points = new ArrayList<>();
      for (Statistics.Share share : profile.shares()) {
        boolean band = !Double.isNaN(share.interval().low());
        points.add(
            band
                ? new double[] {
                  share.tau(), share.share(), share.interval().low(), share.interval().high()
                }
                : new double[] {share.tau(), share.share()});
      }
      lines.add(new Page.Line(profile.variant(), lines.size(), false, points));
    }
    return new Page.Lines("All tasks", "", "τ", "share of runs", false, lines);
  }

  private Page.Scatter front(
      StudyResults.OnTask task, String x, ToDoubleFunction<StudyResults.Cost> of) {
    ToDoubleFunction<StudyResults.Row> cost = row -> of.applyAsDouble(row.cost());
    List<Page.Mark> marks = new ArrayList<>();
    for (int v = 0; v < task.rows().size(); v++) {
      StudyResults.Row row = task.rows().get(v);
      if (row.runs() == 0) {
        continue;
      }
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
