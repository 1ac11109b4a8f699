package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.report.HtmlReport;
import io.sequencezoo.train.FolderLock;
import io.sequencezoo.train.TrainListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Runs a {@link StudyConfig} in a folder: an {@link Experiment} per task in a folder of its own,
 * then {@code results.json}, tables and {@code report.html} that compare them. Running it again on
 * the same folder takes up where it stopped, run by run, and changes nothing that is finished.
 */
public final class Study {
  /** The study's configuration in its folder. */
  public static final String CONFIG = "study.json";

  /** The results in its folder. */
  public static final String RESULTS = "results.json";

  /** The page in its folder. */
  public static final String REPORT = "report.html";

  private final StudyConfig config;
  private final Path folder;
  private final Map<Task, Experiment> experiments = new LinkedHashMap<>();
  private volatile boolean stopRequested;

  /**
   * A study. Nothing is written until it runs.
   *
   * @param listeners makes the listener of a run from its name
   * @throws IllegalArgumentException where a change applies to nothing, or a model can't be built
   *     or doesn't fit a task
   */
  public Study(StudyConfig config, Path folder, Function<String, TrainListener> listeners) {
    this.config = config;
    this.folder = folder;
    for (Task task : config.tasks()) {
      task.baselines().scores().values().stream()
          .findFirst()
          .ifPresent(known -> checkMetric(task, known.estimates().keySet()));
      Function<String, TrainListener> named =
          config.tasks().size() == 1
              ? listeners
              : name -> listeners.apply(task.name() + " " + name);
      experiments.put(
          task, new Experiment(config.experiment(task), folder.resolve(task.name()), named));
    }
  }

  private void checkMetric(Task task, Set<String> known) {
    checkArgument(
        known.contains(config.metric()),
        "study: metric of %s must be one of %s, got %s",
        task.name(),
        new TreeSet<>(known),
        config.metric());
  }

  /** Reads the configuration of a study that was started in a folder. */
  public static StudyConfig configOf(Path folder) throws IOException {
    Path file = folder.resolve(CONFIG);
    checkArgument(
        Files.exists(file), "resume: %s must hold %s of a study, got none", folder, CONFIG);
    return StudyConfig.parse(file.toString(), Files.readString(file));
  }

  /** Asks a running study, from any thread, to stop soon, so that another run can go on. */
  public void requestStop() {
    stopRequested = true;
    experiments.values().forEach(Experiment::requestStop);
  }

  /** Runs to the end and returns what was found, or nothing where it was asked to stop. */
  public Optional<StudyReport> run() throws IOException {
    Files.createDirectories(folder);
    try (FolderLock lock = FolderLock.take("study", folder)) {
      AtomicFiles.removeTemporary(folder);
      checkArgument(
          !Files.exists(folder.resolve(CONFIG)) || configOf(folder).equals(config),
          "study: %s holds another study; use its own configuration or another folder",
          folder);
      AtomicFiles.writeString(folder.resolve(CONFIG), Configs.write(config) + "\n");
      List<Results> found = new ArrayList<>();
      for (Experiment experiment : experiments.values()) {
        Optional<Results> results = stopRequested ? Optional.empty() : experiment.run();
        if (results.isEmpty()) {
          return Optional.empty();
        }
        found.add(results.get());
      }
      StudyReport report = new StudyReport(StudyResults.of(config, found), found);
      write(report);
      return Optional.of(report);
    }
  }

  private void write(StudyReport report) throws IOException {
    AtomicFiles.writeString(folder.resolve(RESULTS), Configs.write(report.results().json()) + "\n");
    AtomicFiles.writeString(folder.resolve("table.md"), report.markdown());
    AtomicFiles.writeString(folder.resolve("table.csv"), report.csv());
    AtomicFiles.writeString(folder.resolve("table.tex"), report.latex());
    HtmlReport.write(folder.resolve(REPORT), report.page());
  }
}
