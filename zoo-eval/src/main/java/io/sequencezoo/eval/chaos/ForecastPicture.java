package io.sequencezoo.eval.chaos;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.models.model.Forecaster;
import java.util.Map;

/**
 * The first forecast of a test beside the truth, thinned out to what can be seen.
 *
 * @param times Lyapunov times of the rows
 * @param truth rows of numbers
 * @param forecast rows of numbers
 */
record ForecastPicture(double[] times, double[][] truth, double[][] forecast) {
  /** The field of results. */
  static final String FIELD = "forecast";

  private static final int ROWS = 120;
  private static final int COLUMNS = 64;

  /** Outside, a forecast has diverged, and colours and axes tell nothing more. */
  private static final double LARGEST = 5;

  private static final double DIGITS = 1e3;

  /** What results keep. */
  static Map<String, Object> of(ChaosTask task, Forecaster model, Parameters parameters) {
    Windows.Examples first = Windows.of(task).examples(Split.TEST, 1);
    double[][] forecast =
        ChaosLesson.forecasts(model, parameters, first.given(), task.horizon())[0];
    int step = Math.max(1, (task.horizon() + ROWS - 1) / ROWS);
    int rows = (task.horizon() + step - 1) / step;
    int every = Math.max(1, (forecast[0].length + COLUMNS - 1) / COLUMNS);
    double[] times = new double[rows];
    double[][] truths = new double[rows][];
    double[][] said = new double[rows][];
    for (int i = 0; i < rows; i++) {
      times[i] = rounded((i * step + 1) * task.system().lyapunovTimesPerSample());
      truths[i] = thinned(first.truth()[0][i * step], every);
      said[i] = thinned(forecast[i * step], every);
    }
    return Map.of(FIELD, new ForecastPicture(times, truths, said));
  }

  private static double[] thinned(double[] values, int every) {
    double[] thinned = new double[(values.length + every - 1) / every];
    for (int i = 0; i < thinned.length; i++) {
      double value = values[i * every];
      boolean near = Math.abs(value) < LARGEST;
      thinned[i] = near ? rounded(value) : value < 0 ? -LARGEST : LARGEST;
    }
    return thinned;
  }

  private static double rounded(double value) {
    return Math.rint(value * DIGITS) / DIGITS;
  }
}
