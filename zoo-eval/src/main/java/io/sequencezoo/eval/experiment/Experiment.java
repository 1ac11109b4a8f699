package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.base.Suppliers;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.report.HtmlReport;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.train.FolderLock;
import io.sequencezoo.train.Provenance;
import io.sequencezoo.train.TrainListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs an {@link ExperimentConfig} in a folder: trains every model, tests it, and writes {@code
 * results.json} and {@code report.html}. Running it again on the same folder takes up where it
 * stopped: finished models are read, unfinished ones resume from their latest checkpoint, and the
 * results are those of a run that was never interrupted. A finished model counts only for the
 * configuration that made it; one that another experiment finished counts here where configuration,
 * data and code are the same.
 */
public final class Experiment {
  /** The experiment's configuration in its folder. */
  public static final String CONFIG = "config.json";

  /** The results in its folder. */
  public static final String RESULTS = "results.json";

  /** The page in its folder. */
  public static final String REPORT = "report.html";

  /** The folder of a trained model in that of its run. */
  public static final String MODEL = "model";

  private static final Logger LOG = LoggerFactory.getLogger(Experiment.class);

  private final ExperimentConfig config;
  private final Task task;
  private final Path folder;
  private final Function<String, TrainListener> listeners;
  private final FinishedRuns others;
  private final Supplier<Baselines> baselines;
  private final List<SingleRun> runs = new ArrayList<>();
  private volatile boolean stopRequested;

  /**
   * An experiment. Nothing is written until it runs.
   *
   * @param listeners makes the listener of a run from its name
   * @throws IllegalArgumentException where a model can't be built or doesn't fit the task
   */
  public Experiment(
      ExperimentConfig config, Path folder, Function<String, TrainListener> listeners) {
    this(config, folder, listeners, FinishedRuns.NONE);
  }

  /**
   * An experiment that takes over what it would train from runs that were finished elsewhere.
   *
   * @param listeners makes the listener of a run from its name
   * @param others runs that count where configuration, data and code are the same
   * @throws IllegalArgumentException where a model can't be built or doesn't fit the task
   */
  public Experiment(
      ExperimentConfig config,
      Path folder,
      Function<String, TrainListener> listeners,
      FinishedRuns others) {
    this(config, folder, listeners, others, Suppliers.memoize(config.task()::baselines));
  }

  private Experiment(
      ExperimentConfig config,
      Path folder,
      Function<String, TrainListener> listeners,
      FinishedRuns others,
      Supplier<Baselines> baselines) {
    this.config = config;
    this.task = config.task();
    this.folder = folder;
    this.listeners = listeners;
    this.others = others;
    this.baselines = baselines;
    Map<String, LayeredConfig> models = config.contestants();
    models.forEach(this::checkFit);
    String code = CodeVersion.of(task);
    for (Map.Entry<String, LayeredConfig> model : models.entrySet()) {
      String name = model.getKey();
      for (int i = 0; i < config.seeds(); i++) {
        long seed = config.train().seed() + i;
        Path own = folder.resolve(folderName(name, seed));
        runs.add(new SingleRun(name, seed, config.making(name, model.getValue(), seed), own, code));
      }
    }
  }

  /** The name of a run's folder in its experiment's. */
  public static String folderName(String contestant, long seed) {
    return contestant + "-seed" + seed;
  }

  /** An experiment on the same task in the same folder that trains otherwise. */
  public Experiment as(ExperimentConfig other) {
    checkArgument(
        other.task().equals(task), "experiment: task must be %s, got %s", task, other.task());
    return new Experiment(other, folder, listeners, others, baselines);
  }

  /** What needs no training, computed once. */
  public Baselines baselines() {
    return baselines.get();
  }

  private void checkFit(String name, LayeredConfig model) {
    int positions =
        model.build() instanceof LanguageModel built ? built.config().maxPositions() : 0;
    int longest = positions == 0 ? 0 : longest();
    checkArgument(
        positions >= longest,
        "experiment: model.maxPositions of %s must be at least the task's longest input %s, got %s;"
            + " raise it, or 0 for none",
        name,
        longest,
        positions);
  }

  private int longest() {
    int longest = 0;
    for (Split split : Split.values()) {
      longest =
          IntStream.range(0, task.examples(split))
              .map(index -> task.length(split, index))
              .reduce(longest, Math::max);
    }
    return longest;
  }

  /** Reads the configuration of an experiment that was started in a folder. */
  public static ExperimentConfig configOf(Path folder) throws IOException {
    Path file = folder.resolve(CONFIG);
    checkArgument(
        Files.exists(file), "resume: %s must hold %s of an experiment, got none", folder, CONFIG);
    return ExperimentConfig.parse(file.toString(), Files.readString(file));
  }

  /** The task that a folder {@link #MODEL} was trained on, where it lies in an experiment's. */
  public static Optional<Task> taskOf(Path model) throws IOException {
    Path run = model.toAbsolutePath().normalize().getParent();
    Path file = run == null ? null : run.resolveSibling(CONFIG);
    return file != null && Files.exists(run.resolve(Results.Run.FILE)) && Files.exists(file)
        ? Optional.of(ExperimentConfig.parse(file.toString(), Files.readString(file)).task())
        : Optional.empty();
  }

  /**
   * Asks a running experiment, from any thread, to stop soon and to leave a checkpoint from which
   * another run goes on.
   */
  public void requestStop() {
    stopRequested = true;
    runs.forEach(SingleRun::requestStop);
  }

  /**
   * Runs to the end and returns what was found, or nothing where it was asked to stop. A run that
   * fails is told of in the results; the others go on.
   *
   * @throws UncheckedIOException where the disk is full or can't be written; what is finished stays
   */
  public Optional<Results> run() throws IOException {
    Files.createDirectories(folder);
    try (FolderLock lock = FolderLock.take("experiment", folder)) {
      prepare();
      work();
      return stopRequested ? Optional.empty() : Optional.of(collect());
    }
  }

  /**
   * Writes the configuration, and lets what failed before be tried again. Nobody may be at work on
   * its runs.
   */
  public void prepare() throws IOException {
    Files.createDirectories(folder);
    AtomicFiles.removeTemporary(folder);
    checkArgument(
        !Files.exists(folder.resolve(CONFIG)) || configOf(folder).equals(config),
        "experiment: %s holds another experiment; use its own configuration or another folder",
        folder);
    AtomicFiles.writeString(folder.resolve(CONFIG), Configs.write(config) + "\n");
    for (SingleRun run : runs) {
      run.forgetFailure();
    }
  }

  /**
   * Brings the runs to their ends one after the other. Several processes may do so at once on a
   * folder that was prepared; each run is one process's.
   */
  public void work() throws IOException {
    for (SingleRun run : runs) {
      if (stopRequested) {
        return;
      }
      String label = config.seeds() > 1 ? run.name() + " seed " + run.seed() : run.name();
      run.go(others, () -> listeners.apply(label));
    }
  }

  /**
   * Writes down as failed what is neither finished nor failed, though everybody has stopped.
   *
   * @param reason in one line
   */
  public void failTheRest(String reason) throws IOException {
    for (SingleRun run : runs) {
      if (run.finished().isEmpty() && run.failure().isEmpty()) {
        run.fail(reason);
      }
    }
  }

  /** Reads all runs and writes results and page. */
  public Results collect() throws IOException {
    List<Results.Run> finished = new ArrayList<>();
    List<Results.Failure> failures = new ArrayList<>();
    int strange = 0;
    for (SingleRun run : runs) {
      Optional<Results.Run> found = run.finished();
      if (found.isPresent()) {
        finished.add(found.get());
        strange += run.isOfOtherCode(found.get()) ? 1 : 0;
      } else {
        failures.add(
            run.failure()
                .orElseThrow(
                    () ->
                        new IllegalArgumentException(
                            "experiment: runs must be finished or failed, got neither for "
                                + folderName(run.name(), run.seed())
                                + "; is another process at it?")));
      }
    }
    if (strange > 0) {
      LOG.warn(
          "{}: {} of {} runs were made by other code than this; remove their folders to train them"
              + " anew",
          folder,
          strange,
          finished.size());
    }
    Provenance provenance = Provenance.current(config, task.hash(Split.TEST));
    Results results = new Results(config, provenance, baselines(), finished, failures);
    AtomicFiles.writeString(folder.resolve(RESULTS), Configs.write(results.json()) + "\n");
    HtmlReport.write(folder.resolve(REPORT), new Report(results).page());
    return results;
  }
}
