package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.datasets.synthetic.SyntheticTask;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.Tasks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zoo synthetic TASK}: parity, keep-5th and hops. */
@Command(
    name = "synthetic",
    description = {
      "Train architectures on a small task that tells what they can express, and compare them.",
      "TASK is parity, keep_5th, one_hop or two_hop. Ends in a table, results.json and report.html; run"
          + " again on the same folder, it takes up where it stopped."
    })
final class SyntheticCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "TASK", description = "parity, keep_5th, one_hop or two_hop.")
  private SyntheticTask task;

  @Mixin private ExperimentOptions options;

  @Option(names = "--length", paramLabel = "T", description = "Steps of a sequence.")
  private @Nullable Integer length;

  @Option(
      names = "--train-examples",
      paramLabel = "N",
      description = "Number of training sequences.")
  private @Nullable Integer trainExamples;

  @Option(names = "--epochs", paramLabel = "N", description = "Passes over them.")
  private @Nullable Integer epochs;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Folder of the experiment (default: runs/synthetic-TASK).")
  private @Nullable Path output;

  @Override
  public Integer call() throws IOException {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("task.length", length);
    settings.put("task.trainExamples", trainExamples);
    if (epochs != null) {
      settings.put("train.epochs", epochs);
      settings.put("train.steps", "null");
    }
    Task standard = Tasks.get().standard(task.label());
    ExperimentConfig experiment = options.experiment(standard, settings);
    checkArgument(
        experiment.task().name().equals(task.label()),
        "synthetic: TASK must be the task %s of %s, got %s",
        experiment.task().name(),
        options.config(),
        task.label());
    Path folder = output != null ? output : Path.of("runs", "synthetic-" + task.label());
    String goOn = "the same command goes on with " + folder;
    return ExperimentOptions.run(spec, "synthetic", experiment, folder, goOn);
  }
}
