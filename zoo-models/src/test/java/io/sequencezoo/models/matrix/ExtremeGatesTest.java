package io.sequencezoo.models.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.op.SsdInputs;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Long sequences in float whose gates jump between forgetting everything and forgetting nothing,
 * against a recurrence in double, step by step.
 */
class ExtremeGatesTest {
  private static final int STEPS = 16384;
  private static final int KEYS = 4;
  private static final int VALUES = 3;

  /** Of the largest entry: float sums of up to 16384 terms, errors partly cancelling. */
  private static final double FLOAT = 1e-4;

  /** Runs of this many tokens share a gate, so that nothing is forgotten for a thousand tokens. */
  private static final int RUN = 1024;

  private final Map<String, double[]> given = new TreeMap<>();
  private final Map<String, Variable> leaves = new TreeMap<>();
  private final Tape tape = Tape.detached();

  /** A leaf of random numbers in (-1, 1), or of what is given. */
  private Variable leaf(String name, double[] values, long... shape) {
    given.put(name, values);
    INDArray array = Nd4j.createFromArray(values).castTo(DataType.FLOAT).reshape('c', shape);
    leaves.put(name, tape.variable(array));
    return leaves.get(name);
  }

  private static double[] random(long seed, int last) {
    return new SplittableRandom(seed).doubles((long) STEPS * last, -1, 1).toArray();
  }

  /** Ordinary numbers in the first run, then low, high and single lows among highs in turn. */
  private static double[] gates(int last, double low, double high) {
    double[] gates = random(9, last);
    for (int t = RUN; t < STEPS; t++) {
      int run = t / RUN % 3;
      boolean jump = run == 1 || (run == 2 && t % 97 == 0);
      Arrays.fill(gates, t * last, (t + 1) * last, jump ? low : high);
    }
    return gates;
  }

  /** {@code S = diag(decay) S + k vᵀ}, {@code o = Sᵀ q}, in double; rows of decay and k. */
  private double[] oracle(double[] q, double[][] decay, double[][] k, double[] v, int values) {
    int keys = k[0].length;
    double[][] s = new double[keys][values];
    double[] o = new double[STEPS * values];
    for (int t = 0; t < STEPS; t++) {
      for (int d = 0; d < keys; d++) {
        for (int e = 0; e < values; e++) {
          s[d][e] = decay[t][d] * s[d][e] + k[t][d] * v[t * values + e];
          o[t * values + e] += q[t * keys + d] * s[d][e];
        }
      }
    }
    return o;
  }

  private static double[] rounded(double[] x) {
    return Arrays.stream(x).map(value -> (float) value).toArray();
  }

  private void assertAgrees(Variable outputs, double[] expected) {
    double[] actual = outputs.value().castTo(DataType.DOUBLE).ravel().toDoubleVector();
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(actual).containsExactly(expected, within(FLOAT * largest));
    tape.backward(List.of(outputs), List.of(Nd4j.ones(DataType.FLOAT, outputs.shape())));
    leaves.forEach((name, leaf) -> assertFinite("gradient of " + name, leaf.gradient()));
  }

  private static void assertFinite(String what, INDArray array) {
    double[] values = array.castTo(DataType.DOUBLE).ravel().toDoubleVector();
    assertThat(Arrays.stream(values).allMatch(Double::isFinite)).as(what).isTrue();
  }

  @Test
  void retention_holdsForLongSequences() {
    Variable q = leaf("q", rounded(random(1, KEYS)), 1, STEPS, 1, KEYS);
    Variable k = leaf("k", rounded(random(2, KEYS)), 1, STEPS, 1, KEYS);
    Variable v = leaf("v", rounded(random(3, VALUES)), 1, STEPS, 1, VALUES);
    double[][] decay = new double[STEPS][KEYS];
    double[][] keys = new double[STEPS][];
    for (int t = 0; t < STEPS; t++) {
      Arrays.fill(decay[t], 1 - 1.0 / 32);
      keys[t] = Arrays.copyOfRange(given.get("k"), t * KEYS, (t + 1) * KEYS);
    }
    assertAgrees(
        LinearOperators.retention(tape, Solver.CHUNKED, q, k, v, null, 1).outputs(),
        oracle(given.get("q"), decay, keys, given.get("v"), VALUES));
  }

  @Test
  void hgrn2_forgetsAllOrNothing() {
    Variable q = leaf("q", rounded(random(1, KEYS)), 1, STEPS, 1, KEYS);
    Variable f = leaf("f", rounded(gates(KEYS, -200, 200)), 1, STEPS, 1, KEYS);
    Variable v = leaf("v", rounded(random(3, VALUES)), 1, STEPS, 1, VALUES);
    double[][] decay = new double[STEPS][KEYS];
    double[][] keys = new double[STEPS][KEYS];
    for (int t = 0; t < STEPS; t++) {
      for (int d = 0; d < KEYS; d++) {
        double logit = given.get("f")[t * KEYS + d];
        decay[t][d] = 1 / (1 + Math.exp(-logit));
        keys[t][d] = 1 / (1 + Math.exp(logit));
      }
    }
    assertAgrees(
        LinearOperators.hgrn2(tape, Solver.CHUNKED, q, f, v, null, null, 1).outputs(),
        oracle(given.get("q"), decay, keys, given.get("v"), VALUES));
  }

  @Test
  void lightnet_takesLogitsThatOutweighAllBefore() {
    double[] logits = random(4, KEYS);
    for (int t = 0; t < STEPS; t++) {
      // A logit above all before, then a thousand that it leaves nothing to.
      Arrays.fill(logits, t * KEYS, t * KEYS + 2, t % RUN == 0 ? 100.0 * t / RUN : -50);
    }
    Variable q = leaf("q", rounded(random(1, KEYS)), 1, STEPS, 1, KEYS);
    Variable k = leaf("k", rounded(logits), 1, STEPS, 1, KEYS);
    Variable v = leaf("v", rounded(random(3, VALUES)), 1, STEPS, 1, VALUES);
    double[][] decay = new double[STEPS][KEYS];
    double[][] keys = new double[STEPS][KEYS];
    double[] z = new double[KEYS];
    Arrays.fill(z, Double.NEGATIVE_INFINITY);
    for (int t = 0; t < STEPS; t++) {
      for (int d = 0; d < KEYS; d++) {
        double logit = given.get("k")[t * KEYS + d];
        double most = Math.max(z[d], logit);
        double next = most + Math.log(Math.exp(z[d] - most) + Math.exp(logit - most));
        decay[t][d] = Math.exp(z[d] - next);
        keys[t][d] = Math.exp(logit - next);
        z[d] = next;
      }
    }
    assertAgrees(
        LinearOperators.lightnet(tape, Solver.CHUNKED, q, k, v, null, 1).outputs(),
        oracle(given.get("q"), decay, keys, given.get("v"), VALUES));
  }

  @Test
  void mamba2_stepsFromZeroToBeyondForgetting() {
    double[] steps = gates(1, 1000, 0);
    for (int t = 0; t < RUN; t++) {
      steps[t] = Math.abs(steps[t]) / 8;
    }
    double[] x = random(3, VALUES);
    for (int t = 0; t < STEPS; t++) {
      for (int e = 0; e < VALUES && steps[t] > 1; e++) {
        x[t * VALUES + e] /= 1000;
      }
    }
    Variable c = leaf("q", rounded(random(1, KEYS)), 1, STEPS, 1, KEYS);
    Variable b = leaf("b", rounded(random(2, KEYS)), 1, STEPS, 1, KEYS);
    Variable u = leaf("v", rounded(x), 1, STEPS, 1, VALUES);
    Variable raw = leaf("raw", rounded(beforeSoftplus(steps)), 1, STEPS, 1);
    Variable rate = leaf("rate", new double[] {Math.log(16)}, 1);
    double[][] decay = new double[STEPS][KEYS];
    double[][] keys = new double[STEPS][KEYS];
    for (int t = 0; t < STEPS; t++) {
      double length = softplus(given.get("raw")[t]);
      Arrays.fill(decay[t], Math.exp(-16 * length));
      for (int d = 0; d < KEYS; d++) {
        keys[t][d] = length * given.get("b")[t * KEYS + d];
      }
    }
    assertAgrees(
        LinearOperators.ssd(
                tape,
                Solver.CHUNKED,
                Primitives.concat(tape, 2, flat(u), flat(b), flat(c)),
                raw,
                tape.constant(tape.zeros(u.type(), 1)),
                rate,
                new SsdInputs.Shape(1, VALUES, 1, KEYS, 0, Double.POSITIVE_INFINITY),
                null,
                null)
            .outputs(),
        oracle(given.get("q"), decay, keys, given.get("v"), VALUES));
  }

  /** Steps of zero come from logits whose exponential is zero. */
  private static double[] beforeSoftplus(double[] steps) {
    return Arrays.stream(steps)
        .map(step -> step == 0 ? -1000 : step + Math.log(-Math.expm1(-step)))
        .toArray();
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  private Variable flat(Variable x) {
    return Primitives.reshape(tape, x, 1, STEPS, x.size(3));
  }

  static Stream<MixerConfig> layers() {
    return Stream.of(
        new RetNetConfig(1, 1.0, 1.0, true, 10000, 0, GateActivation.SILU, true),
        new Hgrn2Config(1, 1, 0.2, Hgrn2Config.Bounds.CONSTANT, 0, GateActivation.NONE, true),
        new Hgrn2Config(1, 1, 1, Hgrn2Config.Bounds.RISING, 0, GateActivation.NONE, true),
        Configs.with(LightNetConfig.standard(), Map.of("heads", 1, "gateLowRank", 2)),
        Configs.with(
            LightNetConfig.standard(), Map.of("heads", 1, "gateLowRank", 2, "bidirectional", true)),
        Configs.with(Mamba2Config.standard(), "stateSize", 4));
  }

  /** Weights so large that gates saturate both ways and softplus is linear. */
  @ParameterizedTest
  @MethodSource("layers")
  void layersWithSaturatedGates_stayFinite(MixerConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(4));
    Parameters parameters = Parameters.of(mixer, DataType.FLOAT, 3);
    SplittableRandom random = new SplittableRandom(5);
    for (long i = 0; i < parameters.values().length(); i++) {
      parameters.values().putScalar(i, random.nextDouble(-100, 100));
    }
    if (config instanceof Mamba2Config) {
      parameters.value("log_rate").assign(2);
    }
    Variable x =
        tape.variable(
            Nd4j.createFromArray(random(7, 4)).castTo(DataType.FLOAT).reshape(1, STEPS, 4));
    Variable y = mixer.forward(Context.training(tape, parameters, 1), x, null).outputs();
    assertFinite("outputs", y.value());
    tape.backward(List.of(y), List.of(Nd4j.ones(DataType.FLOAT, y.shape())));
    assertFinite("gradient of x", x.gradient());
    for (ParameterSpec spec : parameters.specs()) {
      assertFinite("gradient of " + spec.name(), parameters.gradient(spec.name()));
    }
  }
}
