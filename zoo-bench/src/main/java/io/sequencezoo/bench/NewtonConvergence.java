package io.sequencezoo.bench;

import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.nonlinear.ConvergenceReport;
import io.sequencezoo.core.dynamics.nonlinear.NewtonConfig;
import io.sequencezoo.core.dynamics.nonlinear.NewtonConfig.Fallback;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How fast Newton's method converges on ParaGRU and ParaLSTM by the size of their recurrent
 * weights, and what solves them, at what cost, where it doesn't. {@code zoo-bench/newton} runs it.
 */
@Command(name = "newton", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class NewtonConvergence extends TableCommand {
  /** Iterations of the first table. */
  private static final int ITERATIONS = 5;

  @Option(names = "--width", defaultValue = "16", description = "Channels of the cell.")
  private int width;

  @Option(names = "--batch", defaultValue = "2", description = "B.")
  private int batch;

  @Option(names = "--longest", defaultValue = "4096", description = "Longest T.")
  private int longest;

  @Option(names = "--rounds", defaultValue = "3", description = "Timed runs; the median counts.")
  private int rounds;

  @Option(names = "--seed", defaultValue = "1", description = "Of weights and inputs.")
  private long seed;

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new NewtonConvergence()).execute(args));
  }

  @Override
  public void run() {
    start("");
    show(errors());
    show(costs());
    write(settings -> settings.put("width", width).put("batch", batch).put("seed", seed));
  }

  private List<NewtonRegime> regimes() {
    return NewtonRegime.all(longest);
  }

  /** Largest difference from the sequential solver after k iterations, without any fallback. */
  private ResultTable errors() {
    Column[] columns = new Column[3 + ITERATIONS + 1];
    columns[0] = Column.CELL;
    columns[1] = Column.WEIGHTS;
    columns[2] = Column.TIME;
    for (int k = 0; k <= ITERATIONS; k++) {
      columns[3 + k] = new Column("error" + k, "k=" + k, "%.0e");
    }
    ResultTable table =
        new ResultTable(
            "errors",
            "Largest error after k iterations of Newton's method (float, width "
                + width
                + ", N(0, 1) inputs)",
            columns);
    for (NewtonRegime regime : regimes()) {
      NewtonProblem problem = new NewtonProblem(regime, batch, width, seed);
      Object[] cells = new Object[columns.length];
      cells[0] = regime.cell();
      cells[1] = regime.weights();
      cells[2] = regime.steps();
      for (int k = 0; k <= ITERATIONS; k++) {
        cells[3 + k] = problem.solve(NewtonConfig.fixed(k)).error();
      }
      table.add(cells);
    }
    return table;
  }

  /** What the policies cost where Newton's method alone doesn't do. */
  private ResultTable costs() {
    ResultTable table =
        new ResultTable(
            "costs",
            "What solves each regime, and its time over the sequential solver's",
            Column.CELL,
            Column.WEIGHTS,
            Column.TIME,
            new Column("policy", "policy", "%s"),
            new Column("paths", "solved by", "%s"),
            new Column("iterations", "Newton iterations", "%d"),
            new Column("trust", "trust region iterations", "%d"),
            new Column("error", "error", "%.0e"),
            new Column("timeOverSequential", "time/sequential", "%.1f"));
    NewtonConfig standard = NewtonConfig.standard();
    for (NewtonRegime regime : regimes()) {
      NewtonProblem problem = new NewtonProblem(regime, batch, width, seed);
      add(table, regime, problem, "standard", standard);
      if (regime.diverges()) {
        add(table, regime, problem, "three iterations", NewtonConfig.fixed(3));
        NewtonConfig three = Configs.with(standard, "iterations", 3);
        add(table, regime, problem, "three, then trust region", three);
        NewtonConfig stepped =
            Configs.with(three, Map.of("trustIterations", 0, "fallback", Fallback.SEQUENTIAL));
        add(table, regime, problem, "three, then sequential", stepped);
      }
    }
    return table;
  }

  private void add(
      ResultTable table,
      NewtonRegime regime,
      NewtonProblem problem,
      String policy,
      NewtonConfig config) {
    NewtonProblem.Result result = problem.solve(config);
    double ratio = problem.timeOverSequential(config, rounds);
    ConvergenceReport report = result.report();
    String paths =
        List.of(ConvergenceReport.Path.values()).stream()
            .filter(path -> report.count(path) > 0)
            .map(path -> path.name().toLowerCase(Locale.ROOT).replace('_', ' '))
            .collect(Collectors.joining(", "));
    int trust =
        report.sequences().stream()
            .mapToInt(ConvergenceReport.Outcome::trustIterations)
            .max()
            .orElse(0);
    table.add(
        regime.cell(),
        regime.weights(),
        regime.steps(),
        policy,
        paths,
        report.iterations(),
        trust,
        result.error(),
        ratio);
  }
}
