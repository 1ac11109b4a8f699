package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

class MambaTest {
  /** Inverting a softplus in double. */
  private static final double ROUNDING = 1e-12;

  private static final int STATES = 3;
  private static final int RANK = 2;

  private static MambaConfig config(int convolution) {
    return new MambaConfig(1.5, STATES, RANK, convolution, 0.001, 0.1);
  }

  /** The layer as its reference is written: loops over time, channels and states. */
  private static double[][] transcription(LayerOracle layer, double[][] x, int convolution) {
    double[][] u = layer.times(x, "input");
    if (convolution > 0) {
      u = layer.convolved(u, "x");
    }
    double[][] z = layer.times(x, "gate");
    int inner = u[0].length;
    double[][] steps = new double[x.length][RANK];
    for (double[] row : u) {
      for (int i = 0; i < inner; i++) {
        row[i] = LayerOracle.silu(row[i]);
      }
    }
    double[][] selected = layer.times(u, "select");
    for (int t = 0; t < x.length; t++) {
      System.arraycopy(selected[t], 0, steps[t], 0, RANK);
    }
    double[][] delta = layer.times(steps, "step");
    double[] logRate = layer.vector("log_rate");
    double[] skip = layer.vector("skip");
    double[][] h = new double[inner][STATES];
    double[][] y = new double[x.length][inner];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < inner; i++) {
        double dt = LayerOracle.softplus(delta[t][i]);
        double sum = skip[i] * u[t][i];
        for (int s = 0; s < STATES; s++) {
          double rate = -Math.exp(logRate[s * inner + i]);
          double write = selected[t][RANK + s];
          double read = selected[t][RANK + STATES + s];
          h[i][s] = Math.exp(dt * rate) * h[i][s] + dt * write * u[t][i];
          sum += read * h[i][s];
        }
        y[t][i] = sum * LayerOracle.silu(z[t][i]);
      }
    }
    return layer.times(y, "output");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void forward_isTheTranscription(int convolution) {
    LayerOracle layer = LayerOracle.of(config(convolution));
    layer.assertForward(x -> transcription(layer, x, convolution));
  }

  @Test
  void start_isTheReferences() {
    MixerConfig.Place place = new MixerConfig.Place(32, 1, 4);
    Parameters parameters = Parameters.of(MambaConfig.standard().build(place), DataType.DOUBLE, 3);
    double[] biases = parameters.value("step_bias").dup('c').data().asDouble();
    assertThat(biases).hasSize(64);
    for (double bias : biases) {
      assertThat(Math.log1p(Math.exp(bias))).isBetween(0.001 - ROUNDING, 0.1 + ROUNDING);
    }
    for (int s = 0; s < 16; s++) {
      for (int i = 0; i < 64; i += 7) {
        assertThat(parameters.value("log_rate").getDouble(s, i))
            .isCloseTo(Math.log(s + 1), within(ROUNDING));
      }
    }
    assertThat(parameters.value("skip").meanNumber().doubleValue()).isEqualTo(1);
    // R = 2: uniform on ±1/√2; output: uniform on ±1/√64, divided by √4.
    assertThat(parameters.value("step").shape()).containsExactly(2, 64);
    assertThat(parameters.value("step").amaxNumber().doubleValue()).isBetween(0.6, Math.sqrt(0.5));
    assertThat(parameters.value("output").amaxNumber().doubleValue()).isBetween(0.055, 1 / 16.0);
    List<String> undecayed =
        parameters.specs().stream()
            .filter(spec -> !spec.decayed())
            .map(ParameterSpec::name)
            .toList();
    assertThat(undecayed).containsExactly("conv_x_bias", "step_bias", "log_rate", "skip");
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Mamba mamba =
        (Mamba) config(4).build(MixerConfig.Place.alone(LayerOracle.WIDTH)).parametrisation();
    assertThat(mamba.stateBytes(100, DataType.FLOAT)).isEqualTo(4 * (12 * 3 + 3 * 12));
    assertThat(mamba.multiplyAddsPerToken(5))
        .isEqualTo(3 * 8 * 12 + 12 * (2 + 6) + 2 * 12 + 4 * 12 + 4 * 3 * 12);
  }

  @Test
  void configuration_roundTrips() {
    BlockConfig read = Configs.read("mixer", "{type: mamba, stateSize: 8}", BlockConfig.class);
    assertThat(read).isEqualTo(new MambaConfig(2.0, 8, 0, 4, 0.001, 0.1));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
  }

  @Test
  void misfits_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MambaConfig(2, 0, 0, 4, 0.001, 0.1))
        .withMessage("mamba: stateSize must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MambaConfig(2, 16, 0, 4, 0.1, 0.01))
        .withMessage("mamba: steps must satisfy 0 < smallestStep <= largestStep, got 0.1 and 0.01");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config(4).build(MixerConfig.Place.alone(7)))
        .withMessageStartingWith("mamba: width 7 times expansion 1.5 must be a whole number");
  }
}
