package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.Gates;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.factory.Nd4j;

/** minGRU and minLSTM. */
class MinimalUnitsTest {

  private static double positive(double x) {
    return x >= 0 ? x + 0.5 : LayerOracle.sigmoid(x);
  }

  @ParameterizedTest
  @CsvSource({"1.0,0", "2.0,4"})
  void minGru_isTheTranscription(double expansion, int convolution) {
    LayerOracle layer = LayerOracle.of(new MinGruConfig(expansion, convolution));
    layer.assertForward(
        x -> {
          double[][] u = convolution > 0 ? layer.convolved(x, "x") : x;
          double[][] z = layer.times(u, "update");
          double[][] c = layer.times(u, "candidate");
          double[][] h = new double[x.length][z[0].length];
          for (int t = 0; t < x.length; t++) {
            for (int d = 0; d < h[t].length; d++) {
              double update = LayerOracle.sigmoid(z[t][d]);
              double before = t == 0 ? 0 : h[t - 1][d];
              h[t][d] = (1 - update) * before + update * positive(c[t][d]);
            }
          }
          return expansion == 1 ? h : layer.times(h, "output");
        });
  }

  @ParameterizedTest
  @CsvSource({"1.0,0", "2.0,4"})
  void minLstm_isTheTranscription(double expansion, int convolution) {
    LayerOracle layer = LayerOracle.of(new MinLstmConfig(expansion, convolution));
    layer.assertForward(
        x -> {
          double[][] u = convolution > 0 ? layer.convolved(x, "x") : x;
          double[][] f = layer.times(u, "forget");
          double[][] i = layer.times(u, "input");
          double[][] c = layer.times(u, "candidate");
          double[][] h = new double[x.length][f[0].length];
          for (int t = 0; t < x.length; t++) {
            for (int d = 0; d < h[t].length; d++) {
              double forget = LayerOracle.sigmoid(f[t][d]);
              double input = LayerOracle.sigmoid(i[t][d]);
              double before = t == 0 ? 0 : h[t - 1][d];
              h[t][d] =
                  forget / (forget + input) * before + input / (forget + input) * positive(c[t][d]);
            }
          }
          return expansion == 1 ? h : layer.times(h, "output");
        });
  }

  /** Both gates closed to the last bit: their ratio remains. */
  @Test
  void minLstm_normalisesVanishingGates() {
    Tape tape = Tape.detached();
    Variable f = tape.constant(Nd4j.createFromArray(new float[][] {{-300, -300, 500}}));
    Variable i = tape.constant(Nd4j.createFromArray(new float[][] {{-300, -1000, -500}}));
    Variable c = tape.constant(Nd4j.zeros(1, 3).castTo(f.type()));
    float[] a =
        Gates.apply(tape, MinimalGate.lstm(), List.of(f, i, c), List.of())[0]
            .value()
            .toFloatVector();
    assertThat(a).containsExactly(0.5f, 1, 1);
  }
}
