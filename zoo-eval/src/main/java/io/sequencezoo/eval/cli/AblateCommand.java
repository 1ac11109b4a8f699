package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.eval.experiment.FinishedRuns;
import io.sequencezoo.eval.study.Plan;
import io.sequencezoo.eval.study.Study;
import io.sequencezoo.eval.study.StudyConfig;
import io.sequencezoo.eval.study.StudyProgress;
import io.sequencezoo.eval.study.StudyReport;
import io.sequencezoo.eval.study.Workers;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zoo ablate}: an ablation study. */
@Command(
    name = "ablate",
    description = {
      "Train a model with and without named changes, in pairs, and compare them.",
      "STUDY is a YAML file of tasks, model, changes and train, such as docs/examples/ablate-gla.yaml. Ends in a"
          + " table, results.json, table.md, table.csv, table.tex, profiles.csv and report.html; run again on the"
          + " same folder, it takes up where it stopped."
    })
final class AblateCommand implements Callable<Integer> {
  private static final int WATCH_SECONDS = 5;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "STUDY", arity = "0..1", description = "The study; not with --resume.")
  private @Nullable Path file;

  @Option(names = "--seeds", paramLabel = "N", description = "Runs per model and task.")
  private @Nullable Integer seeds;

  @Option(
      names = "--dry-run",
      description = "Print the models, their sizes and about how long all takes; write nothing.")
  private boolean dryRun;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Go on with the study of this folder.")
  private @Nullable Path resume;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Folder of the study (default: runs/ablate-DATE-TIME).")
  private @Nullable Path output;

  @Option(
      names = "--reuse",
      paramLabel = "DIR",
      description =
          "Take over runs of the studies and experiments in this folder, where configuration, data and"
              + " code are the same; may be given again.")
  private List<Path> reuse = List.of();

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Processes that share the runs, and the threads (default: this one alone).")
  private Integer workers;

  @Option(
      names = "--watch",
      paramLabel = "DIR",
      description = "Show how far the study of this folder is, until it is done; write nothing.")
  private Path watch;

  @Option(names = "--help-study", paramLabel = "DIR", hidden = true)
  private Path help;

  @Override
  public Integer call() throws IOException {
    if (help != null) {
      return help();
    }
    if (watch != null) {
      checkArgument(
          file == null && resume == null && output == null && seeds == null && workers == null,
          "ablate: --watch takes nothing beside it; leave the other options and STUDY out");
      return watch();
    }
    checkArgument(
        resume == null || (file == null && output == null && seeds == null),
        "ablate: --resume takes everything from its folder; leave STUDY, --seeds and --output out");
    StudyConfig study = resume != null ? Study.configOf(resume) : study();
    if (dryRun) {
      Plan plan = new Plan(study);
      PrintWriter out = spec.commandLine().getOut();
      out.print(plan.text());
      out.printf(Locale.ROOT, "%nabout %.0f s of updates in all, tests apart%n", plan.seconds());
      return 0;
    }
    return run(study, resume != null ? resume : output != null ? output : newFolder());
  }

  private StudyConfig study() throws IOException {
    checkArgument(file != null, "ablate: STUDY must be a YAML file, got none");
    StudyConfig study = StudyConfig.parse(file.toString(), Files.readString(file));
    return seeds == null ? study : Configs.with(study, "seeds", seeds);
  }

  private static Path newFolder() {
    return ExperimentOptions.newFolder("ablate");
  }

  private int run(StudyConfig config, Path folder) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Workers processes =
        workers == null
            ? null
            : new Workers(workers, Parallel.threads(), helpCommand(), err::println);
    Study study = new Study(config, folder, new Terminal(err)::listener, FinishedRuns.in(reuse));
    study.checkMetric();
    out.println("ablate: writing to " + folder);
    String goOn = "zoo: interrupted; go on with 'zoo ablate --resume " + folder + "'";
    Optional<StudyReport> report;
    try (Interruption interruption =
        new Interruption(study::requestStop, () -> err.println(goOn))) {
      report = study.run(processes);
    }
    if (report.isEmpty()) {
      return Interruption.EXIT_CODE;
    }
    out.println();
    out.print(report.get().text());
    out.println();
    report.get().notes().forEach(out::println);
    out.println("results  " + folder.resolve(Study.RESULTS));
    out.println("report   " + folder.resolve(Study.REPORT));
    int failed = report.get().results().failed();
    if (failed > 0) {
      err.println(
          "zoo: ablate: all runs must end, got "
              + failed
              + " that failed, each with its reason above; 'zoo ablate --resume "
              + folder
              + "' tries them again");
    }
    return failed == 0 ? 0 : 1;
  }

  private List<String> helpCommand() {
    List<String> command = new ArrayList<>(List.of(Zoo.class.getName(), "ablate"));
    for (Path each : reuse) {
      command.add("--reuse=" + each);
    }
    command.add("--help-study");
    return command;
  }

  /** A worker of a study that another process runs; ends when its standard input does. */
  private int help() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Study study =
        new Study(Study.configOf(help), help, new Terminal(err)::listener, FinishedRuns.in(reuse));
    Thread parent =
        new Thread(
            () -> {
              awaitEnd(System.in);
              study.requestStop();
              Interruption.haltAfterGrace();
            },
            "zoo-parent");
    parent.setDaemon(true);
    parent.start();
    try (Interruption interruption = new Interruption(study::requestStop, () -> {})) {
      return study.help() ? 0 : Interruption.EXIT_CODE;
    }
  }

  private static void awaitEnd(InputStream in) {
    try {
      while (in.read() >= 0) {
        // Nobody writes.
      }
    } catch (IOException hasEnded) {
      // Then there is nobody to wait for either.
    }
  }

  private int watch() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String shown = "";
    while (true) {
      StudyProgress progress = StudyProgress.of(watch);
      String text = progress.line() + System.lineSeparator() + progress.text();
      if (!text.equals(shown)) {
        out.println(text);
        shown = text;
      }
      if (progress.isDone() || progress.count(StudyProgress.Status.RUNNING) == 0) {
        return 0;
      }
      try {
        TimeUnit.SECONDS.sleep(WATCH_SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Interruption.EXIT_CODE;
      }
    }
  }
}
