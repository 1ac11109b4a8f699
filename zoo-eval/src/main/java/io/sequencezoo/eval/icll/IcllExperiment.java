package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.report.HtmlReport;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.train.History;
import io.sequencezoo.train.JsonLinesLog;
import io.sequencezoo.train.Provenance;
import io.sequencezoo.train.TokenObjective;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.TrainListener;
import io.sequencezoo.train.TrainResult;
import io.sequencezoo.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Runs an {@link IcllExperimentConfig} in a folder: trains every model, tests it, and writes {@code
 * results.json} and {@code report.html}. Running it again on the same folder takes up where it
 * stopped: finished models are read, unfinished ones resume from their latest checkpoint, and the
 * results are those of a run that was never interrupted.
 */
public final class IcllExperiment {
  /** The experiment's configuration in its folder. */
  public static final String CONFIG = "config.json";

  /** The results in its folder. */
  public static final String RESULTS = "results.json";

  /** The page in its folder. */
  public static final String REPORT = "report.html";

  private static final String RUN = "run.json";
  private static final String LOG = "log.jsonl";
  private static final int EVALUATION_BATCH = 16;

  private final IcllExperimentConfig config;
  private final Path folder;
  private final Function<String, TrainListener> listeners;
  private final IcllTask task;
  private volatile boolean stopRequested;
  private volatile Trainer<?> training;

  /**
   * An experiment.
   *
   * @param listeners makes the listener of a run from its name
   */
  public IcllExperiment(
      IcllExperimentConfig config, Path folder, Function<String, TrainListener> listeners) {
    this.config = config;
    this.folder = folder;
    this.listeners = listeners;
    this.task = new IcllTask(config.task());
  }

  /** Reads the configuration of an experiment that was started in a folder. */
  public static IcllExperimentConfig configOf(Path folder) throws IOException {
    Path file = folder.resolve(CONFIG);
    checkArgument(
        Files.exists(file), "resume: %s must hold %s of an experiment, got none", folder, CONFIG);
    return IcllExperimentConfig.parse(file.toString(), Files.readString(file));
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
  public Optional<IcllResults> run() throws IOException {
    Files.createDirectories(folder);
    checkArgument(
        !Files.exists(folder.resolve(CONFIG)) || configOf(folder).equals(config),
        "experiment: %s must be resumed with its own configuration; use that or another folder",
        folder);
    AtomicFiles.writeString(folder.resolve(CONFIG), Configs.write(config) + "\n");
    IcllBaselines.Results baselines = IcllBaselines.of(task.data());
    List<IcllResults.Run> runs = new ArrayList<>();
    for (Map.Entry<String, LanguageModelConfig> model : config.models().entrySet()) {
      for (int i = 0; i < config.seeds(); i++) {
        Optional<IcllResults.Run> run =
            run(model.getKey(), model.getValue(), config.train().seed() + i);
        if (run.isEmpty()) {
          return Optional.empty();
        }
        runs.add(run.get());
      }
    }
    JsonNode described = Configs.json().valueToTree(config);
    Provenance provenance = Provenance.current(config, baselines.dataHash());
    IcllResults results =
        new IcllResults(IcllResults.SCHEMA, provenance, described, baselines, runs);
    AtomicFiles.writeString(folder.resolve(RESULTS), Configs.write(results) + "\n");
    HtmlReport.write(folder.resolve(REPORT), new IcllReport(results).page());
    return Optional.of(results);
  }

  private Optional<IcllResults.Run> run(String name, LanguageModelConfig modelConfig, long seed)
      throws IOException {
    Path own = folder.resolve(name + "-seed" + seed);
    Path finished = own.resolve(RUN);
    if (Files.exists(finished)) {
      return Optional.of(
          Configs.read(finished.toString(), Files.readString(finished), IcllResults.Run.class));
    }
    LanguageModel model = new LanguageModel(modelConfig);
    Parameters parameters = Parameters.of(model, config.train().precision().dataType(), seed);
    TrainResult result = train(own, name, model, parameters, seed);
    if (stopRequested) {
      return Optional.empty();
    }
    ModelFiles.save(own.resolve("model"), model, parameters);
    Problem shown = task.data().problem(Split.TEST, 0);
    Pictures pictures = new Pictures(model, parameters);
    double seconds = JsonLinesLog.seconds(own.resolve(LOG));
    IcllResults.Run run =
        new IcllResults.Run(
            name,
            seed,
            Configs.json().valueToTree(modelConfig),
            parameters.count(),
            result.steps(),
            result.bestStep(),
            seconds,
            result.tokens() / Math.max(1e-9, seconds),
            losses(result),
            validation(result),
            task.test(name, model::forward, parameters, EVALUATION_BATCH),
            pictures.mixing(shown),
            pictures.sample(shown));
    AtomicFiles.writeString(finished, Configs.write(run) + "\n");
    return Optional.of(run);
  }

  private TrainResult train(
      Path own, String name, LanguageModel model, Parameters parameters, long seed)
      throws IOException {
    Files.createDirectories(own);
    TrainConfig train = config.train().withSeed(seed);
    IcllBatches batches = task.batches(train.batch(), config.window(), seed);
    try (JsonLinesLog log = new JsonLinesLog(own.resolve(LOG))) {
      Trainer<TokenBatch> trainer =
          new Trainer<>(train, parameters, new TokenObjective(model), batches)
              .validator(
                  task.validator(model::forward, config.validationProblems(), EVALUATION_BATCH))
              .checkpoints(own.resolve("checkpoints"), config)
              .listener(log)
              .listener(listeners.apply(config.seeds() > 1 ? name + " seed " + seed : name));
      training = trainer;
      if (stopRequested) {
        // The request may have come before there was a trainer to pass it on to.
        trainer.requestStop();
      }
      return trainer.run();
    }
  }

  private long examples(long step) {
    return step * config.train().accumulate() * config.train().batch();
  }

  private List<IcllResults.LossPoint> losses(TrainResult result) {
    return result.history().losses().stream()
        .map(point -> new IcllResults.LossPoint(examples(point.step()), point.loss()))
        .toList();
  }

  private List<IcllResults.ValidationPoint> validation(TrainResult result) {
    return result.history().evaluations().stream()
        .map(
            (History.Evaluated evaluated) -> {
              Map<String, Double> metrics = evaluated.evaluation().metrics();
              return new IcllResults.ValidationPoint(
                  examples(evaluated.step()),
                  metrics.get("accuracy"),
                  metrics.get("tvd"),
                  metrics.get("loss"),
                  metrics.get("kl"));
            })
        .toList();
  }
}
