package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.kernel.Parallel;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.AdamUpdater;
import org.nd4j.linalg.learning.config.Adam;

class OptimizerConfigTest {
  /** Odd, and larger than one task of the parallel loop. */
  private static final int WEIGHTS = 40_003;

  private static final int BIASES = 17;

  /** Ten steps in another order of operations. */
  private static final double DOUBLE_ROUNDING = 1e-13;

  private static final double FLOAT_ROUNDING = 1e-5;

  @Test
  void adamW_equalsThePublishedAlgorithm() {
    OptimizerConfig config =
        read("{type: adamw, lr: 0.02, beta1: 0.8, beta2: 0.95, eps: 1e-6, weightDecay: 0.3}");
    for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
      Parameters parameters = parameters(type);
      double[] w = parameters.values().toDoubleVector();
      double[] m = new double[w.length];
      double[] v = new double[w.length];
      Optimizer optimizer = config.build(parameters);
      for (int t = 1; t <= 10; t++) {
        double[] g = gradients(parameters, t);
        double rate = 0.02 / t;
        optimizer.step(0.5, rate);
        double correction1 = 1 - Math.pow(0.8, t);
        double correction2 = 1 - Math.pow(0.95, t);
        for (int i = 0; i < w.length; i++) {
          double gradient = 0.5 * g[i];
          m[i] = 0.8 * m[i] + 0.2 * gradient;
          v[i] = 0.95 * v[i] + 0.05 * gradient * gradient;
          double mHat = m[i] / correction1;
          double vHat = v[i] / correction2;
          double decay = i >= WEIGHTS && i < WEIGHTS + BIASES ? 0 : 0.3;
          w[i] -= rate * decay * w[i] + rate * mHat / (Math.sqrt(vHat) + 1e-6);
        }
      }
      assertThat(optimizer.steps()).isEqualTo(10);
      double tolerance = type == DataType.DOUBLE ? DOUBLE_ROUNDING : FLOAT_ROUNDING;
      assertThat(parameters.values().toDoubleVector()).containsExactly(w, within(tolerance));
      assertThat(optimizer.state().get("m").toDoubleVector()).containsExactly(m, within(tolerance));
      assertThat(optimizer.state().get("v").toDoubleVector()).containsExactly(v, within(tolerance));
    }
  }

  @Test
  void adamW_withoutDecayEqualsNd4jsAdam() {
    Parameters parameters = parameters(DataType.DOUBLE);
    INDArray expected = parameters.values().dup();
    Optimizer optimizer =
        read("{type: adamw, lr: 0.01, eps: 1e-30, weightDecay: 0}").build(parameters);
    // ND4J folds both corrections into the rate, which scales eps: only without it are they equal.
    Adam adam = new Adam(0.01, 0.9, 0.999, 1e-30);
    long n = expected.length();
    AdamUpdater judge = (AdamUpdater) adam.instantiate(Nd4j.zeros(DataType.DOUBLE, 1, 2 * n), true);
    for (int t = 0; t < 10; t++) {
      double[] g = gradients(parameters, t);
      INDArray update = Nd4j.createFromArray(g).reshape(1, n);
      judge.applyUpdater(update, t, 0);
      expected.subi(update.reshape(n));
      optimizer.step(1, 0.01);
    }
    assertThat(largestDifference(parameters.values(), expected.toDoubleVector()))
        .isLessThan(DOUBLE_ROUNDING);
  }

  @Test
  void adamW_doesNotDependOnThreads() {
    int before = Parallel.threads();
    try {
      float[][] results = new float[2][];
      for (int threads = 1; threads <= 2; threads++) {
        Parallel.setThreads(threads == 1 ? 1 : 3);
        Parameters parameters = parameters(DataType.FLOAT);
        Optimizer optimizer = read("{type: adamw, lr: 0.01}").build(parameters);
        for (int t = 0; t < 3; t++) {
          gradients(parameters, t);
          optimizer.step(1 / FlatVectors.norm(parameters.gradients()), 0.01);
        }
        results[threads - 1] = parameters.values().toFloatVector();
      }
      assertThat(results[0]).isEqualTo(results[1]);
    } finally {
      Parallel.setThreads(before);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{type: adamw, lr: 0.05}",
        "{type: sgd, lr: 0.2}",
        "{type: nesterovs, lr: 0.05}",
        "{type: adam, lr: 0.05}",
        "{type: amsgrad, lr: 0.05}",
        "{type: adamax, lr: 0.05}",
        "{type: adagrad, lr: 0.5}",
        "{type: adadelta, lr: 30}",
        "{type: nadam, lr: 0.05}",
        "{type: rmsprop, lr: 0.02}",
        "{type: adabelief, lr: 0.05}"
      })
  void everyOptimizer_descendsAQuadraticAndRoundTrips(String yaml) {
    OptimizerConfig config = read(yaml);
    Parameters parameters = parameters(DataType.FLOAT);
    Optimizer optimizer = config.build(parameters);
    double before = FlatVectors.norm(parameters.values());
    for (int t = 0; t < 60; t++) {
      parameters.gradients().assign(parameters.values());
      optimizer.step(1, config.lr());
    }
    assertThat(FlatVectors.norm(parameters.values())).isLessThan(0.2 * before);
    String json = Configs.write(config);
    assertThat(read(json)).isEqualTo(config);
    assertThat(Configs.write(read(json))).isEqualTo(json);
  }

  @Test
  void weightDecay_isDecoupledAndExcludesBiasesForEveryUpdater() {
    Parameters parameters = parameters(DataType.DOUBLE);
    double[] before = parameters.values().toDoubleVector();
    Optimizer optimizer = read("{type: sgd, lr: 0.5, weightDecay: 0.1}").build(parameters);
    parameters.zeroGradients();
    optimizer.step(1, 0.5);
    for (int i = 0; i < before.length; i++) {
      before[i] *= i >= WEIGHTS && i < WEIGHTS + BIASES ? 1 : 0.95;
    }
    assertThat(largestDifference(parameters.values(), before)).isLessThan(DOUBLE_ROUNDING);
  }

  @Test
  void norm_survivesLargeGradients() {
    INDArray large = Nd4j.createFromArray(new float[] {3e25f, 4e25f});
    assertThat(FlatVectors.norm(large)).isCloseTo(5e25, within(5e18));
    assertThat(FlatVectors.norm(Nd4j.createFromArray(new float[] {1, Float.NaN}))).isNaN();
    assertThat(FlatVectors.norm(Nd4j.createFromArray(new float[] {1, Float.NEGATIVE_INFINITY})))
        .isInfinite();
  }

  @Test
  void read_refusesWhatMakesNoSense() {
    assertThatThrownBy(() -> read("{type: adamw}")).hasMessageContaining("adamw: lr must be given");
    assertThatThrownBy(() -> read("{type: adamw, lr: -1}"))
        .hasMessageContaining("adamw: lr must be at least 0 and finite, got -1.0");
    assertThatThrownBy(() -> read("{type: adamw, lr: 1, beta1: 1}"))
        .hasMessageContaining("adamw: beta1 must be in [0, 1), got 1.0");
    assertThatThrownBy(() -> read("{type: rmsprop, lr: 1, eps: 0}"))
        .hasMessageContaining("rmsprop: eps must be positive and finite, got 0.0");
    assertThatThrownBy(() -> read("{type: sgd, lr: 1, momentum: 0.9}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("momentum");
  }

  private static double largestDifference(INDArray actual, double[] expected) {
    double[] values = actual.toDoubleVector();
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(values[i] - expected[i]);
      largest = Math.max(largest, difference);
    }
    return largest;
  }

  private static OptimizerConfig read(String yaml) {
    return Configs.read("optimizer", yaml, OptimizerConfig.class);
  }

  private static Parameters parameters(DataType type) {
    Block block =
        declaration -> {
          declaration.weight("w", (shape, random) -> uniform(random, WEIGHTS), WEIGHTS);
          declaration.undecayed("b", (shape, random) -> uniform(random, BIASES), BIASES);
          declaration.weight("u", (shape, random) -> uniform(random, 5), 5);
        };
    return Parameters.of(block, type, 3);
  }

  private static double[] uniform(SplittableRandom random, int n) {
    return random.doubles(n, -1, 1).toArray();
  }

  /** Sets random gradients and returns them as the parameters' precision has them. */
  private static double[] gradients(Parameters parameters, long seed) {
    double[] g = uniform(new SplittableRandom(seed), (int) parameters.count());
    parameters.gradients().assign(Nd4j.createFromArray(g).castTo(parameters.type()));
    return parameters.gradients().toDoubleVector();
  }
}
