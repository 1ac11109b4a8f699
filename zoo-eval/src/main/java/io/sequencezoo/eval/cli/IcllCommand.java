package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.io.Resources;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.Tasks;
import io.sequencezoo.eval.icll.IcllBaselines;
import io.sequencezoo.eval.icll.IcllTask;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code zoo icll}: in-context language learning. */
@Command(
    name = "icll",
    description = {
      "Train architectures on in-context language learning and compare them.",
      "Each prompt holds strings of a language that the model never saw; it must learn the language"
          + " from the prompt. Ends in a table, results.json and report.html."
    })
final class IcllCommand implements Callable<Integer> {
  private static final int PROBLEMS = 500;

  @Spec private CommandSpec spec;

  @Mixin private ExperimentOptions options;

  @Option(
      names = "--train-examples",
      paramLabel = "N",
      description = "Number of training automata.")
  private @Nullable Integer trainExamples;

  @Option(
      names = "--full",
      description = "The paper's setting: 40000 training automata, 200 epochs. Takes days.")
  private boolean full;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Go on with the experiment of this folder.")
  private @Nullable Path resume;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Folder of a new experiment (default: runs/icll-DATE-TIME).")
  private @Nullable Path output;

  @Option(names = "--baselines-only", description = "Only score what needs no training.")
  private boolean baselinesOnly;

  @Option(
      names = "--problems",
      paramLabel = "N",
      description = "Problems for --baselines-only (default: 500).")
  private @Nullable Integer problems;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Seed of the problems for --baselines-only (default: 0).")
  private @Nullable Long seed;

  @Override
  public Integer call() throws IOException {
    if (baselinesOnly) {
      checkArgument(
          resume == null && isUnchanged(),
          "icll: --baselines-only takes --problems, --seed and --output alone");
      baselines();
      return 0;
    }
    checkArgument(
        problems == null && seed == null,
        "icll: --problems and --seed belong to --baselines-only; set seeds in a --config");
    Path folder = resume != null ? resume : output != null ? output : newFolder();
    ExperimentConfig experiment = experiment();
    checkArgument(
        resume != null || !Files.exists(folder.resolve(Experiment.CONFIG)),
        "icll: %s holds an experiment already; use --resume %s or another --output",
        folder,
        folder);
    String goOn = "go on with 'zoo icll --resume " + folder + "'";
    return ExperimentOptions.run(spec, "icll", experiment, folder, goOn);
  }

  private ExperimentConfig experiment() throws IOException {
    if (resume != null) {
      checkArgument(
          output == null && isUnchanged(),
          "icll: --resume takes everything from its folder; leave the other options out");
      return Experiment.configOf(resume);
    }
    checkArgument(
        options.config() == null || !full, "icll: --config and --full exclude each other");
    Task standard = Tasks.get().standard("icll");
    Map<String, Integer> settings =
        trainExamples == null ? Map.of() : Map.of("task.trainExamples", trainExamples);
    ExperimentConfig experiment =
        full
            ? options.experiment(standard, fullExperiment(), settings)
            : options.experiment(standard, settings);
    checkArgument(
        experiment.task().name().equals("icll"),
        "icll: task of %s must be icll, got %s; use 'zoo run'",
        options.config(),
        experiment.task().name());
    return experiment;
  }

  /** Whether no option says how the experiment differs from the built-in one. */
  private boolean isUnchanged() {
    return options.areAbsent() && trainExamples == null && !full;
  }

  private static String fullExperiment() throws IOException {
    return Resources.toString(
        Resources.getResource(IcllTask.class, "full.yaml"), StandardCharsets.UTF_8);
  }

  private void baselines() throws IOException {
    IcllBaselines.Results results =
        IcllBaselines.run(problems == null ? PROBLEMS : problems, seed == null ? 0 : seed);
    PrintWriter out = spec.commandLine().getOut();
    out.print(IcllBaselines.table(results));
    Path folder = output != null ? output : newFolder();
    Files.createDirectories(folder);
    Path file = folder.resolve("baselines.json");
    AtomicFiles.writeString(file, Configs.write(results) + "\n");
    out.println();
    out.println("results  " + file);
  }

  private static Path newFolder() {
    return ExperimentOptions.newFolder("icll");
  }
}
