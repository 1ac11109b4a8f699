package io.sequencezoo.models.vector;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QLstmTest {

  private static double[][] transcription(
      LayerOracle layer, double[][] x, int convolution, boolean reversed) {
    double[][] u = layer.times(x, "input");
    if (convolution > 0) {
      u = layer.convolved(u, "u");
    }
    double[][] gate = layer.times(x, "gate");
    double[][] f = layer.times(u, "forget");
    double[][] i = layer.times(u, "write");
    double[][] o = layer.times(u, "read");
    double alpha = reversed ? Math.max(0, layer.vector("alpha")[0]) : 0;
    double[] h = new double[u[0].length];
    double[][] y = new double[x.length][h.length];
    for (int t = 0; t < x.length; t++) {
      for (int d = 0; d < h.length; d++) {
        double decay =
            reversed
                ? Math.pow(LayerOracle.sigmoid(-f[t][d]), alpha)
                : LayerOracle.sigmoid(f[t][d]);
        h[d] = decay * h[d] + LayerOracle.sigmoid(i[t][d]) * u[t][d];
        y[t][d] = gelu(gate[t][d]) * LayerOracle.sigmoid(o[t][d]) * h[d];
      }
    }
    return layer.times(y, "output");
  }

  /** {@code x Φ(x)} by Maclaurin's series of the error function, for the small x of this test. */
  private static double gelu(double x) {
    double term = x / Math.sqrt(2);
    double square = term * term;
    double sum = term;
    for (int k = 1; k < 80; k++) {
      term *= -square / k;
      sum += term / (2 * k + 1);
    }
    return x * (0.5 + sum / Math.sqrt(Math.PI));
  }

  @ParameterizedTest
  @CsvSource({"2.0,4,true", "1.0,0,true", "1.5,3,false"})
  void forward_isTheTranscription(double expansion, int convolution, boolean reversed) {
    LayerOracle layer = LayerOracle.of(new QLstmConfig(expansion, convolution, reversed));
    if (reversed) {
      // relu(α) must not hide it.
      layer.parameters().value("alpha").assign(0.7);
    }
    layer.assertForward(x -> transcription(layer, x, convolution, reversed));
  }
}
