package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkNotNull;

import com.google.common.collect.Lists;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What an experiment shows: a table for a terminal, and a page that its task composes. */
public final class Report {
  private static final int LOSS_POINTS = 60;

  /** Grey in the palette. */
  private static final int GREY = 6;

  private final Results results;
  private final Task task;

  /** The report of some results. */
  public Report(Results results) {
    this.results = results;
    this.task = results.config().task();
  }

  /** The results. */
  public Results results() {
    return results;
  }

  /** The names of all baselines. */
  public List<String> baselines() {
    return List.copyOf(results.baselines().scores().keySet());
  }

  /** The table of baselines and models on the test examples. */
  public String text() {
    return TextTable.of(header(), rows()).toString();
  }

  /** The same for a page. */
  public Page.Table table() {
    return new Page.Table(header(), rows());
  }

  private List<String> header() {
    return Column.row(task.predictors(), task.columns(), Column::name);
  }

  private List<List<String>> rows() {
    List<Column> columns = task.columns();
    List<List<String>> rows = new ArrayList<>();
    results
        .baselines()
        .scores()
        .forEach(
            (name, scores) ->
                rows.add(Column.row(name, columns, column -> column.baseline(scores))));
    for (Results.Run run : results.runs()) {
      Scores scores = results.scores(run);
      rows.add(Column.row(results.label(run), columns, column -> column.trained(run, scores)));
    }
    return rows;
  }

  /** The page. */
  public Page page() {
    List<Page.Section> sections = new ArrayList<>();
    if (!results.runs().isEmpty()) {
      sections.addAll(task.sections(this));
    }
    if (!results.failures().isEmpty()) {
      sections.add(
          failures(
              results.failures().stream()
                  .map(each -> List.of(each.name() + " seed " + each.seed(), each.reason()))
                  .toList()));
    }
    sections.add(
        new Page.Section(
            "Provenance",
            null,
            List.of(
                new Page.Text("What ran, and where", Configs.write(results.provenance())),
                new Page.Text("Configuration", Configs.write(results.config())))));
    return new Page(task.title(), task.subtitle(), sections);
  }

  /**
   * The runs that failed, and why.
   *
   * @param rows a name and a reason each
   */
  public static Page.Section failures(List<List<String>> rows) {
    return new Page.Section(
        "Failed runs",
        "They are in no number of this page.",
        List.of(new Page.Table(List.of("run", "reason"), rows)));
  }

  /**
   * A metric of the evaluations during training.
   *
   * @param axis its name at the axis
   * @param metric its field
   * @param baselines levels drawn beside it, of the estimate of the same name
   */
  public Page.Lines learning(String title, String axis, String metric, List<String> baselines) {
    Function<Results.Run, List<double[]>> curve =
        run -> run.points("validation", progressField(), metric);
    List<Page.Line> lines = new ArrayList<>(lines("", false, curve));
    DoubleSummaryStatistics seen =
        results.runs().stream()
            .flatMap(run -> curve.apply(run).stream())
            .mapToDouble(point -> point[0])
            .summaryStatistics();
    double from = seen.getMin();
    double to = Math.max(0, seen.getMax());
    for (int i = 0; i < baselines.size(); i++) {
      double level = scores(baselines.get(i)).estimate(metric).value();
      lines.add(
          new Page.Line(
              baselines.get(i),
              color(i, baselines),
              true,
              List.of(new double[] {from, level}, new double[] {to, level})));
    }
    return new Page.Lines(title, "", progressAxis(), axis, false, lines);
  }

  /** A curve of the scores on the test examples, by position. */
  public Page.Lines positions(
      String title, String x, String y, String curve, List<String> baselines) {
    List<Page.Line> lines =
        new ArrayList<>(lines("", false, run -> results.scores(run).curves().get(curve)));
    for (int i = 0; i < baselines.size(); i++) {
      List<double[]> points = curve(scores(baselines.get(i)), curve);
      lines.add(new Page.Line(baselines.get(i), color(i, baselines), true, points));
    }
    return new Page.Lines(title, "", x, y, false, lines);
  }

  /**
   * The loss in training, and on validation examples.
   *
   * @param validation the field of the latter
   */
  public Page.Lines losses(String validation) {
    List<Page.Line> lines = new ArrayList<>();
    lines.addAll(
        lines(", training", false, run -> smoothed(run.points("losses", progressField(), "loss"))));
    lines.addAll(
        lines(", validation", true, run -> run.points("validation", progressField(), validation)));
    return new Page.Lines("Loss", "Nats per target.", progressAxis(), "loss", false, lines);
  }

  /** Means of as many intervals as can be told apart. */
  private static List<double[]> smoothed(List<double[]> losses) {
    int group = Math.max(1, losses.size() / LOSS_POINTS);
    List<double[]> points = new ArrayList<>();
    for (List<double[]> part : Lists.partition(losses, group)) {
      double mean = part.stream().mapToDouble(point -> point[1]).average().orElse(Double.NaN);
      points.add(new double[] {part.get(part.size() - 1)[0], mean});
    }
    return points;
  }

  /** Tokens per second in training, the mean over seeds. */
  public Page.Bars throughput() {
    return new Page.Bars(
        "Throughput",
        "Tokens per second in training: forward, backward and update.",
        "tokens/s",
        List.copyOf(byName().keySet()),
        byName().values().stream()
            .mapToDouble(
                runs ->
                    runs.stream()
                        .mapToDouble(run -> run.number("tokensPerSecond"))
                        .average()
                        .orElseThrow())
            .toArray());
  }

  /** The runs of each contestant, in the order of contestants. */
  private Map<String, List<Results.Run>> byName() {
    return results.runs().stream()
        .collect(Collectors.groupingBy(Results.Run::name, LinkedHashMap::new, Collectors.toList()));
  }

  /** A line per contestant, with a band over its seeds where there are several. */
  private List<Page.Line> lines(
      String suffix, boolean dashed, Function<Results.Run, List<double[]>> curve) {
    List<Page.Line> lines = new ArrayList<>();
    byName()
        .forEach(
            (name, runs) ->
                lines.add(
                    Page.Line.over(
                        name + suffix, lines.size(), dashed, runs.stream().map(curve).toList())));
    return lines;
  }

  private Scores scores(String baseline) {
    // Whoever names a baseline has asked for its scores.
    return checkNotNull(results.baselines().scores().get(baseline), baseline);
  }

  private static List<double[]> curve(Scores scores, String name) {
    return checkNotNull(scores.curves().get(name), name);
  }

  /** Baselines come after all runs; one alone is grey, so that it can't pass for a run. */
  private int color(int baseline, List<String> baselines) {
    return baselines.size() == 1 ? GREY : byName().size() + baseline;
  }

  private String progressField() {
    return task.countsExamples() ? "examples" : "step";
  }

  private String progressAxis() {
    return task.countsExamples() ? "training examples seen" : "updates";
  }
}
