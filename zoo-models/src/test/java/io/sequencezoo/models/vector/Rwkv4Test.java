package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig.Place;
import io.sequencezoo.models.model.LanguageModelConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class Rwkv4Test {
  /** Decimals of the reference's start, computed by hand from its formulas. */
  private static final double DECIMALS = 1e-12;

  /** The layer as the paper writes it: every output sums over all tokens before. */
  @ParameterizedTest
  @CsvSource({"1.0,2", "2.0,0"})
  void forward_isTheTranscription(double expansion, int shift) {
    LayerOracle layer = LayerOracle.of(new Rwkv4Config(expansion, shift));
    layer.assertForward(
        x -> {
          double[][] k = layer.times(mixed(layer, x, "key"), "key");
          double[][] v = layer.times(mixed(layer, x, "value"), "value");
          double[][] r = layer.times(mixed(layer, x, "receptance"), "receptance");
          double[] w = layer.vector("decay");
          double[] u = layer.vector("bonus");
          double[][] y = new double[x.length][w.length];
          for (int t = 0; t < x.length; t++) {
            for (int d = 0; d < w.length; d++) {
              double own = Math.exp(u[d] + k[t][d]);
              double above = own * v[t][d];
              double below = own;
              for (int s = 0; s < t; s++) {
                double weight = Math.exp(k[s][d] - (t - 1 - s) * Math.exp(w[d]));
                above += weight * v[s][d];
                below += weight;
              }
              y[t][d] = LayerOracle.sigmoid(r[t][d]) * above / below;
            }
          }
          return layer.times(y, "output");
        });
  }

  @ParameterizedTest
  @CsvSource({"4.0,2", "2.0,0"})
  void channelMixing_isTheTranscription(double expansion, int shift) {
    LayerOracle layer = LayerOracle.of(new Rwkv4ChannelConfig(expansion, shift));
    layer.assertForward(
        x -> {
          double[][] k = layer.times(mixed(layer, x, "key"), "key");
          double[][] r = layer.times(mixed(layer, x, "receptance"), "receptance");
          for (double[] row : k) {
            for (int e = 0; e < row.length; e++) {
              row[e] = row[e] > 0 ? row[e] * row[e] : 0;
            }
          }
          double[][] y = layer.times(k, "value");
          for (int t = 0; t < y.length; t++) {
            for (int d = 0; d < y[t].length; d++) {
              y[t][d] *= LayerOracle.sigmoid(r[t][d]);
            }
          }
          return y;
        });
  }

  private static double[][] mixed(LayerOracle layer, double[][] x, String name) {
    if (!layer.parameters().contains("mix_" + name)) {
      return x;
    }
    double[] share = layer.vector("mix_" + name);
    double[][] out = new double[x.length][share.length];
    for (int t = 0; t < x.length; t++) {
      for (int d = 0; d < share.length; d++) {
        out[t][d] = (1 - share[d]) * x[t][d] + (t == 0 ? 0 : share[d] * x[t - 1][d]);
      }
    }
    return out;
  }

  /** Keys whose exponentials overflow float. */
  @Test
  void extremeKeys_stayFiniteInFloat() {
    Tape tape = Tape.detached();
    float[] keys = {-1000, 900, -900, 0};
    Variable k = tape.constant(Nd4j.createFromArray(keys).reshape('c', 1, 4, 1));
    Variable v =
        tape.constant(Nd4j.createFromArray(new float[] {1, 2, 3, 4}).reshape('c', 1, 4, 1));
    Variable zero = tape.constant(Nd4j.zeros(DataType.FLOAT, 1));
    assertThat(
            GatedOperators.rwkv4(tape, Solver.AUTO, k, v, zero, zero, null)
                .outputs()
                .value()
                .ravel()
                .toFloatVector())
        .containsExactly(1, 2, 2, 2);
  }

  @Test
  void start_isTheReferences() {
    Parameters p =
        Parameters.of(Rwkv4Config.standard().build(new Place(4, 2, 3)), DataType.DOUBLE, 1);
    // Depth 1, shallowness 1/3.
    assertThat(p.value("decay").getDouble(1)).isCloseTo(-5 + 8 / 9.0, within(DECIMALS));
    assertThat(p.value("bonus").toDoubleVector())
        .containsExactly(
            new double[] {Math.log(.3), Math.log(.3) + .5, Math.log(.3) - .5, Math.log(.3)},
            within(DECIMALS));
    assertThat(p.value("mix_key").getDouble(1))
        .isCloseTo(1 - Math.pow(.25, 1 / 3.0), within(DECIMALS));
    assertThat(p.value("mix_value").getDouble(1))
        .isCloseTo(1 - Math.pow(.25, 1 / 3.0) - .3, within(DECIMALS));
    assertThat(p.value("mix_receptance").getDouble(1))
        .isCloseTo(1 - Math.pow(.25, 1 / 6.0), within(DECIMALS));
    for (String zero : new String[] {"key", "receptance", "output"}) {
      assertThat(p.value(zero).amaxNumber().doubleValue()).as(zero).isZero();
    }
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new Rwkv4Config(2, 2).build(Place.alone(LayerOracle.WIDTH)).parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (3 * 16 + 8));
    assertThat(layer.multiplyAddsPerToken(9)).isEqualTo(4 * 8 * 16 + 3 * 16 + 4 * 16);
    Parametrisation channel =
        new Rwkv4ChannelConfig(2, 2).build(Place.alone(LayerOracle.WIDTH)).parametrisation();
    assertThat(channel.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (8 + 8));
    assertThat(channel.multiplyAddsPerToken(9)).isEqualTo((2 * 16 + 8) * 8 + 2 * 2 * 8);
  }

  /** The published block: time mixing, then channel mixing, each in a branch of its own. */
  @Test
  void block_isTwoLayersOfAModel() {
    LanguageModelConfig config =
        Configs.read(
            "model",
            "{type: language_model, vocabulary: 5, width: 8, norm: {type: layer_norm},"
                + " layers: '[rwkv4, rwkv4_channel] x 2'}",
            LanguageModelConfig.class);
    assertThat(config.mixers())
        .containsExactly(
            Rwkv4Config.standard(),
            Rwkv4ChannelConfig.standard(),
            Rwkv4Config.standard(),
            Rwkv4ChannelConfig.standard());
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: rwkv4, expansion: 2}", BlockConfig.class);
    assertThat(read).isEqualTo(new Rwkv4Config(2, 2));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Rwkv4Config(1, 4))
        .withMessage("rwkv4: shortConvolution must be 2, the token shift, or 0 for none, got 4");
  }
}
