package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.DeltaOracle.softplus;
import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.normalise;
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
import io.sequencezoo.core.registry.MixerConfig;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class GatedDeltaNet2Test {
  private static final int WIDTH = 6;

  /** The same sums in another order. */
  private static final double DOUBLE = 1e-12;

  /** The layer as the paper writes it: loops over time, value heads, keys and values. */
  private record Oracle(int heads, int valueHeads, int keys, int values, int span, double most) {
    double[][] run(double[][] x, Parameters p) {
      double[][] q = unit(silu(convolved(x, p, "q", span)));
      double[][] k = unit(silu(convolved(x, p, "k", span)));
      double[][] v = silu(convolved(x, p, "v", span));
      double[][] erase = projected(x, p, "erase");
      double[][] write = projected(x, p, "write");
      double[][] steps = projected(projected(x, p, "step_low"), p, "step_high");
      double[][][] s = new double[valueHeads][keys][values];
      double[][] y = new double[x.length][];
      for (int t = 0; t < x.length; t++) {
        double[] read = new double[valueHeads * values];
        for (int h = 0; h < valueHeads; h++) {
          int group = h / (valueHeads / heads);
          for (int d = 0; d < keys; d++) {
            int i = group * keys + d;
            double step = softplus(steps[t][i] + p.value("step_bias").getDouble(i));
            double decay = Math.exp(-Math.exp(p.value("log_rate").getDouble(group)) * step);
            for (int e = 0; e < values; e++) {
              s[h][d][e] *= decay;
            }
          }
          for (int e = 0; e < values; e++) {
            double erased = 0;
            for (int d = 0; d < keys; d++) {
              int i = group * keys + d;
              erased += most * sigmoid(erase[t][i]) * k[t][i] * s[h][d][e];
            }
            int o = h * values + e;
            double written = sigmoid(write[t][o]) * v[t][o];
            for (int d = 0; d < keys; d++) {
              s[h][d][e] += k[t][group * keys + d] * (written - erased);
              read[o] += q[t][group * keys + d] / Math.sqrt(keys) * s[h][d][e];
            }
          }
          finish(read, h, p);
        }
        gate(read, x[t], p);
        y[t] = times(read, p, "output");
      }
      return y;
    }

    private void finish(double[] read, int h, Parameters p) {
      if (p.contains("norm")) {
        normalise(read, h * values, values);
        for (int e = 0; e < values; e++) {
          read[h * values + e] *= p.value("norm").getDouble(e);
        }
      }
    }

    private static void gate(double[] read, double[] x, Parameters p) {
      if (p.contains("output_gate_low")) {
        double[] gate = times(times(x, p, "output_gate_low"), p, "output_gate_high");
        for (int i = 0; i < read.length; i++) {
          read[i] *= sigmoid(gate[i] + p.value("output_gate_bias").getDouble(i));
        }
      }
    }

    private double[][] unit(double[][] x) {
      for (double[] row : x) {
        for (int at = 0; at < row.length; at += keys) {
          double square = 1e-6;
          for (int d = 0; d < keys; d++) {
            square += row[at + d] * row[at + d];
          }
          for (int d = 0; d < keys; d++) {
            row[at + d] /= Math.sqrt(square);
          }
        }
      }
      return x;
    }

    private static double[][] silu(double[][] x) {
      for (double[] row : x) {
        for (int i = 0; i < row.length; i++) {
          row[i] = LayerOracle.silu(row[i]);
        }
      }
      return x;
    }
  }

  @Test
  void forward_isTheOracle() {
    LayerOracle.assertTranscribed(
        new GatedDeltaNet2Config(2, 0, 1, 1, 4, false, GateActivation.SIGMOID, true),
        WIDTH,
        new Oracle(2, 2, 3, 3, 4, 1)::run);
  }

  @Test
  void valueHeads_shareErasureAndDecay() {
    LayerOracle.assertTranscribed(
        new GatedDeltaNet2Config(1, 2, 0.5, 2.0, 0, true, GateActivation.SIGMOID, true),
        WIDTH,
        new Oracle(1, 2, 3, 6, 0, 2)::run);
  }

  @Test
  void switchedOff_isTheOracleWithoutNormAndGate() {
    LayerOracle.assertTranscribed(
        new GatedDeltaNet2Config(2, 0, 1, 1, 0, false, GateActivation.NONE, false),
        WIDTH,
        new Oracle(2, 2, 3, 3, 0, 1)::run);
  }

  /** Both gates one number per head: Kimi Delta Attention. */
  @Test
  void equalGates_areTheDeltaRule() {
    Tape tape = Tape.detached();
    SplittableRandom random = new SplittableRandom(4);
    Variable q = variable(tape, random.doubles(-1, 1), 2, 9, 2, 3);
    Variable k = variable(tape, random.doubles(-.5, .5), 2, 9, 2, 3);
    Variable v = variable(tape, random.doubles(-1, 1), 2, 9, 2, 4);
    Variable g = variable(tape, random.doubles(-1, 0), 2, 9, 2, 3);
    Variable b = tape.constant(Nd4j.valueArrayOf(new long[] {2, 9, 2, 3}, .7, DataType.DOUBLE));
    Variable w = tape.constant(Nd4j.valueArrayOf(new long[] {2, 9, 2, 4}, .7, DataType.DOUBLE));
    Variable beta = tape.constant(Nd4j.valueArrayOf(new long[] {2, 9, 2}, .7, DataType.DOUBLE));
    double[] two =
        DeltaOperators.gatedDeltaRule2(tape, Solver.AUTO, q, k, v, g, b, w, null, .5)
            .outputs()
            .value()
            .ravel()
            .toDoubleVector();
    double[] one =
        DeltaOperators.deltaRule(tape, Solver.AUTO, q, k, v, beta, g, null, .5)
            .outputs()
            .value()
            .ravel()
            .toDoubleVector();
    assertThat(two).containsExactly(one, within(DOUBLE));
  }

  private static Variable variable(Tape tape, DoubleStream numbers, long... shape) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    return tape.constant(Nd4j.createFromArray(numbers.limit(length).toArray()).reshape('c', shape));
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        new GatedDeltaNet2Config(1, 2, 0.5, 2.0, 0, false, GateActivation.SIGMOID, true)
            .build(MixerConfig.Place.alone(WIDTH))
            .parametrisation();
    assertThat(layer.stateBytes(9, DataType.DOUBLE)).isEqualTo(8 * 2 * 3 * 6);
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(6 * (3 + 3 + 12 + 3 + 12 + 12) + 6 * (6 + 3) + 6 * (6 + 12) + 5 * 2 * 3 * 6);
  }

  @Test
  void configuration_roundTripsAndRefuses() {
    BlockConfig read =
        Configs.read("mixer", "{type: gated_delta_net_2, valueHeads: 2}", BlockConfig.class);
    assertThat(read)
        .isEqualTo(new GatedDeltaNet2Config(0, 2, 1, 1, 4, false, GateActivation.SIGMOID, true));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new GatedDeltaNet2Config(4, 0, 1, 1, 4, false, GateActivation.SIGMOID, true)
                    .build(MixerConfig.Place.alone(WIDTH)))
        .withMessage(
            "gated_delta_net_2: key width 6 must be divisible by heads 4; use heads 3 or 6");
  }
}
