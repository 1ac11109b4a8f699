package io.sequencezoo.core.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.State;
import java.util.Arrays;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Assertions on arrays and states. */
final class Close {
  private Close() {}

  /** The values of an array in row-major order, widened. */
  static double[] values(INDArray array) {
    return array.isEmpty() ? new double[0] : array.dup('c').data().asDouble();
  }

  /** Same shape, and every entry within tolerance of the expected array's largest. */
  static void assertClose(String what, INDArray actual, INDArray expected, double tolerance) {
    assertThat(actual.shape()).as("%s: shape", what).containsExactly(expected.shape());
    assertClose(what, values(actual), values(expected), tolerance);
  }

  /** Every entry within tolerance of the largest expected entry. */
  static void assertClose(String what, double[] actual, double[] expected, double tolerance) {
    assertThat(actual.length).as("%s: length", what).isEqualTo(expected.length);
    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs(actual[i] - expected[i]);
      // Written so that NaN fails.
      if (!(error <= tolerance * largest)) {
        throw new AssertionError(
            String.format(
                "%s: entry %d is %s, must be %s within %.1e of the largest entry %s",
                what, i, actual[i], expected[i], tolerance, largest));
      }
    }
  }

  /** Same parts with close values, and as many tokens consumed. */
  static void assertClose(String what, State actual, State expected, double tolerance) {
    assertThat(actual.parts().keySet())
        .as("%s: parts of the state", what)
        .containsExactlyInAnyOrderElementsOf(expected.parts().keySet());
    assertThat(actual.consumed()).as("%s: consumed", what).containsExactly(expected.consumed());
    for (Map.Entry<String, Variable> part : expected.parts().entrySet()) {
      assertClose(
          what + ": state " + part.getKey(),
          actual.get(part.getKey()).value(),
          part.getValue().value(),
          tolerance);
    }
  }

  /** The same bits, NaN included. */
  static void assertSame(String what, INDArray actual, INDArray expected) {
    assertThat(actual.shape()).as("%s: shape", what).containsExactly(expected.shape());
    double[] a = values(actual);
    double[] b = values(expected);
    for (int i = 0; i < b.length; i++) {
      if (Double.doubleToRawLongBits(a[i]) != Double.doubleToRawLongBits(b[i])) {
        throw new AssertionError(
            String.format("%s: entry %d is %s, must be %s to the bit", what, i, a[i], b[i]));
      }
    }
  }
}
