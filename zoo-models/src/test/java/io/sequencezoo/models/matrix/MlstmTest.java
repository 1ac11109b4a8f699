package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.activated;
import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.projected;
import static io.sequencezoo.models.matrix.LayerOracle.sigmoid;
import static io.sequencezoo.models.matrix.LayerOracle.times;
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
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class MlstmTest {
  private static final int WIDTH = 6;

  /** The layer as the paper writes it: loops over time, heads, keys and values. */
  private record Oracle(int heads, int keys, int values, int span, double cap) {
    double[][] run(double[][] x, Parameters p) {
      double[][] q = activated(convolved(x, p, "q", span), span);
      double[][] k = activated(convolved(x, p, "k", span), span);
      double[][] v = activated(convolved(x, p, "v", span), span);
      double[][] in = projected(x, p, "input_gate");
      double[][] forget = projected(x, p, "forget_gate");
      double[][][] c = new double[heads][keys][values];
      double[][] n = new double[heads][keys];
      double[] m = new double[heads];
      double[][] y = new double[x.length][];
      for (int t = 0; t < x.length; t++) {
        double[] read = new double[heads * values];
        for (int h = 0; h < heads; h++) {
          double i = capped(in[t][h] + p.value("input_gate_bias").getDouble(h));
          double f = capped(forget[t][h] + p.value("forget_gate_bias").getDouble(h));
          double kept = Math.log(sigmoid(f)) + m[h];
          double before = m[h];
          m[h] = Math.max(kept, i);
          double a = Math.exp(Math.log(sigmoid(f)) + before - m[h]);
          double weight = Math.exp(i - m[h]);
          double below = 0;
          for (int d = 0; d < keys; d++) {
            double query = q[t][h * keys + d] / Math.sqrt(keys);
            n[h][d] = a * n[h][d] + weight * k[t][h * keys + d];
            below += query * n[h][d];
            for (int e = 0; e < values; e++) {
              c[h][d][e] = a * c[h][d][e] + weight * k[t][h * keys + d] * v[t][h * values + e];
              read[h * values + e] += query * c[h][d][e];
            }
          }
          for (int e = 0; e < values; e++) {
            read[h * values + e] /= Math.max(Math.abs(below), Math.exp(-m[h])) + 1e-6;
          }
          layerNorm(read, h, p);
        }
        if (p.contains("output_gate")) {
          double[] gate = times(x[t], p, "output_gate");
          for (int o = 0; o < read.length; o++) {
            read[o] *= sigmoid(gate[o]);
          }
        }
        y[t] = times(read, p, "output");
      }
      return y;
    }

    private double capped(double z) {
      return cap == 0 ? z : cap * Math.tanh(z / cap);
    }

    private void layerNorm(double[] read, int h, Parameters p) {
      if (!p.contains("norm")) {
        return;
      }
      LayerOracle.standardise(read, h * values, values, 1e-6);
      for (int i = h * values; i < (h + 1) * values; i++) {
        read[i] *= p.value("norm").getDouble(i);
      }
    }
  }

  @Test
  void forward_isTheOracle() {
    LayerOracle.assertTranscribed(
        new MlstmConfig(2, 1, 1, 1.5, 0, GateActivation.SIGMOID, true),
        WIDTH,
        new Oracle(2, 3, 3, 0, 1.5)::run);
    LayerOracle.assertTranscribed(
        new MlstmConfig(2, 1, 2, 0, 4, GateActivation.SIGMOID, true),
        WIDTH,
        new Oracle(2, 3, 6, 4, 0)::run);
  }

  @Test
  void switchedOff_isTheOracleWithoutNormAndGate() {
    LayerOracle.assertTranscribed(
        new MlstmConfig(2, 1, 1, 15, 0, GateActivation.NONE, false),
        WIDTH,
        new Oracle(2, 3, 3, 0, 15)::run);
  }

  @Test
  void start_isTheReferences() {
    Parameters p =
        Parameters.of(
            new MlstmConfig(3, 1, 1, 15, 0, GateActivation.SIGMOID, true).build(Place.alone(WIDTH)),
            DataType.DOUBLE,
            1);
    assertThat(p.value("forget_gate_bias").toDoubleVector()).containsExactly(3, 4.5, 6);
    assertThat(p.value("forget_gate").amaxNumber().doubleValue()).isZero();
    assertThat(p.value("input_gate").amaxNumber().doubleValue()).isZero();
    assertThat(p.value("input_gate_bias").amaxNumber().doubleValue()).isBetween(1e-6, .5);
  }

  /** Exponential gates whose exponentials overflow float. */
  @Test
  void extremeGates_stayFiniteInFloat() {
    Tape tape = Tape.detached();
    Variable one = tape.constant(Nd4j.ones(DataType.FLOAT, 1, 4, 1, 1));
    Variable i =
        tape.constant(Nd4j.createFromArray(new float[] {500, -500, 1000, 0}).reshape('c', 1, 4, 1));
    Variable f =
        tape.constant(Nd4j.createFromArray(new float[] {0, 300, -300, 300}).reshape('c', 1, 4, 1));
    float[] h =
        LinearOperators.mlstm(tape, Solver.AUTO, one, one, one, i, f, null, 1, 0)
            .outputs()
            .value()
            .ravel()
            .toFloatVector();
    assertThat(h).containsExactly(new float[] {1, 1, 1, 1}, within(1e-6f));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new MlstmConfig(2, 1, 2, 15, 0, GateActivation.SIGMOID, true)
            .build(Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.DOUBLE)).isEqualTo(8 * (2 * 3 * 7 + 2));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * (6 + 6 + 12 + 2 + 2 + 12 + 12) + 3 * 2 * 3 * 7);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read = Configs.read("mixer", "{type: mlstm, heads: 2}", BlockConfig.class);
    assertThat(read).isEqualTo(new MlstmConfig(2, .5, 1, 15, 0, GateActivation.SIGMOID, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MlstmConfig(2, .5, 1, -1, 0, GateActivation.SIGMOID, true))
        .withMessage("mlstm: gateSoftCap must be positive, or 0 for none, got -1.0");
  }
}
