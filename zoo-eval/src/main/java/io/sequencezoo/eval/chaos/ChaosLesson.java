package io.sequencezoo.eval.chaos;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.data.ContinuousBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.analysis.Lyapunov;
import io.sequencezoo.eval.experiment.Lesson;
import io.sequencezoo.models.model.ClosedLoop;
import io.sequencezoo.models.model.Forecaster;
import io.sequencezoo.train.ContinuousObjective;
import io.sequencezoo.train.Evaluation;
import io.sequencezoo.train.ForcedBatch;
import io.sequencezoo.train.ForcedObjective;
import io.sequencezoo.train.Objective;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.Validator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** How a forecaster learns a chaotic system: by windows of a trajectory, forced more or less. */
final class ChaosLesson implements Lesson<ForcedBatch> {
  /** Windows of the validation series whose loss is reported. */
  private static final int VALIDATION_WINDOWS = 32;

  private final ChaosTask task;
  private final Forecaster model;
  private final TrainConfig train;
  private final Supplier<Windows> windows;

  ChaosLesson(ChaosTask task, Forecaster model, TrainConfig train) {
    this.task = task;
    this.model = model;
    this.train = train;
    // Finished runs are read without integrating anything.
    this.windows = Suppliers.memoize(() -> Windows.of(task));
  }

  @Override
  public BatchSource<ForcedBatch> batches() {
    long perEpoch = (task.examples(Split.TRAIN) + (long) train.batch() - 1) / train.batch();
    String hash =
        Hashing.sha256()
            .newHasher()
            .putString(task.hash(Split.TRAIN) + " " + task, StandardCharsets.UTF_8)
            .putInt(train.batch())
            .putLong(train.seed())
            .hash()
            .toString();
    double last = Math.max(1, train.totalSteps(perEpoch) * (double) train.accumulate() - 1);
    return new WindowBatches(
        task,
        windows,
        model.config().horizon(),
        train,
        position -> task.forcing().at(Math.min(1, position / last)),
        perEpoch,
        hash);
  }

  @Override
  public Objective<ForcedBatch> objective() {
    return new ForcedObjective(model);
  }

  /**
   * {@code loss} of the next steps after the true ones, {@code error} of forecasts up to a Lyapunov
   * time ahead, which selects, and their {@code validTime}.
   */
  @Override
  public Validator validator(int count) {
    Supplier<Validator> loss =
        Suppliers.memoize(
            () -> Validator.loss(new ContinuousObjective(model), List.of(validationBatch())));
    Supplier<Windows.Examples> examples =
        Suppliers.memoize(() -> windows.get().examples(Split.VALIDATION, count));
    return parameters -> {
      double[][][] forecasts = forecasts(parameters, examples.get());
      ForecastErrors errors =
          ForecastErrors.of(
              task.system(), forecasts, examples.get().truth(), windows.get().deviations());
      double error = errors.meanUpToOne();
      return new Evaluation(
          error,
          Map.of(
              "loss", loss.get().evaluate(parameters).score(),
              "error", error,
              "validTime", errors.validTime().value()));
    };
  }

  private ContinuousBatch validationBatch() {
    int steps = task.window() + 1;
    double[][][] pieces = windows.get().pieces(Split.VALIDATION, VALIDATION_WINDOWS, steps);
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return ContinuousBatch.ofSeries(
          Nd4j.createFromArray(pieces).castTo(type()), model.config().horizon(), null);
    }
  }

  private DataType type() {
    return train.precision().dataType();
  }

  /** What a model says follows, {@code [count][horizon][F]}. */
  private double[][][] forecasts(Parameters parameters, Windows.Examples examples) {
    return forecasts(model, parameters, examples.given(), task.horizon());
  }

  /** What a model says follows after prefixes, {@code [count][steps][F]}. */
  static double[][][] forecasts(
      Forecaster model, Parameters parameters, double[][][] given, int steps) {
    INDArray values =
        new ClosedLoop(model, parameters).forecast(Nd4j.createFromArray(given), steps);
    double[] all = values.castTo(DataType.DOUBLE).ravel().toDoubleVector();
    int features = given[0][0].length;
    double[][][] forecasts = new double[given.length][steps][features];
    for (int b = 0; b < given.length; b++) {
      for (int t = 0; t < steps; t++) {
        System.arraycopy(all, (b * steps + t) * features, forecasts[b][t], 0, features);
      }
    }
    return forecasts;
  }

  @Override
  public ForecastScores score(String name, Parameters parameters, Split split, int count) {
    Windows.Examples examples = windows.get().examples(split, count);
    double[][][] forecasts = forecasts(parameters, examples);
    Optional<Lyapunov> exponents = exponents(parameters, examples.given()[0]);
    return ForecastScores.of(
        task, forecasts, examples.truth(), windows.get().deviations(), exponents);
  }

  /** None where none are asked for, or the loop has no state of one size, or leaves the numbers. */
  private Optional<Lyapunov> exponents(Parameters parameters, double[][] given) {
    if (task.exponents() == 0) {
      return Optional.empty();
    }
    int steps = task.exponentSteps();
    return ClosedLoopTangents.of(model, parameters, given, steps)
        .map(loop -> Lyapunov.along(loop, steps / 10, steps, task.exponents()));
  }
}
