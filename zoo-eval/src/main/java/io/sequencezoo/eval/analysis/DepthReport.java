package io.sequencezoo.eval.analysis;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.analysis.DepthResults.StageDepth;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What the steps of tokens show: a table for a terminal, and a page of pictures. */
public final class DepthReport {
  private static final List<String> HEADER = List.of("stage", "least", "median", "mean", "most");

  private final String name;
  private final DepthResults results;

  /** The report of some results on a stage of this name. */
  public DepthReport(String name, DepthResults results) {
    this.name = name;
    this.results = results;
  }

  /** The table. */
  public String text() {
    return subtitle() + System.lineSeparator() + TextTable.of(HEADER, rows());
  }

  private String subtitle() {
    return results.labels().size() + " tokens, " + results.stages().size() + " stages that repeat";
  }

  private List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    for (StageDepth stage : results.stages()) {
      double[] sorted = stage.steps().clone();
      Arrays.sort(sorted);
      rows.add(
          List.of(
              stage.stage(),
              number(sorted[0]),
              number(sorted[(sorted.length - 1) / 2]),
              number(stage.mean()),
              number(sorted[sorted.length - 1])));
    }
    return rows;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }

  /** The page. */
  public Page page() {
    return new Page(
        "Depth of " + name,
        subtitle(),
        List.of(
            new Page.Section(
                "In numbers",
                "Steps that a token takes before it halts, or all of them.",
                List.of(new Page.Table(HEADER, rows()))),
            new Page.Section("Along the input", null, List.of(steps(), shares())),
            new Page.Section(
                "Provenance",
                null,
                List.of(
                    new Page.Text("What ran, and where", Configs.write(results.provenance())),
                    new Page.Text("Model, weights and input", Configs.write(results.subject()))))));
  }

  private double most() {
    return results.stages().stream()
        .flatMapToDouble(stage -> Arrays.stream(stage.steps()))
        .max()
        .orElse(1);
  }

  private Page.Matrix steps() {
    double[][] steps = results.stages().stream().map(StageDepth::steps).toArray(double[][]::new);
    return new Page.Matrix(
        "Steps per token",
        "A row per stage that repeats, the first on top.",
        "token",
        "stage",
        "steps",
        results.labels(),
        1,
        steps,
        0,
        most());
  }

  private Page.Lines shares() {
    List<Page.Line> lines = new ArrayList<>();
    for (int i = 0; i < results.stages().size(); i++) {
      StageDepth stage = results.stages().get(i);
      List<double[]> points = new ArrayList<>();
      for (int n = 1; n <= most(); n++) {
        int at = n;
        double share = Arrays.stream(stage.steps()).filter(steps -> steps >= at).count();
        points.add(new double[] {n, share / stage.steps().length});
      }
      lines.add(new Page.Line(stage.stage(), i, false, points));
    }
    return new Page.Lines(
        "Tokens still going",
        "The share of tokens that take at least so many steps.",
        "steps",
        "share of tokens",
        false,
        lines);
  }
}
