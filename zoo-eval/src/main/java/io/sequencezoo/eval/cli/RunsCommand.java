package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.report.TextTable;
import io.sequencezoo.eval.runs.Condition;
import io.sequencezoo.eval.runs.MergedRuns;
import io.sequencezoo.eval.runs.RunComparison;
import io.sequencezoo.eval.runs.RunIndex;
import io.sequencezoo.eval.runs.StoredRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zoo runs}: the runs of any studies and experiments. */
@Command(
    name = "runs",
    description = {
      "List, choose, compare and merge runs of studies and experiments.",
      "A run's fields are what its configuration says, by path (model.width, train.optimizer.lr,"
          + " task.length), what it found on test examples (accuracy, ...), and status, task, name,"
          + " mixer, seed, parameters, steps, trainSeconds, cpuSeconds, key, code, folder."
    })
final class RunsCommand implements Callable<Integer> {
  /** How results are written. */
  enum Format {
    TABLE,
    CSV,
    JSON
  }

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DIR",
      arity = "0..*",
      description = "Folders that runs are looked for in, and below (default: runs).")
  private List<Path> folders = List.of(Path.of("runs"));

  @Option(names = "--task", paramLabel = "NAME", description = "Runs on this task.")
  private String task;

  @Option(names = "--mixer", paramLabel = "TYPE", description = "Runs of models of this mixer.")
  private String mixer;

  @Option(
      names = "--where",
      paramLabel = "KEY=VALUE",
      description = "Runs with this field; != < <= > >= as well; may be given again.")
  private List<String> where = List.of();

  @Option(
      names = "--columns",
      paramLabel = "A,B",
      split = ",",
      description =
          "Fields to show (default: task, name, seed, status, parameters, steps, cpuSeconds, the"
              + " metric, folder).")
  private List<String> columns;

  @Option(names = "--sort", paramLabel = "KEY", description = "Sort by a field, -KEY downwards.")
  private String sort;

  @Option(
      names = "--metric",
      paramLabel = "KEY",
      description = "What is shown and compared (default: ${DEFAULT-VALUE}).")
  private String metric = "accuracy";

  @Option(names = "--lower-is-better", description = "The metric is a loss or a distance.")
  private boolean lowerIsBetter;

  @Option(
      names = "--compare",
      paramLabel = "KEY",
      description =
          "Group runs by a field, and compare the first group with each of the others in pairs of"
              + " the same task and seed.")
  private String compare;

  @Option(
      names = "--merge",
      paramLabel = "DIR",
      description = "Copy the finished ones of these runs into a folder, each once.")
  private Path merge;

  @Option(
      names = "--format",
      paramLabel = "F",
      description = "table, csv or json (default: table).")
  private Format format = Format.TABLE;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    List<StoredRun> runs = find();
    if (compare != null) {
      List<StoredRun> done =
          runs.stream().filter(run -> run.field("status").equals("done")).toList();
      print(new RunComparison(done, compare, metric, lowerIsBetter).table());
      return 0;
    }
    if (merge != null) {
      int copied = MergedRuns.copy(runs, merge);
      out.printf(Locale.ROOT, "runs: %d new of %d in %s%n", copied, runs.size(), merge);
      return 0;
    }
    if (columns == null && format == Format.JSON) {
      out.println(Configs.write(runs.stream().map(StoredRun::record).toList()));
      return 0;
    }
    List<String> shown = columns == null ? standardColumns() : columns;
    if (columns != null) {
      checkColumns(runs);
    }
    print(
        TextTable.of(
            shown, runs.stream().map(run -> shown.stream().map(run::field).toList()).toList()));
    return 0;
  }

  private List<String> standardColumns() {
    return List.of(
        "task", "name", "seed", "status", "parameters", "steps", "cpuSeconds", metric, "folder");
  }

  private void checkColumns(List<StoredRun> runs) {
    Set<String> known = new TreeSet<>(Set.of("folder"));
    runs.forEach(run -> known.addAll(run.fields().keySet()));
    for (String column : columns) {
      checkArgument(
          runs.isEmpty() || known.contains(column),
          "runs: columns must be fields of these runs, got %s; --format json shows all",
          column);
    }
  }

  private List<StoredRun> find() throws IOException {
    List<Condition> conditions = new ArrayList<>(where.stream().map(Condition::parse).toList());
    if (task != null) {
      conditions.add(new Condition("task", "=", task));
    }
    if (mixer != null) {
      conditions.add(new Condition("mixer", "=", mixer));
    }
    List<StoredRun> runs = new ArrayList<>();
    for (Path folder : folders) {
      try (RunIndex index = RunIndex.open(folder, spec.commandLine().getErr()::println)) {
        runs.addAll(index.find(conditions));
      }
    }
    if (sort != null) {
      String key = sort.startsWith("-") ? sort.substring(1) : sort;
      Comparator<StoredRun> order =
          Comparator.<StoredRun>comparingDouble(run -> run.number(key))
              .thenComparing(run -> run.field(key));
      runs.sort(sort.startsWith("-") ? order.reversed() : order);
    }
    return runs;
  }

  private void print(TextTable table) {
    PrintWriter out = spec.commandLine().getOut();
    switch (format) {
      case TABLE -> out.print(table);
      case CSV -> out.print(table.toCsv());
      case JSON -> out.println(Configs.write(table.toRecords()));
    }
    out.flush();
  }
}
