package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.activated;
import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.eliminated;
import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.sigmoid;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static io.sequencezoo.models.matrix.LayerOracle.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.matrix.RidgeRecurrence;
import io.sequencezoo.core.dynamics.matrix.RidgeReport;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** MesaNet against its equations with regressions solved by elimination. */
@Tag("double")
class MesaNetTest {
  private static final int WIDTH = 6;
  private static final int HEADS = 2;
  private static final int KEYS = 3;

  private static double[][] oracle(double[][] x, Parameters p, int span) {
    double[][] q = unit(activated(convolved(x, p, "q", span), span), KEYS);
    double[][] k = unit(activated(convolved(x, p, "k", span), span), KEYS);
    double[][][] h = new double[HEADS][KEYS][KEYS];
    double[][][] g = new double[HEADS][KEYS][KEYS];
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] v = times(x[t], p, "v");
      double[] weights = times(x[t], p, "beta");
      double[] gates = times(x[t], p, "gate");
      double[] read = new double[HEADS * KEYS];
      for (int n = 0; n < HEADS; n++) {
        double beta = sigmoid(weights[n] + p.value("beta_bias").getDouble(n));
        double gamma = sigmoid(gates[n] + p.value("gate_bias").getDouble(n));
        double[][] system = new double[KEYS][KEYS + 1];
        for (int i = 0; i < KEYS; i++) {
          for (int j = 0; j < KEYS; j++) {
            h[n][i][j] = gamma * h[n][i][j] + beta * k[t][n * KEYS + i] * k[t][n * KEYS + j];
            g[n][i][j] = gamma * g[n][i][j] + beta * k[t][n * KEYS + i] * v[n * KEYS + j];
            system[i][j] = h[n][i][j];
          }
          system[i][i] += Math.log1p(Math.exp(p.value("lambda").getDouble(n, i))) + 0.25;
          system[i][KEYS] = q[t][n * KEYS + i];
        }
        double[] solution = eliminated(system);
        for (int i = 0; i < KEYS; i++) {
          for (int j = 0; j < KEYS; j++) {
            read[n * KEYS + j] += g[n][i][j] * solution[i];
          }
        }
        normalise(read, n * KEYS, KEYS);
        for (int j = 0; j < KEYS; j++) {
          read[n * KEYS + j] *= p.value("norm").getDouble(j);
        }
      }
      y[t] = times(read, p, "output");
    }
    return y;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void forward_isTheOracle(int span) {
    LayerOracle.assertTranscribed(
        new MesaNetConfig(HEADS, 1, 1, 30, span, GateActivation.NONE, true),
        WIDTH,
        (x, p) -> oracle(x, p, span));
  }

  /** The residual falls with the iterations, and vanishes at as many as there are keys. */
  @Test
  void residual_isReported() {
    List<RidgeReport> reports = new ArrayList<>();
    for (int limit : new int[] {1, 2, 4, 30}) {
      Tape tape = Tape.detached();
      new RidgeRecurrence(limit, reports::add)
          .evolve(tape, Solver.AUTO, coefficients(tape), null, null);
    }
    assertThat(reports).hasSize(4);
    assertThat(reports.get(0).iterations()).isEqualTo(1);
    assertThat(reports.get(0).residual()).isGreaterThan(reports.get(1).residual());
    assertThat(reports.get(1).residual()).isGreaterThan(reports.get(2).residual());
    assertThat(reports.get(3).residual()).isLessThan(1e-12);
    assertThat(reports.get(3).iterations()).isLessThan(30);
  }

  private static Map<String, Variable> coefficients(Tape tape) {
    SplittableRandom random = new SplittableRandom(5);
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : new String[] {"q", "k", "v"}) {
      coefficients.put(name, tape.constant(uniform(random, -1, 1, 1, 40, 1, 8)));
    }
    coefficients.put("beta", tape.constant(uniform(random, 0, 1, 1, 40, 1)));
    coefficients.put("g", tape.constant(uniform(random, -0.1, 0, 1, 40, 1)));
    coefficients.put("lambda", tape.constant(uniform(random, 0.25, 1, 1, 8)));
    return coefficients;
  }

  private static INDArray uniform(SplittableRandom random, double low, double high, int... shape) {
    int n = 1;
    for (int size : shape) {
      n *= size;
    }
    return Nd4j.createFromArray(random.doubles(n, low, high).toArray()).reshape('c', shape);
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new MesaNetConfig(HEADS, 1, 1, 30, 4, GateActivation.NONE, true)
            .build(MixerConfig.Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.FLOAT)).isEqualTo(4 * (2 * 2 * 9 + 3 * (6 + 6)));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(4 * 36 + 2 * 6 * 2 + 4 * (6 + 6) + 3 * 36 + 29 * 18);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: mesa_net, heads: 2}", BlockConfig.class);
    assertThat(read).isEqualTo(new MesaNetConfig(2, 1, 1, 30, 4, GateActivation.NONE, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MesaNetConfig(2, 1, 1, 0, 4, GateActivation.NONE, true))
        .withMessage("mesa_net: iterations must be at least 1, got 0");
  }
}
