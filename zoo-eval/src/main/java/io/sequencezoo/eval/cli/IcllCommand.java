package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.io.Resources;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.eval.icll.IcllBaselines;
import io.sequencezoo.eval.icll.IcllExperiment;
import io.sequencezoo.eval.icll.IcllExperimentConfig;
import io.sequencezoo.eval.icll.IcllReport;
import io.sequencezoo.eval.icll.IcllResults;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
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

  @Option(
      names = "--config",
      paramLabel = "F",
      description = "A YAML or JSON file that describes the whole experiment.")
  private Path config;

  @Option(
      names = "--mixers",
      paramLabel = "A,B",
      split = ",",
      description = "Train these architectures ('zoo list' shows all).")
  private List<String> mixers;

  @Option(
      names = "--train-examples",
      paramLabel = "N",
      description = "Number of training automata.")
  private Integer trainExamples;

  @Option(names = "--seeds", paramLabel = "N", description = "Runs per architecture.")
  private Integer seeds;

  @Option(
      names = "--full",
      description = "The paper's setting: 40000 training automata, 200 epochs. Takes days.")
  private boolean full;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Go on with the experiment of this folder.")
  private Path resume;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Folder of a new experiment (default: runs/icll-DATE-TIME).")
  private Path output;

  @Option(names = "--baselines-only", description = "Only score what needs no training.")
  private boolean baselinesOnly;

  @Option(
      names = "--problems",
      paramLabel = "N",
      description = "Problems for --baselines-only (default: 500).")
  private Integer problems;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Seed of the problems for --baselines-only (default: 0).")
  private Long seed;

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
    IcllExperimentConfig experiment = experiment();
    checkArgument(
        resume != null || !Files.exists(folder.resolve(IcllExperiment.CONFIG)),
        "icll: %s holds an experiment already; use --resume %s or another --output",
        folder,
        folder);
    PrintWriter out = spec.commandLine().getOut();
    out.println("icll: writing to " + folder);
    Terminal terminal = new Terminal(spec.commandLine().getErr());
    IcllExperiment running = new IcllExperiment(experiment, folder, terminal::listener);
    Optional<IcllResults> results;
    try (Interruption interruption =
        new Interruption(
            running::requestStop,
            () ->
                spec.commandLine()
                    .getErr()
                    .println("zoo: interrupted; go on with 'zoo icll --resume " + folder + "'"))) {
      results = running.run();
    }
    if (results.isEmpty()) {
      return Interruption.EXIT_CODE;
    }
    out.println();
    out.print(new IcllReport(results.get()).table());
    out.println();
    out.println("results  " + folder.resolve(IcllExperiment.RESULTS));
    out.println("report   " + folder.resolve(IcllExperiment.REPORT));
    return 0;
  }

  private IcllExperimentConfig experiment() throws IOException {
    if (resume != null) {
      checkArgument(
          output == null && isUnchanged(),
          "icll: --resume takes everything from its folder; leave the other options out");
      return IcllExperiment.configOf(resume);
    }
    checkArgument(config == null || !full, "icll: --config and --full exclude each other");
    IcllExperimentConfig experiment =
        config != null
            ? IcllExperimentConfig.parse(config.toString(), Files.readString(config))
            : builtIn(full ? "full.yaml" : "default.yaml");
    experiment = mixers == null ? experiment : experiment.withMixers(mixers);
    experiment = trainExamples == null ? experiment : experiment.withTrainExamples(trainExamples);
    return seeds == null ? experiment : experiment.withSeeds(seeds);
  }

  /** Whether no option says how the experiment differs from the built-in one. */
  private boolean isUnchanged() {
    return config == null && mixers == null && trainExamples == null && seeds == null && !full;
  }

  private static IcllExperimentConfig builtIn(String name) throws IOException {
    String text =
        Resources.toString(
            Resources.getResource(IcllExperiment.class, name), StandardCharsets.UTF_8);
    return IcllExperimentConfig.parse(name, text);
  }

  private void baselines() throws IOException {
    IcllBaselines.Results results =
        IcllBaselines.run(problems == null ? PROBLEMS : problems, seed == null ? 0 : seed);
    PrintWriter out = spec.commandLine().getOut();
    out.print(IcllReport.table(results));
    Path folder = output != null ? output : newFolder();
    Files.createDirectories(folder);
    Path file = folder.resolve("baselines.json");
    AtomicFiles.writeString(file, Configs.write(results) + "\n");
    out.println();
    out.println("results  " + file);
  }

  private static Path newFolder() {
    DateTimeFormatter format = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);
    return Path.of("runs", "icll-" + format.format(LocalDateTime.now(ZoneId.systemDefault())));
  }
}
