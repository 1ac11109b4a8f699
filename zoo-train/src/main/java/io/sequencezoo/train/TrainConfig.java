package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.config.Derived;

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
    @Derived long steps,
    @Derived int epochs,
    int batch,
    long seed,
    int accumulate,
    @Derived double clip,
    int evaluateEvery,
    int checkpointEvery,
    int patience,
    int keep,
    TrainPrecision precision) {

  /** Checks the ranges. */
  public TrainConfig {
    checkAtLeast("batch", batch, 1);
    checkArgument(
        (steps == 0) != (epochs == 0),
        "train: either steps or epochs must be given, got steps %s and epochs %s",
        steps,
        epochs);
    checkAtLeast("steps", steps, 0);
    checkAtLeast("epochs", epochs, 0);
    checkArgument(
        clip >= 0 && Double.isFinite(clip),
        "train: clip must be positive, got %s; leave it out",
        clip);
    checkAtLeast("accumulate", accumulate, 1);
    checkAtLeast("evaluateEvery", evaluateEvery, 0);
    checkAtLeast("checkpointEvery", checkpointEvery, 0);
    checkAtLeast("patience", patience, 0);
    checkAtLeast("keep", keep, 1);
  }

  /** The default of everything else, where steps or epochs is 0. */
  public static TrainConfig standard(
      OptimizerConfig optimizer, long steps, int epochs, int batch, long seed) {
    return new TrainConfig(
        optimizer,
        ScheduleConfig.Constant.standard(),
        steps,
        epochs,
        batch,
        seed,
        1,
        0,
        0,
        0,
        0,
        2,
        TrainPrecision.FLOAT);
  }

  /** A configuration with everything else at its default. */
  public static TrainConfig of(OptimizerConfig optimizer, long steps, int batch, long seed) {
    return standard(optimizer, steps, 0, batch, seed);
  }

  /** The same training with another seed. */
  public TrainConfig withSeed(long other) {
    return Configs.with(this, "seed", other);
  }

  /** The number of updates on data of which so many batches make an epoch. */
  public long totalSteps(long batchesPerEpoch) {
    if (steps != 0) {
      return steps;
    }
    checkArgument(
        batchesPerEpoch > 0, "train: epochs need data that ends, got an endless source; use steps");
    long batches = Math.multiplyExact(batchesPerEpoch, (long) epochs);
    return (batches + accumulate - 1) / accumulate;
  }

  /**
   * The batches of an update on data of which so many batches make an epoch: {@code accumulate},
   * but what is left of the epochs for the last.
   *
   * @param update counted from 0
   */
  int batchesOf(long update, long batchesPerEpoch) {
    if (steps != 0) {
      return accumulate;
    }
    long left = batchesPerEpoch * epochs - update * accumulate;
    return (int) Math.min(accumulate, left);
  }

  private static void checkAtLeast(String name, long value, int least) {
    checkArgument(value >= least, "train: %s must be at least %s, got %s", name, least, value);
  }
}
