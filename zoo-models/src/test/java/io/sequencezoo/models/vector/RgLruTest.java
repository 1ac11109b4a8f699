package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.op.Gates;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class RgLruTest {
  /** Float keeps six digits of a root that 1 - a² would lose altogether. */
  private static final double FLOAT = 1e-5;

  private static double[][] transcription(
      LayerOracle layer, double[][] x, int heads, int convolution) {
    double[][] u = layer.times(x, "input");
    if (convolution > 0) {
      u = layer.convolved(u, "u");
    }
    double[][] gate = layer.times(x, "gate");
    double[] rate = layer.vector("rate");
    double[] h = new double[u[0].length];
    double[][] y = new double[x.length][h.length];
    for (int t = 0; t < x.length; t++) {
      for (int d = 0; d < h.length; d++) {
        double r = LayerOracle.sigmoid(block(layer, u[t], "decay", heads, d));
        double i = LayerOracle.sigmoid(block(layer, u[t], "write", heads, d));
        double a = Math.exp(-8 * LayerOracle.softplus(rate[d]) * r);
        double weight = t == 0 ? 1 : Math.sqrt(1 - a * a);
        h[d] = (t == 0 ? 0 : a * h[d]) + weight * i * u[t][d];
        double v = gate[t][d];
        double cubic = Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v);
        y[t][d] = 0.5 * v * (1 + Math.tanh(cubic)) * h[d];
      }
    }
    return layer.times(y, "output");
  }

  /** Output d of a block-diagonal map. */
  private static double block(LayerOracle layer, double[] u, String name, int heads, int d) {
    int size = u.length / heads;
    int head = d / size;
    INDArray w = layer.parameters().value(name);
    double sum = layer.vector(name + "_bias")[d];
    for (int i = 0; i < size; i++) {
      sum += u[head * size + i] * w.getDouble(head, i, d % size);
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"1.0,4,4", "2.0,1,0", "1.5,3,2"})
  void forward_isTheTranscription(double expansion, int heads, int convolution) {
    LayerOracle layer = LayerOracle.of(new RgLruConfig(expansion, heads, convolution));
    layer.assertForward(x -> transcription(layer, x, heads, convolution));
  }

  @Test
  void start_decaysOnTheRing() {
    Parameters parameters =
        Parameters.of(
            RgLruConfig.standard().build(MixerConfig.Place.alone(64)), DataType.DOUBLE, 3);
    for (double rate : parameters.value("rate").dup('c').data().asDouble()) {
      assertThat(Math.exp(-LayerOracle.softplus(rate))).isBetween(0.9, 0.999);
    }
  }

  /** Where the decay is nearly 1 the input's weight stays exact, and its slope finite. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE"})
  void root_isExactNearADecayOfOne(DataType type) {
    double[] logits = {-10, -20, -40, -80, -1000};
    Tape tape = Tape.detached();
    Variable r = tape.variable(Nd4j.createFromArray(logits).castTo(type).reshape('c', 1, 5));
    Variable open = tape.variable(Nd4j.valueArrayOf(new long[] {1, 5}, 100.0, type));
    Variable u = tape.variable(Nd4j.ones(type, 1, 5));
    Variable rate = tape.variable(Nd4j.zeros(type, 5));
    Variable[] coefficients =
        Gates.apply(tape, new RgLruGate(token -> false), List.of(r, open, u), List.of(rate));
    for (int i = 0; i < 5; i++) {
      double s = 8 * Math.log(2) * Math.exp(logits[i]) / (1 + Math.exp(logits[i]));
      double expected = Math.sqrt(-Math.expm1(-2 * s));
      assertThat(coefficients[0].value().getDouble(i)).isCloseTo(-s, within(s * FLOAT + 1e-37));
      assertThat(coefficients[1].value().getDouble(i))
          .isCloseTo(expected, within(expected * FLOAT + 1e-18));
    }
    tape.backward(List.of(coefficients[1]), List.of(Nd4j.ones(type, 1, 5)));
    for (Variable variable : List.of(r, open, u, rate)) {
      assertThat(variable.gradient().sumNumber().doubleValue()).isFinite();
    }
  }

  @Test
  void misfits_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RgLruConfig(1, 5, 4).build(MixerConfig.Place.alone(12)))
        .withMessage("rg_lru: inner width 12 must be divisible by heads 5; use heads 4");
  }
}
