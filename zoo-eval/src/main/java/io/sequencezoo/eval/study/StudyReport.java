package io.sequencezoo.eval.study;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.experiment.Report;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import io.sequencezoo.eval.study.Statistics.Interval;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a study shows: tables for a terminal and for papers, and a page. */
public final class StudyReport {
  private static final List<String> COSTS =
      List.of("parameters", "state bytes", "operations/token", "updates", "cpu s", "train s");

  private static final List<String> VALUES =
      List.of("runs", "mean", "sd over seeds", "se over items", "reaches the first at");

  private static final List<String> DIFFERENCES =
      List.of("difference", "pairs", "low", "high", "p", "p (Holm)", "better in");

  private static final List<String> HEADER =
      Stream.of(List.of("task", "variant"), COSTS, VALUES, DIFFERENCES)
          .flatMap(List::stream)
          .toList();

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
    int names = 2;
    int values = names + COSTS.size();
    List<List<String>> all = rows();
    List<List<String>> costs =
        all.stream()
            .filter(row -> !row.get(names).equals("-"))
            .map(row -> row.subList(0, values))
            .toList();
    List<List<String>> found =
        all.stream()
            .map(row -> joined(row.subList(0, names), row.subList(values, row.size())))
            .toList();
    return TextTable.of(HEADER.subList(0, values), costs)
        + System.lineSeparator()
        + TextTable.of(joined(HEADER.subList(0, names), HEADER.subList(values, HEADER.size())), found);
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
      Map<String, Difference> differences =
          task.differences().stream().collect(Collectors.toMap(Difference::name, each -> each));
      for (StudyResults.Row row : task.rows()) {
        boolean compared = row.control() || !config.design().isFactorial();
        Difference difference = compared ? differences.get(row.variant()) : null;
        rows.add(
            row(List.of(task.task(), row.variant()), costs(row), values(row), cells(difference)));
      }
      if (config.design().isFactorial()) {
        for (Change change : config.changes()) {
          rows.add(
              row(
                  List.of(task.task(), "effect of " + change.name()),
                  blank(COSTS.size()),
                  blank(VALUES.size()),
                  cells(differences.get(change.name()))));
        }
      }
    }
    for (StudyResults.Overall overall : results.overall()) {
      String low = number(overall.interval().low());
      String high = number(overall.interval().high());
      rows.add(
          row(
              List.of("all (middle half)", overall.variant()),
              blank(COSTS.size()),
              List.of("-", number(overall.mean()), "-", "-", "-"),
              List.of("-", "-", low, high, "-", "-", percent(overall.improvement()))));
    }
    return rows;
  }

  private static List<String> row(
      List<String> names, List<String> costs, List<String> values, List<String> differences) {
    return Stream.of(names, costs, values, differences).flatMap(List::stream).toList();
  }

  private static List<String> joined(List<String> first, List<String> then) {
    return Stream.of(first, then).flatMap(List::stream).toList();
  }

  private static List<String> costs(StudyResults.Row row) {
    StudyResults.Cost cost = row.cost();
    return List.of(
        whole(cost.parameters()),
        whole(cost.stateBytes()),
        whole(cost.operations()),
        whole(cost.updates()),
        tenths(cost.cpuSeconds()),
        tenths(cost.trainSeconds()));
  }

  private List<String> values(StudyResults.Row row) {
    String of = row.runs() == config.seeds() ? "" : " of " + config.seeds();
    return List.of(
        row.runs() + of,
        number(row.mean()),
        number(row.overSeeds()),
        number(row.overItems()),
        whole(row.reaches()));
  }

  private static List<String> cells(Difference difference) {
    if (difference == null) {
      return blank(DIFFERENCES.size());
    }
    return List.of(
        signed(difference.mean()),
        Integer.toString(difference.pairs()),
        signed(difference.interval().low()),
        signed(difference.interval().high()),
        number(difference.p()),
        number(difference.corrected()),
        percent(difference.improvement()));
  }

  private static String whole(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%,.0f", value);
  }

  private static String tenths(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.1f", value);
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
    for (StudyResults.OnTask task : results.tasks()) {
      if (!task.failures().isEmpty()) {
        sections.add(Report.failures(task.failures()));
      }
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
