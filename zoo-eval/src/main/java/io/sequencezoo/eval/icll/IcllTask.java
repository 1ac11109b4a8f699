package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.IcllConfig;
import io.sequencezoo.datasets.icll.IcllData;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.models.model.TokenScores;
import io.sequencezoo.train.Evaluation;
import io.sequencezoo.train.Validator;
import java.util.List;
import java.util.Map;

/**
 * In-context language learning as something to train on: batches, validation and test.
 *
 * <pre>{@code
 * IcllTask task = new IcllTask(IcllConfig.regBench(1, 2500));
 * TrainResult result =
 *     new Trainer<>(config, parameters, new TokenObjective(model), task.batches(32, 8, 1))
 *         .validator(task.validator(model, 100, 32))
 *         .run();
 * IcllScores scores = task.test("gla", model, parameters, 32);
 * }</pre>
 */
public final class IcllTask {
  private final IcllData data;

  /** The task on the data of a configuration. */
  public IcllTask(IcllConfig config) {
    this.data = new IcllData(config);
  }

  /** The data. */
  public IcllData data() {
    return data;
  }

  /** The number of tokens that a model must know. */
  public int vocabularySize() {
    return data.config().vocabulary().size();
  }

  /**
   * The training batches.
   *
   * @param batch rows of a batch
   * @param window batches among which prompts are sorted by length, 1 for none; see {@link
   *     IcllBatches}
   * @param seed of the order
   */
  public IcllBatches batches(int batch, int window, long seed) {
    return new IcllBatches(data, batch, window, seed);
  }

  /** Problems as one batch for a model. */
  public static TokenBatch batch(List<Problem> problems) {
    return IcllBatches.tokens(problems);
  }

  /**
   * Measures a model on validation problems: {@code loss} (what selects), {@code accuracy}, {@code
   * tvd} and {@code kl}, as {@link IcllMetric} defines them.
   *
   * @param problems how many of the validation problems, from the first
   */
  public Validator validator(TokenScores model, int problems, int batch) {
    int available = data.config().examples(Split.VALIDATION);
    checkArgument(
        problems >= 1 && problems <= available,
        "icll: validation problems must be between 1 and %s, got %s",
        available,
        problems);
    List<Problem> fixed = data.problems(Split.VALIDATION, problems);
    return parameters -> {
      IcllScores scores = score("validation", model, parameters, fixed, batch);
      double loss = scores.nll().value();
      return new Evaluation(
          loss,
          Map.of(
              "loss", loss,
              "accuracy", scores.accuracy().value(),
              "tvd", scores.tvd().value(),
              "kl", scores.kl().value()));
    };
  }

  /** The scores of a model on all test problems. */
  public IcllScores test(String name, TokenScores model, Parameters parameters, int batch) {
    return score(name, model, parameters, data.problems(Split.TEST), batch);
  }

  private static IcllScores score(
      String name, TokenScores model, Parameters parameters, List<Problem> problems, int batch) {
    return IcllMetrics.score(
        new ModelPredictor(name, model, parameters), problems, batch, IcllMetrics.DEFAULT_BIN);
  }
}
