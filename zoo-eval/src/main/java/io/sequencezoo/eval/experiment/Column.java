package io.sequencezoo.eval.experiment;

import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A column of the table of results.
 *
 * @param name its header
 * @param ofScores the cell of whatever has scores; null where it tells of training
 * @param ofRun the cell of a trained model, where it tells of training
 */
public record Column(
    String name,
    @Nullable Function<Scores, String> ofScores,
    @Nullable Function<Results.Run, String> ofRun) {

  private static Column scores(String name, Function<Scores, String> cell) {
    return new Column(name, cell, null);
  }

  private static Column run(String name, String format, Function<Results.Run, Object> value) {
    return new Column(name, null, run -> text(format, value.apply(run)));
  }

  /** An estimate with its standard error. */
  public static Column estimate(String name, String key) {
    return scores(name, scores -> text(scores.estimate(key)));
  }

  /** An estimate alone. */
  public static Column number(String name, String key) {
    return scores(name, scores -> text("%.3f", scores.estimate(key).value()));
  }

  /** A share in per cent. */
  public static Column percent(String name, String key) {
    return scores(name, scores -> text("%.1f %%", 100 * scores.estimate(key).value()));
  }

  /** The number of parameters. */
  public static Column parameters() {
    return run("parameters", "%,d", Results.Run::parameters);
  }

  /** The number of updates. */
  public static Column updates() {
    return run("updates", "%,d", Results.Run::steps);
  }

  /** Tokens per second in updates, where results keep them. */
  public static Column tokensPerSecond() {
    return run("tokens/s", "%,.0f", run -> run.number("tokensPerSecond"));
  }

  /** Seconds spent in updates. */
  public static Column trainSeconds() {
    return run("train s", "%.0f", Results.Run::trainSeconds);
  }

  /** The table of what needs no training. */
  public static TextTable table(
      String predictors, List<Column> columns, Map<String, ? extends Scores> scores) {
    List<List<String>> rows = new ArrayList<>();
    scores.forEach((name, each) -> rows.add(row(name, columns, column -> column.baseline(each))));
    return TextTable.of(row(predictors, columns, Column::name), rows);
  }

  /** A name and a cell of every column. */
  static List<String> row(String name, List<Column> columns, Function<Column, String> cell) {
    return Stream.concat(Stream.of(name), columns.stream().map(cell)).toList();
  }

  /** The cell of a baseline. */
  String baseline(Scores scores) {
    return ofScores == null ? "-" : ofScores.apply(scores);
  }

  /** The cell of a trained model. */
  String trained(Results.Run run, Scores scores) {
    return ofScores == null && ofRun != null ? ofRun.apply(run) : baseline(scores);
  }

  /** An estimate in words. */
  private static String text(Estimate estimate) {
    return text("%.3f", estimate.value()) + text(" ±%.3f", estimate.standardError());
  }

  private static String text(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }
}
