package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.study.Plan;
import io.sequencezoo.eval.study.Study;
import io.sequencezoo.eval.study.StudyConfig;
import io.sequencezoo.eval.study.StudyReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
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
          + " table, results.json, table.md, table.csv, table.tex and report.html; run again on the"
          + " same folder, it takes up where it stopped."
    })
final class AblateCommand implements Callable<Integer> {
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

  @Override
  public Integer call() throws IOException {
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
    Study study = new Study(config, folder, new Terminal(err)::listener);
    out.println("ablate: writing to " + folder);
    String goOn = "zoo: interrupted; go on with 'zoo ablate --resume " + folder + "'";
    Optional<StudyReport> report;
    try (Interruption interruption =
        new Interruption(study::requestStop, () -> err.println(goOn))) {
      report = study.run();
    }
    if (report.isEmpty()) {
      return Interruption.EXIT_CODE;
    }
    out.println();
    out.print(report.get().text());
    out.println();
    out.println("results  " + folder.resolve(Study.RESULTS));
    out.println("report   " + folder.resolve(Study.REPORT));
    return 0;
  }
}
