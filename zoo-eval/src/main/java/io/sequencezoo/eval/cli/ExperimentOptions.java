package io.sequencezoo.eval.cli;

import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Report;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.Tasks;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What all commands share that run an experiment. */
final class ExperimentOptions {
  @Option(
      names = "--config",
      paramLabel = "F",
      description = "A YAML or JSON file with model, mixers, train and, maybe, task.")
  private @Nullable Path config;

  @Option(
      names = "--mixers",
      paramLabel = "A,B",
      split = ",",
      description = "Train these architectures ('zoo list' shows all).")
  private @Nullable List<String> mixers;

  @Option(names = "--seeds", paramLabel = "N", description = "Runs per architecture.")
  private @Nullable Integer seeds;

  /** Whether none of them was given. */
  boolean areAbsent() {
    return config == null && mixers == null && seeds == null;
  }

  /** The file that describes the experiment, or null. */
  @Nullable Path config() {
    return config;
  }

  /**
   * The experiment that the options describe.
   *
   * @param standard the task where the file describes none
   * @param builtIn the experiment where there is no file
   * @param settings further changes by path; null values are left as they are
   */
  ExperimentConfig experiment(Task standard, String builtIn, Map<String, ?> settings)
      throws IOException {
    Map<String, String> changes = new LinkedHashMap<>();
    settings.forEach(
        (path, value) -> {
          if (value != null) {
            changes.put(path, value.toString());
          }
        });
    if (seeds != null) {
      changes.put("seeds", seeds.toString());
    }
    ExperimentConfig experiment =
        config == null
            ? ExperimentConfig.parse("built-in experiment", builtIn, standard, changes)
            : ExperimentConfig.parse(
                config.toString(), Files.readString(config), standard, changes);
    return mixers == null ? experiment : experiment.withMixers(mixers);
  }

  /** The same where the built-in experiment is that of the task. */
  ExperimentConfig experiment(Task standard, Map<String, ?> settings) throws IOException {
    return experiment(standard, Tasks.get().experiment(standard), settings);
  }

  /** A folder that no experiment has yet. */
  static Path newFolder(String name) {
    DateTimeFormatter format = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);
    String time = format.format(LocalDateTime.now(ZoneId.systemDefault()));
    return Path.of("runs", name + "-" + time);
  }

  /**
   * Runs an experiment and prints what it found.
   *
   * @param name of the command
   * @param goOn how to go on after an interruption
   * @return the exit code
   */
  static int run(
      CommandSpec spec, String name, ExperimentConfig experiment, Path folder, String goOn)
      throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Experiment running = new Experiment(experiment, folder, new Terminal(err)::listener);
    out.println(name + ": writing to " + folder);
    Optional<Results> results;
    try (Interruption interruption =
        new Interruption(running::requestStop, () -> err.println("zoo: interrupted; " + goOn))) {
      results = running.run();
    }
    if (results.isEmpty()) {
      return Interruption.EXIT_CODE;
    }
    out.println();
    out.print(new Report(results.get()).text());
    out.println();
    out.println("results  " + folder.resolve(Experiment.RESULTS));
    out.println("report   " + folder.resolve(Experiment.REPORT));
    List<Results.Failure> failures = results.get().failures();
    for (Results.Failure failure : failures) {
      err.println(
          "zoo: " + failure.name() + " seed " + failure.seed() + " failed: " + failure.reason());
    }
    return failures.isEmpty() ? 0 : 1;
  }
}
