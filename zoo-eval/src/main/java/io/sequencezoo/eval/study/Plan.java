package io.sequencezoo.eval.study;

import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a study would train, and about how long that takes. */
public final class Plan {
  private static final List<String> HEADER =
      List.of(
          "task",
          "variant",
          "width",
          "parameters",
          "state bytes",
          "operations/token",
          "updates",
          "about cpu s",
          "about s");

  private final List<List<String>> rows = new ArrayList<>();
  private double seconds;

  /** Counts everything, and tries a few updates of each model. Writes nothing. */
  public Plan(StudyConfig config) {
    Grid grid = Grid.of(config);
    for (int t = 0; t < config.tasks().size(); t++) {
      Task task = config.tasks().get(t);
      int longest = StudyConfig.longest(task);
      List<Variant> variants = grid.variants(t);
      List<UpdateCost> costs =
          variants.stream()
              .map(variant -> UpdateCost.measure(task, variant.model(), config.train()))
              .toList();
      long usual = UpdateCost.updates(task, config.train());
      for (int v = 0; v < variants.size(); v++) {
        UpdateCost cost = costs.get(v);
        long updates =
            config.budget() == Budget.CPU_SECONDS
                ? UpdateCost.timed(usual, costs.get(0), cost)
                : usual;
        double runs = (double) updates * config.seeds();
        seconds += cost.seconds() * runs;
        Variant variant = variants.get(v);
        rows.add(
            List.of(
                task.name(),
                variant.label(),
                Integer.toString(variant.model().width()),
                number("%,d", variant.parameters()),
                number("%,d", Budget.stateBytes(variant.model(), longest)),
                number("%,d", Budget.operations(variant.model(), longest)),
                config.seeds() + " x " + number("%,d", updates),
                number("%.1f", cost.cpuSeconds() * runs),
                number("%.1f", cost.seconds() * runs)));
      }
    }
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }

  /** Seconds of all updates of all runs, on this machine as it is. */
  public double seconds() {
    return seconds;
  }

  /** A line per model. */
  public String text() {
    return TextTable.of(HEADER, rows).toString();
  }
}
