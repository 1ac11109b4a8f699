package io.sequencezoo.core.dynamics.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm.Kind;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork.Residual;
import io.sequencezoo.core.kernel.Unary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Memories by their rules: solvers, gradients, known rules at the limits, the oracle. */
@Tag("double")
class OptimiserMemoryRecurrenceTest {
  /** Sums in another order over a few dozen steps. */
  private static final double TOLERANCE = 1e-10;

  private static final int BATCH = 2;
  private static final int HEADS = 2;
  private static final int SIZE = 3;

  private static MemoryRule rule(
      MemoryNetwork network, AttentionalBias bias, Retention retention, Kind kind, int chunk) {
    return new MemoryRule(network, bias, retention, InnerAlgorithm.of(kind), chunk);
  }

  private static MemoryRule omega(MemoryNetwork network, Kind kind, int window, int chunk) {
    return new MemoryRule(
        network,
        new AttentionalBias.L2(),
        new Retention.Decay(),
        new InnerAlgorithm(kind, window),
        chunk);
  }

  static Stream<MemoryRule> rules() {
    MemoryNetwork linear = MemoryNetwork.linear();
    MemoryNetwork mlp = MemoryNetwork.mlp(2, 2);
    AttentionalBias l2 = new AttentionalBias.L2();
    Retention decay = new Retention.Decay();
    Retention none = new Retention.None();
    return Stream.of(
        rule(linear, new AttentionalBias.DotProduct(), decay, Kind.DESCENT, 1),
        rule(linear, l2, decay, Kind.MOMENTUM, 1),
        rule(linear, l2, decay, Kind.MOMENTUM, 4),
        rule(MemoryNetwork.vector(), l2, decay, Kind.MOMENTUM, 4),
        rule(linear.withBias().withResidual(Residual.RECALL), l2, none, Kind.MINI_BATCH, 4),
        rule(mlp.withBias().withResidual(Residual.INPUT), l2, none, Kind.MINI_BATCH, 3),
        rule(mlp.withResidual(Residual.INPUT), l2, decay, Kind.MOMENTUM, 4),
        rule(MemoryNetwork.mlp(3, 1), new AttentionalBias.Huber(), decay, Kind.DESCENT, 4),
        rule(linear, new AttentionalBias.Lp(1), decay, Kind.DESCENT, 2),
        rule(linear, new AttentionalBias.Divergence(), none, Kind.DESCENT, 2),
        rule(linear, new AttentionalBias.Robust(), new Retention.LocalGlobal(), Kind.DESCENT, 4),
        rule(mlp, new AttentionalBias.Lp(3), new Retention.Lq(4), Kind.DESCENT, 4),
        rule(linear, l2, new Retention.Lq(3), Kind.DESCENT, 4),
        rule(linear, l2, new Retention.Lq(4), Kind.MOMENTUM, 4),
        rule(MemoryNetwork.vector(), l2, new Retention.Lq(4), Kind.DESCENT, 4),
        rule(linear, l2, new Retention.Entropy(1, false), Kind.DESCENT, 4),
        rule(mlp, l2, new Retention.Entropy(2, true), Kind.MOMENTUM, 1),
        rule(linear, l2, new Retention.ElasticNet(), Kind.DESCENT, 4),
        rule(linear, l2, decay, Kind.ORTHOGONAL, 4),
        omega(linear, Kind.DESCENT, 3, 1),
        omega(mlp, Kind.MOMENTUM, 3, 4),
        omega(linear, Kind.ORTHOGONAL, 2, 4));
  }

  private static INDArray random(long seed, double low, double high, long... shape) {
    long n = 1;
    for (long size : shape) {
      n *= size;
    }
    double[] values = new SplittableRandom(seed).doubles(n, low, high).toArray();
    return Nd4j.createFromArray(values).reshape('c', shape);
  }

  /** Everything that any rule asks for. */
  private static Map<String, INDArray> drive(int steps) {
    Map<String, INDArray> drive = new LinkedHashMap<>();
    for (String name : List.of("q", "k", "v")) {
      drive.put(name, random(name.hashCode(), -1, 1, BATCH, steps, HEADS, SIZE));
    }
    drive.put("theta", random(1, 0.1, 0.5, BATCH, steps, HEADS));
    drive.put("alpha", random(2, 0.7, 1, BATCH, steps, HEADS));
    drive.put("lambda", random(3, 0, 0.3, BATCH, steps, HEADS));
    drive.put("tau", random(4, 0, 0.02, BATCH, steps, HEADS));
    drive.put("eta", random(5, 0.2, 0.8, BATCH, steps, HEADS));
    drive.put("rho", random(6, 0.2, 0.6, BATCH, steps, HEADS));
    drive.put("gamma", random(7, 0, 1, BATCH, steps, HEADS));
    drive.put("delta", random(8, 0.6, 1.4, BATCH, steps, HEADS));
    drive.put("norm_weight", random(9, 0.5, 1.5, HEADS, SIZE));
    drive.put("norm_bias", random(10, -0.5, 0.5, HEADS, SIZE));
    return drive;
  }

  private static Map<String, Variable> constants(Tape tape, Map<String, INDArray> drive) {
    Map<String, Variable> constants = new LinkedHashMap<>();
    drive.forEach((name, value) -> constants.put(name, tape.constant(value)));
    return constants;
  }

  /** Weights that no rule can divide by zero with. */
  private static State start(MemoryRule rule, Map<String, Variable> coefficients, int consumed) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    new OptimiserMemoryRecurrence(rule)
        .initialState(coefficients, DataType.DOUBLE)
        .parts()
        .forEach(
            (name, part) ->
                parts.put(
                    name,
                    Tape.detached()
                        .constant(random(name.hashCode() + 20, -0.8, 0.8, part.shape()))));
    int[] seen = new int[BATCH];
    for (int b = 0; b < BATCH; b++) {
      seen[b] = consumed + b;
    }
    return new State(parts, seen);
  }

  private static void assertSame(String what, Evolution actual, Evolution expected) {
    assertSame(what, actual.outputs().value(), expected.outputs().value());
    expected
        .state()
        .parts()
        .forEach(
            (name, part) ->
                assertSame(what + " " + name, actual.state().get(name).value(), part.value()));
  }

  private static void assertSame(String what, INDArray actual, INDArray expected) {
    double[] a = actual.dup('c').data().asDouble();
    double[] e = expected.dup('c').data().asDouble();
    assertThat(a).as(what).hasSameSizeAs(e);
    for (int i = 0; i < e.length; i++) {
      assertThat(a[i]).as("%s entry %s", what, i).isCloseTo(e[i], within(TOLERANCE));
    }
  }

  /** Whole sequences in both ways, ragged, from within a chunk, are the tokens one by one. */
  @ParameterizedTest
  @MethodSource("rules")
  void solvers_areTheStep(MemoryRule rule) {
    OptimiserMemoryRecurrence recurrence = new OptimiserMemoryRecurrence(rule);
    Tape tape = Tape.detached();
    int steps = 11;
    Map<String, INDArray> drive = drive(steps);
    Map<String, Variable> coefficients = constants(tape, drive);
    State start = start(rule, coefficients, 2);
    int[] lengths = {steps, 6};
    Evolution sequential = recurrence.evolve(tape, Solver.SEQUENTIAL, coefficients, start, lengths);
    Evolution chunked = recurrence.evolve(tape, Solver.CHUNKED, coefficients, start, lengths);
    assertSame("chunked", chunked, sequential);
    assertThat(chunked.state().consumed()).containsExactly(steps + 2, 6 + 3);
    State state = start;
    for (int t = 0; t < steps; t++) {
      Map<String, Variable> token = new LinkedHashMap<>();
      for (Map.Entry<String, INDArray> value : drive.entrySet()) {
        token.put(
            value.getKey(),
            tape.constant(
                value.getValue().rank() == 2
                    ? value.getValue()
                    : value
                        .getValue()
                        .get(NDArrayIndex.all(), NDArrayIndex.interval(t, t + 1))
                        .dup('c')));
      }
      Evolution step = recurrence.step(tape, token, state);
      state = step.state();
      assertSame(
          "step " + t,
          step.outputs().value().get(NDArrayIndex.point(0)),
          sequential.outputs().value().get(NDArrayIndex.point(0), NDArrayIndex.interval(t, t + 1)));
    }
    for (Map.Entry<String, Variable> part : state.parts().entrySet()) {
      assertSame(
          part.getKey(),
          part.getValue().value().get(NDArrayIndex.point(0)),
          sequential.state().get(part.getKey()).value().get(NDArrayIndex.point(0)));
    }
  }

  /** By everything, the inner gradient's own gradient included. */
  @ParameterizedTest
  @MethodSource("rules")
  void pullback_isTheDifferences(MemoryRule rule) {
    for (Solver solver : List.of(Solver.CHUNKED, Solver.SEQUENTIAL)) {
      OptimiserMemoryRecurrence recurrence = new OptimiserMemoryRecurrence(rule);
      Map<String, INDArray> drive = drive(6);
      State start = start(rule, constants(Tape.detached(), drive), 1);
      List<String> names = new ArrayList<>(drive.keySet());
      List<String> parts = new ArrayList<>(start.parts().keySet());
      GradientCheck check =
          GradientCheck.of(
                  (tape, in) -> {
                    Map<String, Variable> coefficients = new LinkedHashMap<>();
                    for (int i = 0; i < names.size(); i++) {
                      coefficients.put(names.get(i), in[i]);
                    }
                    Map<String, Variable> state = new LinkedHashMap<>();
                    for (int i = 0; i < parts.size(); i++) {
                      state.put(parts.get(i), in[names.size() + i]);
                    }
                    Evolution evolution =
                        recurrence.evolve(
                            tape,
                            solver,
                            coefficients,
                            new State(state, start.consumed()),
                            new int[] {6, 4});
                    List<Variable> outputs = new ArrayList<>();
                    outputs.add(evolution.outputs());
                    outputs.addAll(evolution.state().parts().values());
                    return outputs;
                  })
              .samples(4);
      drive.forEach(check::input);
      start.parts().forEach((name, part) -> check.input("state " + name, part.value()));
      check.run().assertPassed();
    }
  }

  @ParameterizedTest
  @MethodSource("rules")
  void linearisation_simulatesTheOutputs(MemoryRule rule) {
    OptimiserMemoryRecurrence recurrence = new OptimiserMemoryRecurrence(rule);
    Tape tape = Tape.detached();
    Map<String, Variable> coefficients = constants(tape, drive(5));
    State start = start(rule, coefficients, 2);
    INDArray y = recurrence.evolve(tape, Solver.AUTO, coefficients, start, null).outputs().value();
    LinearSystem system = recurrence.linearize(coefficients, start, 1, 1);
    double[][] simulated = system.simulate(system.inputs());
    for (int t = 0; t < 5; t++) {
      for (int i = 0; i < SIZE; i++) {
        assertThat(simulated[t][i]).isCloseTo(y.getDouble(1, t, 1, i), within(TOLERANCE));
      }
    }
  }

  /** Squared errors on a matrix are the delta rule, a dot product is linear attention. */
  @Test
  void matrixMemories_areTheMatrixState() {
    Tape tape = Tape.detached();
    Map<String, Variable> c = constants(tape, drive(37));
    for (boolean delta : new boolean[] {true, false}) {
      for (boolean gated : new boolean[] {true, false}) {
        MemoryRule rule =
            rule(
                MemoryNetwork.linear(),
                delta ? new AttentionalBias.L2() : new AttentionalBias.DotProduct(),
                gated && !delta ? new Retention.Decay() : new Retention.None(),
                Kind.DESCENT,
                1);
        Map<String, Variable> matrix = new LinkedHashMap<>();
        matrix.put("q", c.get("q"));
        matrix.put("k", c.get("k"));
        if (delta) {
          matrix.put("v", c.get("v"));
          matrix.put("beta", c.get("theta"));
        } else {
          Variable theta = Primitives.reshape(tape, c.get("theta"), BATCH, 37, HEADS, 1);
          matrix.put("v", Primitives.multiply(tape, c.get("v"), theta));
          if (gated) {
            matrix.put("g", Primitives.map(tape, Unary.LOG, c.get("alpha")));
          }
        }
        Evolution expected =
            (delta ? MatrixStateRecurrence.delta(1) : MatrixStateRecurrence.scaled(1))
                .evolve(tape, Solver.AUTO, matrix, null, null);
        Evolution actual =
            new OptimiserMemoryRecurrence(rule).evolve(tape, Solver.AUTO, c, null, null);
        String what = (delta ? "delta" : "sum") + (gated ? " gated" : "");
        assertSame(what, actual.outputs().value(), expected.outputs().value());
        assertSame(what, actual.state().get("W").value(), expected.state().get("S").value());
      }
    }
  }

  /** Each choice at its limit is a simpler one. */
  @Test
  void limits_areKnownRules() {
    MemoryNetwork mlp = MemoryNetwork.mlp(2, 2);
    AttentionalBias l2 = new AttentionalBias.L2();
    Retention decay = new Retention.Decay();
    Evolution known = evolve(rule(mlp, l2, decay, Kind.DESCENT, 4), Map.of());
    assertSame(
        "Huber of a wide threshold",
        evolve(
            rule(mlp, new AttentionalBias.Huber(), decay, Kind.DESCENT, 4), Map.of("delta", 1e9)),
        known);
    assertSame(
        "robust to nothing",
        evolve(
            rule(mlp, new AttentionalBias.Robust(), decay, Kind.DESCENT, 4), Map.of("delta", 0.0)),
        known);
    assertSame(
        "l2 as FTRL", evolve(rule(mlp, l2, new Retention.Lq(2), Kind.DESCENT, 4), Map.of()), known);
    assertSame(
        "elastic net without l1",
        evolve(rule(mlp, l2, new Retention.ElasticNet(), Kind.DESCENT, 4), Map.of("tau", 0.0)),
        known);
    Evolution unforgetting = evolve(rule(mlp, l2, new Retention.None(), Kind.DESCENT, 4), Map.of());
    assertSame(
        "local l2 without global",
        evolve(rule(mlp, l2, new Retention.LocalGlobal(), Kind.DESCENT, 4), Map.of("lambda", 0.0)),
        unforgetting);
    assertSame(
        "decay of 1",
        evolve(rule(mlp, l2, decay, Kind.DESCENT, 4), Map.of("alpha", 1.0)),
        unforgetting);
    Evolution heavy = evolve(rule(mlp, l2, decay, Kind.MOMENTUM, 4), Map.of("eta", 0.0));
    assertSame("momentum of 0", heavy.outputs().value(), known.outputs().value());
    Evolution one =
        evolve(
            new MemoryRule(mlp, l2, decay, new InnerAlgorithm(Kind.DESCENT, 3), 1),
            Map.of("gamma", 1.0, "alpha", 0.0, "theta", 0.0));
    assertThat(one.outputs().value().amaxNumber().doubleValue()).isZero();
  }

  private static Evolution evolve(MemoryRule rule, Map<String, Double> replaced) {
    Tape tape = Tape.detached();
    Map<String, INDArray> drive = drive(9);
    replaced.forEach((name, value) -> drive.put(name, drive.get(name).mul(0).add(value)));
    Map<String, Variable> coefficients = constants(tape, drive);
    return new OptimiserMemoryRecurrence(rule)
        .evolve(tape, Solver.AUTO, coefficients, start(rule, coefficients, 0), null);
  }

  /** Singular values of an orthogonalised step are near one. */
  @Test
  void orthogonalSteps_haveSingularValuesNearOne() {
    MemoryRule rule =
        rule(
            MemoryNetwork.linear(),
            new AttentionalBias.L2(),
            new Retention.None(),
            Kind.ORTHOGONAL,
            1);
    Tape tape = Tape.detached();
    Map<String, INDArray> drive = drive(1);
    drive.put("theta", drive.get("theta").mul(0).add(1));
    drive.put("eta", drive.get("eta").mul(0).add(1));
    Map<String, Variable> coefficients = constants(tape, drive);
    State start = start(rule, coefficients, 0);
    Evolution evolution =
        new OptimiserMemoryRecurrence(rule).evolve(tape, Solver.AUTO, coefficients, start, null);
    INDArray step =
        evolution.state().get("W").value().sub(start.get("W").value()).get(NDArrayIndex.point(0));
    double[][] m = new double[SIZE][SIZE];
    for (int i = 0; i < SIZE; i++) {
      for (int j = 0; j < SIZE; j++) {
        m[i][j] = step.getDouble(0, i, j);
      }
    }
    double square = 0;
    for (double[] row : m) {
      for (double x : row) {
        square += x * x;
      }
    }
    // Three singular values between about 0.7 and 1.2.
    assertThat(Math.sqrt(square / SIZE)).isBetween(0.6, 1.25);
  }

  static Stream<MemoryRule> transcribed() {
    MemoryNetwork linear = MemoryNetwork.linear();
    MemoryNetwork mlp = MemoryNetwork.mlp(2, 2);
    AttentionalBias l2 = new AttentionalBias.L2();
    Retention decay = new Retention.Decay();
    return Stream.of(
        rule(linear, l2, decay, Kind.MOMENTUM, 1),
        rule(mlp, l2, decay, Kind.MOMENTUM, 1),
        rule(mlp.withResidual(Residual.INPUT), l2, decay, Kind.MOMENTUM, 4),
        rule(mlp, new AttentionalBias.Huber(), decay, Kind.DESCENT, 1),
        rule(mlp, new AttentionalBias.Lp(3), decay, Kind.DESCENT, 4),
        rule(mlp, new AttentionalBias.Divergence(), decay, Kind.DESCENT, 1),
        rule(mlp.withResidual(Residual.INPUT), l2, new Retention.None(), Kind.MINI_BATCH, 4),
        omega(mlp, Kind.MOMENTUM, 3, 4),
        omega(mlp, Kind.DESCENT, 5, 2));
  }

  @ParameterizedTest
  @MethodSource("transcribed")
  void evolve_isTheOracle(MemoryRule rule) {
    int steps = 11;
    Map<String, INDArray> drive = drive(steps);
    Tape tape = Tape.detached();
    Map<String, Variable> coefficients = constants(tape, drive);
    OptimiserMemoryRecurrence recurrence = new OptimiserMemoryRecurrence(rule);
    Map<String, Variable> parts =
        new LinkedHashMap<>(recurrence.initialState(coefficients, DataType.DOUBLE).parts());
    State random = start(rule, coefficients, 0);
    for (MemoryNetwork.Part part : rule.network().parts(SIZE, SIZE)) {
      parts.put(part.name(), random.get(part.name()));
      parts.computeIfPresent("base_" + part.name(), (n, old) -> random.get(part.name()));
    }
    State start = new State(parts, new int[BATCH]);
    INDArray y = recurrence.evolve(tape, Solver.AUTO, coefficients, start, null).outputs().value();
    for (int b = 0; b < BATCH; b++) {
      for (int h = 0; h < HEADS; h++) {
        double[][] expected = oracle(rule, drive, start, b, h).run();
        for (int t = 0; t < steps; t++) {
          for (int i = 0; i < SIZE; i++) {
            assertThat(y.getDouble(b, t, h, i))
                .as("row %s head %s t=%s", b, h, t)
                .isCloseTo(expected[t][i], within(TOLERANCE));
          }
        }
      }
    }
  }

  private static MemoryOracle oracle(
      MemoryRule rule, Map<String, INDArray> drive, State start, int b, int h) {
    MemoryOracle.Drive c = new MemoryOracle.Drive();
    c.q = rows(drive.get("q"), b, h);
    c.k = rows(drive.get("k"), b, h);
    c.v = rows(drive.get("v"), b, h);
    c.theta = numbers(drive.get("theta"), b, h);
    boolean miniBatch = rule.algorithm().kind() == Kind.MINI_BATCH;
    c.alpha = rule.retention().decays() ? numbers(drive.get("alpha"), b, h) : null;
    c.eta = rule.algorithm().kind() == Kind.MOMENTUM ? numbers(drive.get("eta"), b, h) : null;
    c.gamma = rule.algorithm().window() > 1 ? numbers(drive.get("gamma"), b, h) : null;
    c.delta = rule.bias().hasThreshold() ? numbers(drive.get("delta"), b, h) : null;
    c.rho = miniBatch ? numbers(drive.get("rho"), b, h) : null;
    if (rule.network().normalises()) {
      c.gain = drive.get("norm_weight").getRow(h).toDoubleVector();
      c.offset = drive.get("norm_bias").getRow(h).toDoubleVector();
    }
    List<MemoryNetwork.Part> parts = rule.network().parts(SIZE, SIZE);
    double[][][] weights = new double[parts.size()][][];
    for (int p = 0; p < weights.length; p++) {
      INDArray value = start.get(parts.get(p).name()).value();
      weights[p] = new double[parts.get(p).in()][parts.get(p).out()];
      for (int i = 0; i < weights[p].length; i++) {
        for (int j = 0; j < weights[p][i].length; j++) {
          weights[p][i][j] = value.getDouble(b, h, i, j);
        }
      }
    }
    return new MemoryOracle(
        c, weights, slope(rule.bias()), rule.chunk(), rule.algorithm().window(), miniBatch);
  }

  private static MemoryOracle.Slope slope(AttentionalBias bias) {
    return (z, v, threshold) -> {
      double[] d = new double[z.length];
      double length = 0;
      double sumZ = 0;
      double sumV = 0;
      for (int i = 0; i < z.length; i++) {
        length += (z[i] - v[i]) * (z[i] - v[i]);
        sumZ += Math.exp(z[i]);
        sumV += Math.exp(v[i]);
      }
      for (int i = 0; i < z.length; i++) {
        double e = z[i] - v[i];
        if (bias instanceof AttentionalBias.Lp) {
          d[i] = 3 * Math.tanh(10 * e) * (e * e + 1e-6);
        } else if (bias instanceof AttentionalBias.Huber && Math.sqrt(length) > threshold) {
          d[i] = threshold * Math.tanh(10 * e);
        } else if (bias instanceof AttentionalBias.Divergence) {
          d[i] = Math.exp(z[i]) / sumZ - Math.exp(v[i]) / sumV;
        } else {
          d[i] = e;
        }
      }
      return d;
    };
  }

  private static double[][] rows(INDArray x, int b, int h) {
    double[][] rows = new double[(int) x.size(1)][(int) x.size(3)];
    for (int t = 0; t < rows.length; t++) {
      for (int i = 0; i < rows[t].length; i++) {
        rows[t][i] = x.getDouble(b, t, h, i);
      }
    }
    return rows;
  }

  private static double[] numbers(INDArray x, int b, int h) {
    double[] numbers = new double[(int) x.size(1)];
    for (int t = 0; t < numbers.length; t++) {
      numbers[t] = x.getDouble(b, t, h);
    }
    return numbers;
  }

  @Test
  void rules_refuseWhatDoesNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AttentionalBias.Lp(0.5))
        .withMessage(
            "lp: exponent p must be at least 1, got 0.5; use 1 for absolute errors, 2 for squares");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Retention.Lq(1))
        .withMessage("lq: exponent q must be at least 2, got 1.0; use 2 or 4");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                rule(
                    MemoryNetwork.linear(),
                    new AttentionalBias.L2(),
                    new Retention.None(),
                    Kind.DESCENT,
                    0))
        .withMessage("memory: chunk must be between 1 and 1024, got 0");
    Tape tape = Tape.detached();
    MemoryRule rule =
        rule(
            MemoryNetwork.linear(),
            new AttentionalBias.L2(),
            new Retention.Decay(),
            Kind.DESCENT,
            1);
    Map<String, Variable> coefficients = constants(tape, drive(2));
    coefficients.remove("alpha");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new OptimiserMemoryRecurrence(rule)
                    .evolve(tape, Solver.AUTO, coefficients, null, null))
        .withMessageContaining("add alpha");
  }
}
