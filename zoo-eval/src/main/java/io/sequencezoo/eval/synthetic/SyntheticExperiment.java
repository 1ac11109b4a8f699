package io.sequencezoo.eval.synthetic;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.eval.report.HtmlReport;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.train.Evaluation;
import io.sequencezoo.train.JsonLinesLog;
import io.sequencezoo.train.Objective;
import io.sequencezoo.train.Provenance;
import io.sequencezoo.train.TokenObjective;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.TrainListener;
import io.sequencezoo.train.TrainResult;
import io.sequencezoo.train.Trainer;
import io.sequencezoo.train.Validator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Runs a {@link SyntheticExperimentConfig} in a folder: trains every model, tests it, and writes
 * {@code results.json} and {@code report.html}. Running it again on the same folder takes up where
 * it stopped.
 */
public final class SyntheticExperiment {
  /** The experiment's configuration in its folder. */
  public static final String CONFIG = "config.json";

  /** The results in its folder. */
  public static final String RESULTS = "results.json";

  /** The page in its folder. */
  public static final String REPORT = "report.html";

  private static final String RUN = "run.json";
  private static final String LOG = "log.jsonl";
  private static final int EVALUATION_BATCH = 50;

  private final SyntheticExperimentConfig config;
  private final Path folder;
  private final Function<String, TrainListener> listeners;
  private final SyntheticData data;
  private volatile boolean stopRequested;
  private volatile Trainer<?> training;

  /**
   * An experiment.
   *
   * @param listeners makes the listener of a run from its name
   */
  public SyntheticExperiment(
      SyntheticExperimentConfig config, Path folder, Function<String, TrainListener> listeners) {
    checkArgument(
        config.task() != null,
        "experiment: task must be given, for example {type: synthetic, task: parity}");
    this.config = config;
    this.folder = folder;
    this.listeners = listeners;
    this.data = new SyntheticData(config.task());
  }

  /** Asks a running experiment, from any thread, to stop soon and to leave a checkpoint. */
  public void requestStop() {
    stopRequested = true;
    Trainer<?> trainer = training;
    if (trainer != null) {
      trainer.requestStop();
    }
  }

  /** Runs to the end and returns what was found, or nothing where it was asked to stop. */
  public Optional<SyntheticResults> run() throws IOException {
    // A model that doesn't fit is refused before anything is written or trained.
    Map<String, LanguageModelConfig> models = config.models();
    models.values().forEach(LanguageModel::new);
    Files.createDirectories(folder);
    Path file = folder.resolve(CONFIG);
    checkArgument(
        !Files.exists(file)
            || SyntheticExperimentConfig.parse(file.toString(), Files.readString(file))
                .equals(config),
        "experiment: %s holds another experiment; use its own configuration or another folder",
        folder);
    AtomicFiles.writeString(file, Configs.write(config) + "\n");
    List<SyntheticResults.Run> runs = new ArrayList<>();
    for (Map.Entry<String, LanguageModelConfig> model : models.entrySet()) {
      for (int i = 0; i < config.seeds(); i++) {
        Optional<SyntheticResults.Run> run =
            run(model.getKey(), model.getValue(), config.train().seed() + i);
        if (run.isEmpty()) {
          return Optional.empty();
        }
        runs.add(run.get());
      }
    }
    SyntheticResults results =
        new SyntheticResults(
            SyntheticResults.SCHEMA,
            Provenance.current(config, data.hash()),
            Configs.json().valueToTree(config),
            config.task().chance(),
            runs);
    AtomicFiles.writeString(folder.resolve(RESULTS), Configs.write(results) + "\n");
    HtmlReport.write(folder.resolve(REPORT), new SyntheticReport(config, results).page());
    return Optional.of(results);
  }

  private Optional<SyntheticResults.Run> run(
      String name, LanguageModelConfig modelConfig, long seed) throws IOException {
    Path own = folder.resolve(name + "-seed" + seed);
    Path finished = own.resolve(RUN);
    if (Files.exists(finished)) {
      return Optional.of(
          Configs.read(
              finished.toString(), Files.readString(finished), SyntheticResults.Run.class));
    }
    LanguageModel model = new LanguageModel(modelConfig);
    Parameters parameters = Parameters.of(model, config.train().precision().dataType(), seed);
    TrainResult result = train(own, name, model, parameters, seed);
    if (stopRequested) {
      return Optional.empty();
    }
    ModelFiles.save(own.resolve("model"), model, parameters);
    List<TokenBatch> test = SyntheticBatches.all(data, Split.TEST, EVALUATION_BATCH);
    SyntheticResults.Run run =
        new SyntheticResults.Run(
            name,
            seed,
            Configs.json().valueToTree(modelConfig),
            parameters.count(),
            result.steps(),
            result.bestStep(),
            JsonLinesLog.seconds(own.resolve(LOG)),
            points(result),
            SyntheticScores.of(model::forward, parameters, test));
    AtomicFiles.writeString(finished, Configs.write(run) + "\n");
    return Optional.of(run);
  }

  private TrainResult train(
      Path own, String name, LanguageModel model, Parameters parameters, long seed)
      throws IOException {
    Files.createDirectories(own);
    TrainConfig train = config.train().withSeed(seed);
    SyntheticBatches batches = new SyntheticBatches(data, train.batch(), seed);
    TokenObjective objective = new TokenObjective(model);
    try (JsonLinesLog log = new JsonLinesLog(own.resolve(LOG))) {
      Trainer<TokenBatch> trainer =
          new Trainer<>(train, parameters, objective, batches)
              .validator(validator(objective, model))
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

  private Validator validator(Objective<TokenBatch> objective, LanguageModel model) {
    List<TokenBatch> fixed = SyntheticBatches.all(data, Split.VALIDATION, EVALUATION_BATCH);
    Validator loss = Validator.loss(objective, fixed);
    return parameters -> {
      double mean = loss.evaluate(parameters).score();
      SyntheticScores scores = SyntheticScores.of(model::forward, parameters, fixed);
      return new Evaluation(
          mean, Map.of("loss", mean, "accuracy", scores.accuracy(), "last", scores.last()));
    };
  }

  private static List<SyntheticResults.Point> points(TrainResult result) {
    return result.history().evaluations().stream()
        .map(
            evaluated -> {
              Map<String, Double> metrics = evaluated.evaluation().metrics();
              return new SyntheticResults.Point(
                  evaluated.step(),
                  metrics.get("loss"),
                  metrics.get("accuracy"),
                  metrics.get("last"));
            })
        .toList();
  }
}
