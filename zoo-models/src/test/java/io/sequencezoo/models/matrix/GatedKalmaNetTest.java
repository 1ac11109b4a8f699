package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.eliminated;
import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.sigmoid;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static io.sequencezoo.models.matrix.LayerOracle.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.matrix.RidgeReport;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Gated KalmaNet against its equations with regressions solved by elimination. */
@Tag("double")
class GatedKalmaNetTest {
  private static final int WIDTH = 6;
  private static final int HEADS = 2;
  private static final int KEYS = 3;
  private static final double RIDGE = 0.02;

  private static GatedKalmaNetConfig config(boolean mix, int span) {
    return new GatedKalmaNetConfig(HEADS, 1, 1, RIDGE, mix, 30, span, GateActivation.SILU, true);
  }

  private static double[][] oracle(double[][] x, Parameters p, boolean mix, int span) {
    double[][] q = unit(active(convolved(x, p, "q", span)), KEYS);
    double[][] k = unit(active(convolved(x, p, "k", span)), KEYS);
    double[][] v = active(convolved(x, p, "v", span));
    double[][][] h = new double[HEADS][KEYS][KEYS];
    double[][][] g = new double[HEADS][KEYS][KEYS];
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] gates = times(x[t], p, "output_gate");
      double[] read = new double[HEADS * KEYS];
      for (int n = 0; n < HEADS; n++) {
        double b = sigmoid(biased(x[t], p, "beta", n)) + 1e-6;
        double alpha = mix ? sigmoid(biased(x[t], p, "alpha", n)) : 1;
        double step = times(x[t], p, "step")[n] + p.value("step_bias").getDouble(n);
        double rate = Math.exp(p.value("log_rate").getDouble(n));
        double gamma = Math.exp(-rate * Math.log1p(Math.exp(step)));
        double size = 0;
        for (int i = 0; i < KEYS; i++) {
          double key = k[t][n * KEYS + i];
          for (int j = 0; j < KEYS; j++) {
            h[n][i][j] = gamma * h[n][i][j] + b * key * b * k[t][n * KEYS + j];
            g[n][i][j] = gamma * g[n][i][j] + b * key * b * v[t][n * KEYS + j];
            size += h[n][i][j] * h[n][i][j];
          }
        }
        double[][] system = new double[KEYS][KEYS + 1];
        for (int i = 0; i < KEYS; i++) {
          System.arraycopy(h[n][i], 0, system[i], 0, KEYS);
          system[i][i] += RIDGE * Math.sqrt(size);
          system[i][KEYS] = q[t][n * KEYS + i];
        }
        double[] solution = eliminated(system);
        for (int i = 0; i < KEYS; i++) {
          double query = q[t][n * KEYS + i];
          double reading = (query + alpha * (solution[i] - query)) / Math.sqrt(KEYS);
          for (int j = 0; j < KEYS; j++) {
            read[n * KEYS + j] += g[n][i][j] * reading;
          }
        }
        normalise(read, n * KEYS, KEYS);
        for (int j = 0; j < KEYS; j++) {
          read[n * KEYS + j] *= p.value("norm").getDouble(j) * silu(gates[n * KEYS + j]);
        }
      }
      y[t] = times(read, p, "output");
    }
    return y;
  }

  private static double biased(double[] x, Parameters p, String name, int n) {
    return times(x, p, name)[n] + p.value(name + "_bias").getDouble(n);
  }

  private static double[][] active(double[][] x) {
    return LayerOracle.activated(x, 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void forward_isTheOracle(int span) {
    for (boolean mix : new boolean[] {true, false}) {
      LayerOracle.assertTranscribed(config(mix, span), WIDTH, (x, p) -> oracle(x, p, mix, span));
    }
  }

  @Test
  void residual_isReportedAndFallsWithTheIterations() {
    List<RidgeReport> reports = new ArrayList<>();
    HeadSizes sizes = HeadSizes.of("gated_kalma_net", 16, 1, 1, 1);
    for (int limit : new int[] {1, 4, 60}) {
      GatedKalmaNetConfig config =
          new GatedKalmaNetConfig(1, 1, 1, RIDGE, true, limit, 0, GateActivation.NONE, true);
      SequenceMixer mixer = new SequenceMixer(new GatedKalmaNet(sizes, config, reports::add));
      Context context = Context.inference(Tape.detached(), LayerOracle.parameters(mixer));
      INDArray x = Nd4j.createFromArray(new double[][][] {LayerOracle.input(1, 16)});
      mixer.forward(context, context.tape().constant(x), null);
    }
    assertThat(reports).hasSize(3);
    assertThat(reports.get(0).residual()).isGreaterThan(reports.get(1).residual());
    assertThat(reports.get(1).residual()).isGreaterThan(reports.get(2).residual());
    assertThat(reports.get(2).residual()).isLessThan(1e-12);
    assertThat(reports.get(2).iterations()).isLessThan(60);
  }

  /** With the gate shut it is linear attention that forgets: no solution has a part in it. */
  @Test
  void shutGate_readsBySums() {
    SequenceMixer mixer = config(true, 0).build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = LayerOracle.parameters(mixer);
    parameters.value("alpha_bias").assign(-1e3);
    GatedKalmaNetConfig other =
        new GatedKalmaNetConfig(HEADS, 1, 1, 5, true, 1, 0, GateActivation.SILU, true);
    Variable[] outputs = new Variable[2];
    SequenceMixer[] both = {mixer, other.build(MixerConfig.Place.alone(WIDTH))};
    for (int i = 0; i < 2; i++) {
      Context context = Context.inference(Tape.detached(), parameters);
      INDArray x = Nd4j.createFromArray(new double[][][] {LayerOracle.input(1, WIDTH)});
      outputs[i] = both[i].forward(context, context.tape().constant(x), null).outputs();
    }
    assertThat(outputs[0].value().dup('c').data().asDouble())
        .containsExactly(outputs[1].value().dup('c').data().asDouble(), within(1e-12));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    var layer = config(true, 4).build(MixerConfig.Place.alone(WIDTH)).parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (2 * 2 * 9 + 3 * (6 + 6 + 6)));
    // Projections with gate and output, three per head, convolutions, state, iterations and norm.
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(5 * 36 + 3 * 6 * 2 + 4 * (6 + 6 + 6) + 3 * 36 + 29 * 18 + 18);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read =
        Configs.read("mixer", "{type: gated_kalma_net, heads: 2}", BlockConfig.class);
    assertThat(read).isEqualTo(config(true, 4));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    for (double ridge : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> new GatedKalmaNetConfig(2, 1, 1, ridge, true, 30, 4, GateActivation.SILU, true))
          .withMessage("gated_kalma_net: ridge must be positive, got " + ridge);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new GatedKalmaNetConfig(2, 1, 1, 1, true, 0, 4, GateActivation.SILU, true))
        .withMessage("gated_kalma_net: iterations must be at least 1, got 0");
  }
}
