package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Gates of ParaGRU and ParaLSTM at arguments that are cut: huge, infinite, and NaN of both signs as
 * arithmetic makes it.
 */
class ParaExtremesTest {
  /** More than the widest vector, and a rest. */
  private static final int N = 37;

  /** Rounding of gates and state, all of size 1 at most. */
  private static final double TOLERANCE = 8 * Math.ulp(1f);

  private static final float[] EXTREMES = {
    0f,
    -0f,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    9.9f,
    -10.1f,
    43.9f,
    44.1f,
    -85.9f,
    -86.1f,
    1e3f,
    -1e3f,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    Float.intBitsToFloat(0xFFC00000)
  };

  private final Kernels<float[]> tested = Precision.FLOAT.kernels();
  private final Kernels<double[]> specification = new ScalarKernels64();

  @Test
  void paraGru_atExtremes_isWhatTheSpecificationSays() {
    for (int gate = 0; gate < 3; gate++) {
      for (float extreme : EXTREMES) {
        float[] drive = drive(gate, extreme);
        float[] h = new float[2 * N];
        Arrays.fill(h, 0, N, 0.25f);
        double[] expected = widen(h);
        tested.diagonalScan(DiagonalCell.GRU, weights(3), drive, h, null, 1, N);
        specification.diagonalScan(
            DiagonalCell.GRU, widen(weights(3)), widen(drive), expected, null, 1, N);
        assertClose(List.of("z", "r", "c").get(gate) + " at " + extreme, h, expected);
        float[] next = new float[N];
        float[] slopes = new float[N];
        double[] exactNext = new double[N];
        double[] exactSlopes = new double[N];
        linearise(tested, weights(3), h, drive, next, slopes);
        linearise(specification, widen(weights(3)), widen(h), widen(drive), exactNext, exactSlopes);
        assertClose("next at " + extreme, next, exactNext);
        assertClose("slope at " + extreme, slopes, exactSlopes);
      }
    }
  }

  @Test
  void paraLstm_atExtremes_isWhatTheSpecificationSays() {
    for (int gate = 0; gate < 3; gate++) {
      for (float extreme : EXTREMES) {
        float[] drive = drive(gate, extreme);
        float[] h = new float[2 * N];
        float[] c = new float[2 * N];
        Arrays.fill(h, 0, N, 0.25f);
        Arrays.fill(c, 0, N, -0.5f);
        double[] exactH = widen(h);
        double[] exactC = widen(c);
        tested.diagonalScan(DiagonalCell.LSTM, weights(5), drive, h, c, 1, N);
        specification.diagonalScan(
            DiagonalCell.LSTM, widen(weights(5)), widen(drive), exactH, exactC, 1, N);
        String what = List.of("f", "o", "z").get(gate) + " at " + extreme;
        assertClose("h, " + what, h, exactH);
        assertClose("c, " + what, c, exactC);
      }
    }
  }

  private static <A> void linearise(Kernels<A> kernels, A weights, A h, A drive, A next, A slopes) {
    kernels.diagonalLinearise(
        DiagonalCell.GRU,
        weights,
        N,
        new Strided<>(h, 0, N),
        new Strided<>(drive, 0, N),
        new Strided<>(next, 0, N),
        new Strided<>(slopes, 0, N),
        N);
  }

  private static float[] weights(int rows) {
    float[] weights = new float[rows * N];
    Arrays.fill(weights, 0.5f);
    return weights;
  }

  private static float[] drive(int gate, float extreme) {
    float[] drive = new float[3 * N];
    Arrays.fill(drive, 0.125f);
    Arrays.fill(drive, gate * N, (gate + 1) * N, extreme);
    return drive;
  }

  private static double[] widen(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static void assertClose(String what, float[] values, double[] expected) {
    for (int i = 0; i < values.length; i++) {
      if (Double.isNaN(expected[i])) {
        assertThat(values[i]).as("%s [%s]", what, i).isNaN();
      } else {
        assertThat((double) values[i])
            .as("%s [%s]", what, i)
            .isCloseTo(expected[i], within(TOLERANCE));
      }
    }
  }
}
