package io.sequencezoo.eval.chaos;

import io.sequencezoo.eval.experiment.Report;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.report.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** The page of an experiment on a chaotic system. */
final class ChaosPage {
  /** Series of more numbers are drawn as colours. */
  private static final int MOST_LINES = 3;

  /** Deviations of the strongest colour. */
  private static final double STRONGEST = 3;

  private ChaosPage() {}

  static List<Page.Section> sections(Report report, ChaosTask task) {
    List<Page.Section> sections = new ArrayList<>();
    sections.add(
        new Page.Section(
            "Forecasts of unseen trajectories",
            "Valid times are Lyapunov times until the error exceeds a half or a twentieth of a"
                + " deviation; the error is that a Lyapunov time ahead. What follows tells whether"
                + " forecasts behave like the system when they have left its trajectory: the mean"
                + " difference of power spectra, the Hellinger distance of spectra, the"
                + " divergence of the states that are visited, the largest Lyapunov exponent per"
                + " unit of time and the dimension. The row '"
                + ChaosBaselines.SYSTEM
                + "' is what is best of these at this length.",
            List.of(report.table())));
    sections.add(
        new Page.Section(
            "Error over time",
            "The mean over forecasts, in deviations.",
            List.of(
                report.positions(
                    "NRMSE", "Lyapunov times", "NRMSE", "errors", report.baselines()))));
    sections.add(new Page.Section("Forecasts", "The first of the test.", pictures(report, task)));
    sections.add(
        new Page.Section(
            "Long-term behaviour",
            null,
            List.of(
                report.positions(
                    "Power spectrum",
                    "frequency, per unit of time",
                    "dB",
                    "powers",
                    List.of(ChaosBaselines.SYSTEM)),
                report.positions(
                    "Lyapunov exponents",
                    "number",
                    "per unit of time",
                    "exponents",
                    List.of(ChaosBaselines.SYSTEM)))));
    sections.add(
        new Page.Section(
            "During training",
            "On validation trajectories.",
            List.of(
                report.learning("Valid time", "Lyapunov times", "validTime", List.of()),
                report.learning(
                    "Loss of the next steps", "squared deviations", "loss", List.of()))));
    return sections;
  }

  private static List<Page.Item> pictures(Report report, ChaosTask task) {
    List<Page.Item> items = new ArrayList<>();
    for (int i = 0; i < report.results().runs().size(); i++) {
      Results.Run run = report.results().runs().get(i);
      ForecastPicture picture = run.detail(ForecastPicture.FIELD, ForecastPicture.class);
      String label = report.results().label(run);
      if (task.system().features() > MOST_LINES) {
        if (i == 0) {
          items.add(colours("The system", picture.times(), picture.truth()));
        }
        items.add(colours(label, picture.times(), picture.forecast()));
      } else {
        items.add(lines(label, picture));
      }
    }
    return items;
  }

  private static Page.Lines lines(String label, ForecastPicture picture) {
    List<Page.Line> lines = new ArrayList<>();
    int features = picture.truth()[0].length;
    for (int f = 0; f < features; f++) {
      String name = features == 1 ? "" : " " + (f + 1);
      lines.add(new Page.Line(label + name, f, false, points(picture, picture.forecast(), f)));
      lines.add(new Page.Line("the system" + name, f, true, points(picture, picture.truth(), f)));
    }
    return new Page.Lines(label, "", "Lyapunov times", "deviations", false, lines);
  }

  private static List<double[]> points(ForecastPicture picture, double[][] rows, int feature) {
    return IntStream.range(0, rows.length)
        .mapToObj(t -> new double[] {picture.times()[t], rows[t][feature]})
        .toList();
  }

  private static Page.Matrix colours(String title, double[] times, double[][] rows) {
    List<String> labels =
        IntStream.range(0, rows[0].length).mapToObj(i -> Integer.toString(i + 1)).toList();
    String span = String.format(Locale.ROOT, "%.1f", times[times.length - 1]);
    return new Page.Matrix(
        title,
        "Over " + span + " Lyapunov times, downwards.",
        "place",
        "time",
        "deviations",
        labels,
        1,
        rows,
        -STRONGEST,
        STRONGEST);
  }
}
