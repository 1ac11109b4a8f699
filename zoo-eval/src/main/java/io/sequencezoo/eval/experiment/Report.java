package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkNotNull;

import com.google.common.collect.Lists;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.List;

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
    List<Page.Section> sections = new ArrayList<>(task.sections(this));
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
   * A metric of the evaluations during training.
   *
   * @param axis its name at the axis
   * @param metric its field
   * @param baselines levels drawn beside it, of the estimate of the same name
   */
  public Page.Lines learning(String title, String axis, String metric, List<String> baselines) {
    List<Page.Line> lines = new ArrayList<>();
    double from = Double.POSITIVE_INFINITY;
    double to = 0;
    for (int i = 0; i < results.runs().size(); i++) {
      Results.Run run = results.runs().get(i);
      List<double[]> points = run.points("validation", progressField(), metric);
      for (double[] point : points) {
        from = Math.min(from, point[0]);
        to = Math.max(to, point[0]);
      }
      lines.add(new Page.Line(results.label(run), i, false, points));
    }
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
    List<Page.Line> lines = new ArrayList<>();
    for (int i = 0; i < results.runs().size(); i++) {
      Results.Run run = results.runs().get(i);
      lines.add(new Page.Line(results.label(run), i, false, curve(results.scores(run), curve)));
    }
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
    for (int i = 0; i < results.runs().size(); i++) {
      Results.Run run = results.runs().get(i);
      String label = results.label(run);
      List<double[]> training = run.points("losses", progressField(), "loss");
      lines.add(new Page.Line(label + ", training", i, false, smoothed(training)));
      List<double[]> validated = run.points("validation", progressField(), validation);
      lines.add(new Page.Line(label + ", validation", i, true, validated));
    }
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

  /** Tokens per second in training. */
  public Page.Bars throughput() {
    return new Page.Bars(
        "Throughput",
        "Tokens per second in training: forward, backward and update.",
        "tokens/s",
        results.runs().stream().map(results::label).toList(),
        results.runs().stream().mapToDouble(run -> run.number("tokensPerSecond")).toArray());
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
    return baselines.size() == 1 ? GREY : results.runs().size() + baseline;
  }

  private String progressField() {
    return task.countsExamples() ? "examples" : "step";
  }

  private String progressAxis() {
    return task.countsExamples() ? "training examples seen" : "updates";
  }
}
