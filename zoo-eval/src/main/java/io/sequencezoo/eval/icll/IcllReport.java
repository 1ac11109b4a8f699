package io.sequencezoo.eval.icll;

import com.google.common.collect.Lists;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What an ICLL experiment shows: a table for a terminal, and a page. */
public final class IcllReport {
  private static final List<String> HEADER =
      List.of("predictor", "accuracy", "TVD", "cross-entropy", "parameters", "tokens/s", "train s");

  /** Prompts thin out beyond; a mean over a few of them would only be noise. */
  private static final double LEAST_SHARE = 0.1;

  private static final int LOSS_POINTS = 60;

  private final IcllResults results;

  /** The report of some results. */
  public IcllReport(IcllResults results) {
    this.results = results;
  }

  /** The table of all predictors on the test problems. */
  public String table() {
    return TextTable.of(HEADER, rows()).toString();
  }

  /** The table of baselines alone. */
  public static String table(IcllBaselines.Results baselines) {
    List<List<String>> rows = new ArrayList<>();
    for (IcllScores scores : baselines.scores()) {
      rows.add(
          List.of(
              scores.predictor(),
              estimate(scores.accuracy()),
              estimate(scores.tvd()),
              number("%.3f", scores.l1().value()),
              number("%.3f", scores.crossEntropy().value()),
              number("%.3f", scores.nll().value())));
    }
    return TextTable.of(List.of("predictor", "accuracy", "TVD", "L1", "cross-entropy", "NLL"), rows)
        .toString();
  }

  private List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    for (IcllScores scores : results.baselines().scores()) {
      rows.add(row(scores.predictor(), scores, "-", "-", "-"));
    }
    for (IcllResults.Run run : results.runs()) {
      rows.add(
          row(
              label(run),
              run.test(),
              number("%,d", run.parameters()),
              number("%,.0f", run.tokensPerSecond()),
              number("%.0f", run.trainSeconds())));
    }
    return rows;
  }

  private static List<String> row(
      String name, IcllScores scores, String parameters, String rate, String seconds) {
    return List.of(
        name,
        estimate(scores.accuracy()),
        estimate(scores.tvd()),
        number("%.3f", scores.crossEntropy().value()),
        parameters,
        rate,
        seconds);
  }

  private static String estimate(Estimate estimate) {
    return number("%.3f", estimate.value()) + number(" ±%.3f", estimate.standardError());
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }

  private String label(IcllResults.Run run) {
    boolean several = results.runs().stream().filter(r -> r.name().equals(run.name())).count() > 1;
    return several ? run.name() + " seed " + run.seed() : run.name();
  }

  /** The page. */
  public Page page() {
    List<Page.Section> sections = new ArrayList<>();
    sections.add(
        new Page.Section(
            "Results on unseen automata",
            "Accuracy: how often the likeliest next symbol is one that the automaton allows. TVD: total"
                + " variation distance to the true distribution. ± is one standard error over"
                + " automata.",
            List.of(new Page.Table(HEADER, rows()))));
    sections.add(
        new Page.Section(
            "Against training examples seen",
            "On validation problems during training; dashed lines need no training and are on the"
                + " test problems.",
            List.of(
                learning("Accuracy", "accuracy", v -> v.accuracy(), s -> s.accuracy().value()),
                learning("TVD", "TVD", v -> v.tvd(), s -> s.tvd().value()))));
    sections.add(
        new Page.Section(
            "Against position in the prompt",
            "On test problems: what a predictor gains from what it has read.",
            List.of(
                positions("Accuracy", "accuracy", IcllScores.CurvePoint::accuracy),
                positions("TVD", "TVD", IcllScores.CurvePoint::tvd))));
    sections.add(new Page.Section("Training", "", List.of(losses(), throughput())));
    sections.add(
        new Page.Section(
            "Mixing matrices",
            "How strongly a position takes from each position before it, along the beginning of a"
                + " test prompt: attention weights, or the map of the linearised recurrence (its"
                + " norm over channels).",
            List.copyOf(mixing())));
    sections.add(
        new Page.Section(
            "A prompt continued",
            "The likeliest symbol, fed back, and so on, up to the first (red) that the automaton doesn't"
                + " allow; hold the pointer over a symbol to see what was allowed.",
            List.of(prompts())));
    sections.add(
        new Page.Section(
            "Provenance",
            null,
            List.of(
                new Page.Text("What ran, and where", Configs.write(results.provenance())),
                new Page.Text("Configuration", Configs.write(results.config())))));
    return new Page("In-context language learning", subtitle(), sections);
  }

  private String subtitle() {
    IcllBaselines.Results baselines = results.baselines();
    return number("%d test automata", baselines.config().testExamples())
        + number(", %d training automata", baselines.config().trainExamples())
        + number(", prompts of %.0f tokens on average", baselines.summary().promptTokens());
  }

  private Page.Lines learning(
      String title,
      String axis,
      ToDoubleFunction<IcllResults.ValidationPoint> value,
      ToDoubleFunction<IcllScores> baseline) {
    List<Page.Line> lines = new ArrayList<>();
    double from = Double.POSITIVE_INFINITY;
    double to = 0;
    for (int i = 0; i < results.runs().size(); i++) {
      IcllResults.Run run = results.runs().get(i);
      List<double[]> points = new ArrayList<>();
      for (IcllResults.ValidationPoint point : run.validation()) {
        points.add(new double[] {point.examples(), value.applyAsDouble(point)});
        from = Math.min(from, (double) point.examples());
        to = Math.max(to, (double) point.examples());
      }
      lines.add(new Page.Line(label(run), i, false, points));
    }
    for (IcllScores scores : shownBaselines()) {
      double level = baseline.applyAsDouble(scores);
      lines.add(
          new Page.Line(
              scores.predictor(),
              color(scores),
              true,
              List.of(new double[] {from, level}, new double[] {to, level})));
    }
    return new Page.Lines(title, "", "training examples seen", axis, false, lines);
  }

  private Page.Lines positions(
      String title, String axis, ToDoubleFunction<IcllScores.CurvePoint> value) {
    List<Page.Line> lines = new ArrayList<>();
    for (int i = 0; i < results.runs().size(); i++) {
      IcllResults.Run run = results.runs().get(i);
      lines.add(new Page.Line(label(run), i, false, curve(run.test(), value)));
    }
    for (IcllScores scores : shownBaselines()) {
      lines.add(new Page.Line(scores.predictor(), color(scores), true, curve(scores, value)));
    }
    return new Page.Lines(title, "", "position in the prompt", axis, false, lines);
  }

  private static List<double[]> curve(
      IcllScores scores, ToDoubleFunction<IcllScores.CurvePoint> value) {
    long most = scores.curve().stream().mapToLong(IcllScores.CurvePoint::positions).max().orElse(0);
    return scores.curve().stream()
        .filter(point -> point.positions() >= LEAST_SHARE * most)
        .map(point -> new double[] {(point.from() + point.to()) / 2.0, value.applyAsDouble(point)})
        .toList();
  }

  private List<IcllScores> shownBaselines() {
    return results.baselines().scores().stream()
        .filter(scores -> scores.predictor().matches("[1-4]-gram"))
        .toList();
  }

  private int color(IcllScores baseline) {
    return results.runs().size() + shownBaselines().indexOf(baseline);
  }

  private Page.Lines losses() {
    List<Page.Line> lines = new ArrayList<>();
    for (int i = 0; i < results.runs().size(); i++) {
      IcllResults.Run run = results.runs().get(i);
      lines.add(new Page.Line(label(run) + ", training", i, false, smoothed(run.losses())));
      lines.add(
          new Page.Line(
              label(run) + ", validation",
              i,
              true,
              run.validation().stream()
                  .map(point -> new double[] {point.examples(), point.nll()})
                  .toList()));
    }
    return new Page.Lines(
        "Loss", "Nats per target.", "training examples seen", "loss", false, lines);
  }

  /** Means of as many intervals as can be told apart. */
  private static List<double[]> smoothed(List<IcllResults.LossPoint> losses) {
    int group = Math.max(1, losses.size() / LOSS_POINTS);
    List<double[]> points = new ArrayList<>();
    for (List<IcllResults.LossPoint> part : Lists.partition(losses, group)) {
      double mean =
          part.stream().mapToDouble(IcllResults.LossPoint::loss).average().orElse(Double.NaN);
      points.add(new double[] {part.get(part.size() - 1).examples(), mean});
    }
    return points;
  }

  private Page.Bars throughput() {
    return new Page.Bars(
        "Throughput",
        "Tokens per second in training: forward, backward and update.",
        "tokens/s",
        results.runs().stream().map(this::label).toList(),
        results.runs().stream().mapToDouble(IcllResults.Run::tokensPerSecond).toArray());
  }

  private List<Page.Item> mixing() {
    List<Page.Item> items = new ArrayList<>();
    for (IcllResults.Run run : results.runs()) {
      for (IcllResults.Mixing mixing : run.mixing()) {
        items.add(
            new Page.Heatmap(
                label(run) + ", layer " + mixing.layer() + ", head " + mixing.head(),
                "",
                mixing.tokens(),
                mixing.matrix()));
      }
    }
    return items;
  }

  private Page.Prompts prompts() {
    List<Page.Continuation> continuations = new ArrayList<>();
    for (IcllResults.Run run : results.runs()) {
      continuations.add(
          new Page.Continuation(
              label(run),
              run.sample().continuation().stream()
                  .map(s -> new Page.Symbol(s.symbol(), s.legal(), s.allowed()))
                  .toList()));
    }
    return new Page.Prompts(results.runs().get(0).sample().prompt(), continuations);
  }
}
