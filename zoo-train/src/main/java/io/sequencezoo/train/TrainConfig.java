package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.base.Verify;

/**
 * How a model is trained.
 *
 * @param optimizer the optimiser; mandatory
 * @param schedule the learning rate over time, constant by default
 * @param steps the number of updates; this or epochs
 * @param epochs the number of passes over the data, to the batch; this or steps. Updates may span
 *     epochs, and the last is over what is left of them
 * @param batch rows of a batch, for whoever makes the batches; mandatory
 * @param seed of everything random; mandatory
 * @param accumulate batches per update, 1 by default
 * @param clip largest global norm of the gradient; no clipping by default
 * @param evaluateEvery updates between validations; 0, the default, for only after the last
 * @param checkpointEvery updates between checkpoints; 0, the default, for only after the last
 * @param patience validations without improvement after which training stops; 0, the default, for
 *     never
 * @param keep latest checkpoints that are kept besides the best, 2 by default
 * @param precision float by default
 */
public record TrainConfig(
    OptimizerConfig optimizer,
    ScheduleConfig schedule,
    Long steps,
    Integer epochs,
    Integer batch,
    Long seed,
    Integer accumulate,
    Double clip,
    Integer evaluateEvery,
    Integer checkpointEvery,
    Integer patience,
    Integer keep,
    TrainPrecision precision) {

  /** Fills in defaults and checks. */
  public TrainConfig {
    checkArgument(
        optimizer != null, "train: optimizer must be given, for example {type: adamw, lr: 1e-3}");
    checkArgument(seed != null, "train: seed must be given, so that the run can be repeated");
    checkArgument(batch != null && batch >= 1, "train: batch must be at least 1, got %s", batch);
    checkArgument(
        (steps == null) != (epochs == null),
        "train: either steps or epochs must be given, got steps %s and epochs %s",
        steps,
        epochs);
    checkArgument(steps == null || steps >= 1, "train: steps must be at least 1, got %s", steps);
    checkArgument(
        epochs == null || epochs >= 1, "train: epochs must be at least 1, got %s", epochs);
    checkArgument(
        clip == null || clip > 0, "train: clip must be positive, got %s; leave it out", clip);
    schedule = schedule == null ? new ScheduleConfig.Constant(null) : schedule;
    accumulate = atLeast("accumulate", accumulate, 1, 1);
    evaluateEvery = atLeast("evaluateEvery", evaluateEvery, 0, 0);
    checkpointEvery = atLeast("checkpointEvery", checkpointEvery, 0, 0);
    patience = atLeast("patience", patience, 0, 0);
    keep = atLeast("keep", keep, 2, 1);
    precision = precision == null ? TrainPrecision.FLOAT : precision;
  }

  /** A configuration with everything else at its default. */
  public static TrainConfig of(OptimizerConfig optimizer, long steps, int batch, long seed) {
    return new TrainConfig(
        optimizer, null, steps, null, batch, seed, null, null, null, null, null, null, null);
  }

  /** The same training with another seed. */
  public TrainConfig withSeed(long other) {
    return new TrainConfig(
        optimizer,
        schedule,
        steps,
        epochs,
        batch,
        other,
        accumulate,
        clip,
        evaluateEvery,
        checkpointEvery,
        patience,
        keep,
        precision);
  }

  /** The number of updates on data of which so many batches make an epoch. */
  public long totalSteps(long batchesPerEpoch) {
    if (steps != null) {
      return steps;
    }
    checkArgument(
        batchesPerEpoch > 0, "train: epochs need data that ends, got an endless source; use steps");
    long batches = Math.multiplyExact(batchesPerEpoch, (long) Verify.verifyNotNull(epochs));
    return (batches + accumulate - 1) / accumulate;
  }

  /**
   * The batches of an update on data of which so many batches make an epoch: {@code accumulate},
   * but what is left of the epochs for the last.
   *
   * @param update counted from 0
   */
  int batchesOf(long update, long batchesPerEpoch) {
    if (epochs == null) {
      return accumulate;
    }
    long left = batchesPerEpoch * epochs - update * accumulate;
    return (int) Math.min(accumulate, left);
  }

  private static Integer atLeast(String name, Integer value, int otherwise, int least) {
    int number = value == null ? otherwise : value;
    checkArgument(number >= least, "train: %s must be at least %s, got %s", name, least, number);
    return number;
  }
}
