package io.sequencezoo.models.ngram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.model.Stage;
import io.sequencezoo.models.model.StageConfig;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Against the equations in plain loops; the hash functions by what they promise. */
@Tag("double")
class EngramTest {
  private static final int WIDTH = 5;

  private final EngramConfig config = new EngramConfig(List.of(1, 3), 2, 30, 4, 9);
  private final int[] ids = {3, 1, 3, 1, 2, 3, 1, 2, 0};

  @Test
  void output_isTheGatedEmbeddingByTheEquations() {
    Stage stage = config.build(new MixerConfig.Place(WIDTH, 2, 4));
    Parameters parameters = Parameters.of(stage, DataType.DOUBLE, 3);
    parameters
        .values()
        .muli(3)
        .addi(Nd4j.linspace(DataType.DOUBLE, -0.2, 0.003, parameters.count()));
    INDArray x = Nd4j.rand(DataType.DOUBLE, 1, ids.length, WIDTH).muli(2).subi(1);
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    context.offerTokens(Nd4j.createFromArray(new int[][] {ids}));
    Variable y = stage.forward(context, tape.constant(x), null).outputs();
    NgramHash hash = new NgramHash(config, 2);
    int[] padded = new int[ids.length + 2];
    padded[0] = -1;
    padded[1] = -1;
    System.arraycopy(ids, 0, padded, 2, ids.length);
    for (int t = 0; t < ids.length; t++) {
      int[] rows = new int[4];
      hash.write(padded, t + 2, rows, 0);
      double[] e = new double[8];
      for (int k = 0; k < rows.length; k++) {
        for (int j = 0; j < 2; j++) {
          e[2 * k + j] = parameters.value("table.weight").getDouble(rows[k], j);
        }
      }
      double[] key = norm(linear(e, parameters, "key"), parameters, "key_norm");
      double[] in = new double[WIDTH];
      for (int d = 0; d < WIDTH; d++) {
        in[d] = x.getDouble(0, t, d);
      }
      double[] query = norm(in, parameters, "query_norm");
      double match = 0;
      for (int d = 0; d < WIDTH; d++) {
        match += key[d] * query[d] / Math.sqrt(WIDTH);
      }
      double root = Math.signum(match) * Math.sqrt(Math.abs(match));
      double[] value = linear(e, parameters, "value");
      for (int d = 0; d < WIDTH; d++) {
        double expected = in[d] + value[d] / (1 + Math.exp(-root));
        assertThat(y.value().getDouble(0, t, d)).isCloseTo(expected, within(1e-10));
      }
    }
  }

  private static double[] linear(double[] e, Parameters parameters, String name) {
    double[] y = new double[WIDTH];
    for (int d = 0; d < WIDTH; d++) {
      y[d] = parameters.value(name + ".bias").getDouble(d);
      for (int i = 0; i < e.length; i++) {
        y[d] += e[i] * parameters.value(name + ".weight").getDouble(i, d);
      }
    }
    return y;
  }

  private static double[] norm(double[] x, Parameters parameters, String name) {
    double squares = 0;
    for (double v : x) {
      squares += v * v / x.length;
    }
    double[] y = new double[x.length];
    for (int d = 0; d < x.length; d++) {
      y[d] = x[d] / Math.sqrt(squares + 1e-5) * parameters.value(name + ".weight").getDouble(d);
    }
    return y;
  }

  @Test
  void hash_dependsOnTheNgramAloneAndSpreads() {
    EngramConfig pairs = new EngramConfig(List.of(2), 3, 500, 3, 0);
    NgramHash hash = new NgramHash(pairs, 0);
    assertThat(hash.rows()).isEqualTo(503 + 509 + 521);
    int[] rows = new int[3];
    int[] other = new int[3];
    hash.write(new int[] {7, 4, 5}, 2, rows, 0);
    hash.write(new int[] {8, 8, 4, 5}, 3, other, 0);
    assertThat(other).containsExactly(rows);
    new NgramHash(pairs, 1).write(new int[] {4, 5}, 1, other, 0);
    assertThat(other).as("of another layer").isNotEqualTo(rows);
    SplittableRandom random = new SplittableRandom(4);
    Set<Integer> first = new TreeSet<>();
    for (int i = 0; i < 5000; i++) {
      hash.write(new int[] {random.nextInt(1000), random.nextInt(1000)}, 1, rows, 0);
      first.add(rows[0]);
      assertThat(rows[0]).isBetween(0, 502);
      assertThat(rows[1]).isBetween(503, 1011);
      assertThat(rows[2]).isBetween(1012, 1532);
    }
    assertThat(first).as("rows of 503 that are used").hasSizeGreaterThan(495);
  }

  @Test
  void whatCantBe_isRefused() {
    refused("{type: engram, orders: [0]}", "engram: orders must be between 1 and 16, got 0");
    refused("{type: engram, heads: 3}", "engram: features 64 must be divisible by heads 3");
    refused("{type: engram, rows: 0}", "engram: rows must be between 1 and 67108864, got 0");
  }

  private static void refused(String yaml, String message) {
    assertThatThrownBy(() -> Configs.read("stage", yaml, StageConfig.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void inputsWithoutTokens_areRefused() {
    Stage stage = config.build(MixerConfig.Place.alone(WIDTH));
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, Parameters.of(stage, DataType.DOUBLE, 3));
    Variable x = tape.constant(Nd4j.zeros(DataType.DOUBLE, 1, 3, WIDTH));
    assertThatThrownBy(() -> stage.forward(context, x, null))
        .hasMessageContaining("engram: needs the tokens of its input, got numbers");
  }
}
