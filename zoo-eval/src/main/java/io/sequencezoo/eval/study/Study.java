package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.FinishedRuns;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.report.HtmlReport;
import io.sequencezoo.train.FolderLock;
import io.sequencezoo.train.TrainListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Runs a {@link StudyConfig} in a folder: an {@link Experiment} per task in a folder of its own,
 * then {@code results.json}, tables and {@code report.html} that compare them. Running it again on
 * the same folder takes up where it stopped, run by run, and changes nothing that is finished.
 *
 * <p>Runs that fail are told of in the results, and are tried again when the study is. Several
 * processes may share the runs ({@link Workers}); what they find is the same.
 */
public final class Study {
  /** The study's configuration in its folder. */
  public static final String CONFIG = "study.json";

  /** The results in its folder. */
  public static final String RESULTS = "results.json";

  /** The page in its folder. */
  public static final String REPORT = "report.html";

  /** The updates of every variant where the budget is processor time. */
  private static final String STEPS = "steps.json";

  private final StudyConfig config;
  private final Path folder;
  private volatile boolean stopRequested;
  private volatile List<Experiment> experiments;
  private volatile Workers workers;
  private Grid grid;

  /**
   * A study. Nothing is written until it runs.
   *
   * @param listeners makes the listener of a run from its name
   * @throws IllegalArgumentException where a change applies to nothing, or a model can't be built
   *     or doesn't fit a task
   */
  public Study(StudyConfig config, Path folder, Function<String, TrainListener> listeners) {
    this(config, folder, listeners, FinishedRuns.NONE);
  }

  /**
   * A study that takes over what it would train from runs that were finished elsewhere.
   *
   * @param listeners makes the listener of a run from its name
   * @param others runs that count where configuration, data and code are the same
   */
  public Study(
      StudyConfig config,
      Path folder,
      Function<String, TrainListener> listeners,
      FinishedRuns others) {
    this.config = config;
    this.folder = folder;
    this.grid = Grid.of(config);
    ImmutableList.Builder<Experiment> planned = ImmutableList.builder();
    for (int t = 0; t < config.tasks().size(); t++) {
      Task task = config.tasks().get(t);
      Function<String, TrainListener> named =
          config.tasks().size() == 1
              ? listeners
              : name -> listeners.apply(task.name() + " " + name);
      planned.add(new Experiment(grid.experiment(t), folder.resolve(task.name()), named, others));
    }
    this.experiments = planned.build();
  }

  /**
   * Checks the metric against what tasks' baselines are scored by.
   *
   * @throws IllegalArgumentException where a task doesn't have it
   */
  public void checkMetric() {
    for (int t = 0; t < experiments.size(); t++) {
      Baselines baselines = experiments.get(t).baselines();
      String task = config.tasks().get(t).name();
      baselines.scores().values().stream()
          .findFirst()
          .ifPresent(known -> checkMetric(task, known.estimates().keySet()));
    }
  }

  private void checkMetric(String task, Set<String> known) {
    checkArgument(
        known.contains(config.metric()),
        "study: metric of %s must be one of %s, got %s",
        task,
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
    experiments.forEach(Experiment::requestStop);
    Workers helping = workers;
    if (helping != null) {
      helping.requestStop();
    }
  }

  /** Runs to the end and returns what was found, or nothing where it was asked to stop. */
  public Optional<StudyReport> run() throws IOException {
    return run(null);
  }

  /**
   * As {@link #run()}, the runs being shared by processes.
   *
   * @param helping null for none but this
   */
  public Optional<StudyReport> run(Workers helping) throws IOException {
    checkMetric();
    Files.createDirectories(folder);
    try (FolderLock lock = FolderLock.take("study", folder)) {
      prepare();
      if (helping == null) {
        work();
      } else {
        workers = helping;
        if (!stopRequested) {
          share(helping);
        }
      }
      if (stopRequested) {
        return Optional.empty();
      }
      return Optional.of(collect());
    }
  }

  private void prepare() throws IOException {
    AtomicFiles.removeTemporary(folder);
    checkArgument(
        !Files.exists(folder.resolve(CONFIG)) || configOf(folder).equals(config),
        "study: %s holds another study; use its own configuration or another folder",
        folder);
    Path results = folder.resolve(RESULTS);
    if (Files.exists(results)) {
      int schema = Configs.json().readTree(results.toFile()).path("schema").asInt();
      checkArgument(
          schema <= StudyResults.SCHEMA,
          "study: %s must have schema %s or less, got %s of a later version; use that version, or"
              + " another folder",
          results,
          StudyResults.SCHEMA,
          schema);
    }
    AtomicFiles.writeString(folder.resolve(CONFIG), Configs.write(config) + "\n");
    if (config.budget() == Budget.CPU_SECONDS) {
      if (!Files.exists(folder.resolve(STEPS))) {
        AtomicFiles.writeString(folder.resolve(STEPS), Configs.write(measuredSteps()) + "\n");
      }
      readSteps();
    }
    for (Experiment experiment : experiments) {
      experiment.prepare();
    }
  }

  private List<List<Long>> measuredSteps() {
    List<List<Long>> steps = new ArrayList<>();
    for (int t = 0; t < config.tasks().size(); t++) {
      steps.add(UpdateCost.equalTimes(config.tasks().get(t), grid.variants(t), config.train()));
    }
    return steps;
  }

  /** The updates that were measured once stay: a study that goes on is the same study. */
  private void readSteps() throws IOException {
    JsonNode steps = Configs.json().readTree(folder.resolve(STEPS).toFile());
    grid =
        grid.withSteps(
            Arrays.stream(Configs.json().treeToValue(steps, Long[][].class))
                .map(List::of)
                .toList());
    List<Experiment> timed = new ArrayList<>();
    for (int t = 0; t < experiments.size(); t++) {
      timed.add(experiments.get(t).as(grid.experiment(t)));
    }
    experiments = ImmutableList.copyOf(timed);
    if (stopRequested) {
      requestStop();
    }
  }

  private void work() throws IOException {
    for (Experiment experiment : experiments) {
      experiment.work();
    }
  }

  /**
   * Brings runs of a study that another process has prepared to their ends, those that no other
   * process is at.
   *
   * @return whether it was not asked to stop
   */
  public boolean help() throws IOException {
    if (config.budget() == Budget.CPU_SECONDS) {
      readSteps();
    }
    work();
    return !stopRequested;
  }

  private void share(Workers helping) throws IOException {
    Optional<String> trouble = helping.run(folder);
    if (stopRequested) {
      return;
    }
    for (Experiment experiment : experiments) {
      experiment.failTheRest(
          "worker: must go on to the end of its run, "
              + trouble.orElse("got none that did; go on with --resume"));
    }
  }

  private StudyReport collect() throws IOException {
    List<Results> found = new ArrayList<>();
    for (Experiment experiment : experiments) {
      found.add(experiment.collect());
    }
    StudyReport report = new StudyReport(StudyResults.of(grid, found), grid, found);
    AtomicFiles.writeString(folder.resolve(RESULTS), Configs.write(report.results().json()) + "\n");
    AtomicFiles.writeString(folder.resolve("table.md"), report.markdown());
    AtomicFiles.writeString(folder.resolve("table.csv"), report.csv());
    AtomicFiles.writeString(folder.resolve("table.tex"), report.latex());
    AtomicFiles.writeString(folder.resolve("profiles.csv"), report.profilesCsv());
    HtmlReport.write(folder.resolve(REPORT), report.page());
    return report;
  }
}
