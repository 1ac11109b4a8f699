package io.sequencezoo.eval.chaos;

import io.sequencezoo.datasets.chaos.Scaling;
import io.sequencezoo.datasets.icll.Split;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The series of a task, centred and scaled as the trained one is.
 *
 * @param task whose series
 * @param train {@code [trainSamples][F]}
 * @param scaling what was subtracted and divided by
 * @param deviations of the scaled training series, by feature: 1 where each is scaled by itself
 */
record Windows(ChaosTask task, double[][] train, Scaling scaling, double[] deviations) {
  /** Grows with every change of where examples are cut from a trajectory. */
  static final int VERSION = 1;

  /** Integrates the training series. */
  static Windows of(ChaosTask task) {
    double[][] train = task.data().series(Split.TRAIN, task.trainSamples());
    Scaling scaling = Scaling.of(train, task.system().scaledAsOne());
    double[][] scaled = scaling.apply(train);
    return new Windows(task, scaled, scaling, Scaling.of(scaled, false).deviations());
  }

  /**
   * Series along the trajectory of a split, {@code [count][steps][F]}, with gaps between them that
   * are drawn: a system that nearly repeats would be met in one phase every time.
   */
  double[][][] pieces(Split split, int count, int steps) {
    SplittableRandom random = new SplittableRandom(task.seed());
    int[] starts = new int[count];
    int end = 0;
    for (int i = 0; i < count; i++) {
      starts[i] = end + random.nextInt(steps);
      end = starts[i] + steps;
    }
    double[][] whole = scaling.apply(task.data().series(split, end));
    double[][][] pieces = new double[count][][];
    Arrays.setAll(pieces, i -> Arrays.copyOfRange(whole, starts[i], starts[i] + steps));
    return pieces;
  }

  /** What is warmed up on, and then to be told, of the first examples of a split. */
  Examples examples(Split split, int count) {
    double[][][] pieces = pieces(split, count, task.warmup() + task.horizon());
    double[][][] given = new double[count][][];
    double[][][] truth = new double[count][][];
    for (int i = 0; i < count; i++) {
      given[i] = Arrays.copyOf(pieces[i], task.warmup());
      truth[i] = Arrays.copyOfRange(pieces[i], task.warmup(), pieces[i].length);
    }
    return new Examples(given, truth);
  }

  /**
   * Examples of forecasts.
   *
   * @param given {@code [count][warmup][F]}
   * @param truth {@code [count][horizon][F]}
   */
  record Examples(double[][][] given, double[][][] truth) {}
}
