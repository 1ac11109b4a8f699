package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GilrTest {
  @ParameterizedTest
  @CsvSource({"1.0,0", "2.0,4"})
  void forward_isTheTranscription(double expansion, int convolution) {
    LayerOracle layer = LayerOracle.of(new GilrConfig(expansion, convolution, 0));
    layer.assertForward(
        x -> {
          double[][] f = layer.times(x, "forget");
          double[][] v = layer.times(x, "input");
          if (convolution > 0) {
            f = layer.convolved(f, "forget");
            v = layer.convolved(v, "input");
          }
          double[][] o = layer.times(x, "gate");
          double[] h = new double[f[0].length];
          double[][] read = new double[x.length][h.length];
          for (int t = 0; t < x.length; t++) {
            double mean = 0;
            for (int d = 0; d < h.length; d++) {
              double keep = LayerOracle.sigmoid(f[t][d]);
              h[d] = keep * h[d] + (1 - keep) * v[t][d];
              read[t][d] = h[d] * LayerOracle.silu(o[t][d]);
              mean += read[t][d] / h.length;
            }
            double variance = 0;
            for (double value : read[t]) {
              variance += (value - mean) * (value - mean) / h.length;
            }
            for (int d = 0; d < h.length; d++) {
              read[t][d] =
                  (read[t][d] - mean) / Math.sqrt(variance + 1e-5) * layer.vector("norm")[d]
                      + layer.vector("norm_bias")[d];
            }
          }
          return layer.times(read, "output");
        });
  }

  @Test
  void dropout_isForTrainingAlone() {
    LayerOracle layer = LayerOracle.of(GilrConfig.reference());
    INDArray x = Nd4j.ones(DataType.DOUBLE, 1, 3, LayerOracle.WIDTH);
    try (Tape tape = Tape.training()) {
      Variable in = tape.constant(x);
      Context still = Context.inference(tape, layer.parameters());
      Context moving = Context.training(tape, layer.parameters(), 1);
      INDArray whole = layer.mixer().forward(still, in, null).outputs().value();
      INDArray dropped = layer.mixer().forward(moving, in, null).outputs().value();
      assertThat(whole.sub(dropped).amaxNumber().doubleValue()).isGreaterThan(1e-3);
    }
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: gilr, expansion: 2}", BlockConfig.class);
    assertThat(read).isEqualTo(new GilrConfig(2, 0, 0));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GilrConfig(1, 0, 1))
        .withMessage("gilr: dropout must be in [0, 1), got 1.0");
  }
}
