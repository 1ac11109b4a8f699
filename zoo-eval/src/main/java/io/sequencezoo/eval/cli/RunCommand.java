package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Tasks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zoo run TASK}: an experiment on any task. */
@Command(
    name = "run",
    description = {
      "Train architectures on a task and compare them.",
      "'zoo tasks' lists the tasks. Ends in a table, results.json and report.html; run again on the same"
          + " folder, it takes up where it stopped."
    })
final class RunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "TASK",
      arity = "0..1",
      description = "A name that 'zoo tasks' shows; not with --resume.")
  private @Nullable String name;

  @Mixin private ExperimentOptions options;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Change the experiment, for example --set train.steps=100; null takes away.")
  private @Nullable Map<String, String> settings;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Go on with the experiment of this folder.")
  private @Nullable Path resume;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Folder of the experiment (default: runs/TASK-DATE-TIME).")
  private @Nullable Path output;

  @Override
  public Integer call() throws IOException {
    if (resume != null) {
      checkArgument(
          name == null && output == null && settings == null && options.areAbsent(),
          "run: --resume takes everything from its folder; leave the other options and TASK out");
      return run(Experiment.configOf(resume), resume);
    }
    checkArgument(
        name != null, "run: TASK must be one of %s, got none", Tasks.get().entries().keySet());
    ExperimentConfig experiment =
        options.experiment(Tasks.get().standard(name), settings == null ? Map.of() : settings);
    checkArgument(
        experiment.task().name().equals(name),
        "run: TASK must be the task %s of %s, got %s",
        experiment.task().name(),
        options.config(),
        name);
    return run(experiment, output != null ? output : ExperimentOptions.newFolder(name));
  }

  private int run(ExperimentConfig experiment, Path folder) throws IOException {
    String goOn = "go on with 'zoo run --resume " + folder + "'";
    return ExperimentOptions.run(spec, "run", experiment, folder, goOn);
  }
}
