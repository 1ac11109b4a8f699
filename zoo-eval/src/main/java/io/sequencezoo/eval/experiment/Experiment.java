package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.report.HtmlReport;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.train.FolderLock;
import io.sequencezoo.train.JsonLinesLog;
import io.sequencezoo.train.Provenance;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.TrainListener;
import io.sequencezoo.train.TrainResult;
import io.sequencezoo.train.Trainer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Runs an {@link ExperimentConfig} in a folder: trains every model, tests it, and writes {@code
 * results.json} and {@code report.html}. Running it again on the same folder takes up where it
 * stopped: finished models are read, unfinished ones resume from their latest checkpoint, and the
 * results are those of a run that was never interrupted. A finished model counts only for the
 * configuration that made it.
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

  private static final String RUN = "run.json";
  private static final String LOG = "log.jsonl";
  private static final String CHECKPOINTS = "checkpoints";

  private final ExperimentConfig config;
  private final Task task;
  private final Path folder;
  private final Function<String, TrainListener> listeners;
  private final Map<String, LayeredConfig> models;
  private volatile boolean stopRequested;
  private volatile Trainer<?> training;

  /**
   * An experiment. Nothing is written until it runs.
   *
   * @param listeners makes the listener of a run from its name
   * @throws IllegalArgumentException where a model can't be built or doesn't fit the task
   */
  public Experiment(
      ExperimentConfig config, Path folder, Function<String, TrainListener> listeners) {
    this.config = config;
    this.task = config.task();
    this.folder = folder;
    this.listeners = listeners;
    this.models = config.contestants();
    models.forEach(this::checkFit);
  }

  private void checkFit(String name, LayeredConfig model) {
    Model built = model.build();
    int positions = built instanceof LanguageModel own ? own.config().maxPositions() : 0;
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
    return file != null && Files.exists(run.resolve(RUN)) && Files.exists(file)
        ? Optional.of(ExperimentConfig.parse(file.toString(), Files.readString(file)).task())
        : Optional.empty();
  }

  /**
   * Asks a running experiment, from any thread, to stop soon and to leave a checkpoint from which
   * another run goes on.
   */
  public void requestStop() {
    stopRequested = true;
    Trainer<?> trainer = training;
    if (trainer != null) {
      trainer.requestStop();
    }
  }

  /** Runs to the end and returns what was found, or nothing where it was asked to stop. */
  public Optional<Results> run() throws IOException {
    Files.createDirectories(folder);
    try (FolderLock lock = FolderLock.take("experiment", folder)) {
      AtomicFiles.removeTemporary(folder);
      return runLocked();
    }
  }

  private Optional<Results> runLocked() throws IOException {
    checkArgument(
        !Files.exists(folder.resolve(CONFIG)) || configOf(folder).equals(config),
        "experiment: %s holds another experiment; use its own configuration or another folder",
        folder);
    AtomicFiles.writeString(folder.resolve(CONFIG), Configs.write(config) + "\n");
    Baselines baselines = task.baselines();
    List<Results.Run> runs = new ArrayList<>();
    for (Map.Entry<String, LayeredConfig> model : models.entrySet()) {
      for (int i = 0; i < config.seeds(); i++) {
        Optional<Results.Run> run =
            run(model.getKey(), model.getValue(), config.train().seed() + i);
        if (run.isEmpty()) {
          return Optional.empty();
        }
        runs.add(run.get());
      }
    }
    Provenance provenance = Provenance.current(config, task.hash(Split.TEST));
    Results results = new Results(config, provenance, baselines, runs);
    AtomicFiles.writeString(folder.resolve(RESULTS), Configs.write(results.json()) + "\n");
    HtmlReport.write(folder.resolve(REPORT), new Report(results).page());
    return Optional.of(results);
  }

  private Optional<Results.Run> run(String name, LayeredConfig modelConfig, long seed)
      throws IOException {
    Path own = folder.resolve(name + "-seed" + seed);
    TrainConfig train = config.train().withSeed(seed);
    Model model = modelConfig.build();
    Lesson<?> lesson = task.lesson(model, train, config.window());
    String madeBy = hash(modelConfig, train, lesson.batches().dataHash());
    if (Files.exists(own.resolve(RUN))) {
      return Optional.of(finished(own.resolve(RUN), madeBy));
    }
    Parameters parameters = Parameters.of(model, train.precision().dataType(), seed);
    TrainResult result = train(own, name, lesson, parameters, train);
    if (stopRequested) {
      return Optional.empty();
    }
    ModelFiles.save(own.resolve(MODEL), model, parameters);
    double seconds = JsonLinesLog.seconds(own.resolve(LOG));
    Trained trained = new Trained(model, parameters, train, result, seconds);
    Map<String, Object> details = new LinkedHashMap<>(task.progress(trained));
    int tests = task.examples(Split.TEST);
    details.put(Results.TEST, lesson.score(name, parameters, Split.TEST, tests));
    details.putAll(task.pictures(trained));
    Results.Run run =
        new Results.Run(
            name,
            seed,
            madeBy,
            Configs.json().valueToTree(modelConfig),
            parameters.count(),
            result.steps(),
            result.bestStep(),
            seconds,
            Maps.transformValues(details, value -> Configs.json().valueToTree(value)));
    AtomicFiles.writeString(own.resolve(RUN), Configs.write(run) + "\n");
    return Optional.of(run);
  }

  /** A run that was finished before, where this configuration made it. */
  private static Results.Run finished(Path file, String madeBy) throws IOException {
    Results.Run run = Results.Run.read(file.toString(), Files.readString(file));
    checkArgument(
        madeBy.equals(run.madeBy()),
        "%s: must be resumed with the configuration and data that made it, %s, got %s; restore"
            + " %s, or remove the run's folder to train it anew",
        file,
        run.madeBy(),
        madeBy,
        CONFIG);
    return run;
  }

  /** A hash of everything that decides what a run finds. */
  private String hash(LayeredConfig model, TrainConfig train, String dataHash) {
    Map<String, Object> made =
        ImmutableMap.of(
            "task", task,
            "model", model,
            "train", train,
            "validationProblems", config.validations(),
            "batches", dataHash);
    return Hashing.sha256().hashString(Configs.write(made), StandardCharsets.UTF_8).toString();
  }

  private <B> TrainResult train(
      Path own, String name, Lesson<B> lesson, Parameters parameters, TrainConfig train)
      throws IOException {
    Files.createDirectories(own);
    String label = config.seeds() > 1 ? name + " seed " + train.seed() : name;
    try (JsonLinesLog log = new JsonLinesLog(own.resolve(LOG))) {
      Trainer<B> trainer =
          new Trainer<>(train, parameters, lesson.objective(), lesson.batches())
              .validator(lesson.validator(config.validations()))
              .checkpoints(own.resolve(CHECKPOINTS), config)
              .listener(log)
              .listener(listeners.apply(label));
      training = trainer;
      if (stopRequested) {
        // The request may have come before there was a trainer to pass it on to.
        trainer.requestStop();
      }
      return trainer.run();
    }
  }
}
