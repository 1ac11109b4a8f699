package io.sequencezoo.core.dynamics.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Poison;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class MatrixStateRecurrenceTest {
  /** Reordered sums of doubles. */
  private static final double DOUBLE = 1e-10;

  /** The float tolerance of the library's laws. */
  private static final double FLOAT = 1e-4;

  /** Central differences with step 1e-5 in double. */
  private static final double DIFFERENCES = 1e-7;

  private static final String[] NAMES = {"q", "k", "v", "g", "S", "z", "beta", "a", "b", "gv"};

  static List<MatrixStateOracle> cases() {
    List<MatrixStateOracle> cases = new ArrayList<>();
    int[] lengths = {1, 2, 15, 16, 17, 63, 64, 65, 130};
    String[] decays = {"none", "head", "channel"};
    for (int i = 0; i < lengths.length; i++) {
      for (String decay : decays) {
        boolean normalised = (i + decay.length()) % 3 == 0;
        int batch = 1 + i % 2;
        cases.add(
            new MatrixStateOracle(batch, lengths[i], 2, 3 + i % 4, 5, decay, normalised, .1, i));
      }
    }
    MatrixStateOracle padded = new MatrixStateOracle(3, 70, 2, 4, 3, "channel", true, 1, 5);
    padded.lengths = new int[] {70, 0, 33};
    cases.add(padded);
    MatrixStateOracle steep = new MatrixStateOracle(1, 100, 2, 4, 3, "channel", false, 8, 6);
    cases.add(steep);
    MatrixStateOracle mixed = new MatrixStateOracle(1, 90, 1, 4, 3, "channel", false, .05, 7);
    for (int t = 5; t < 90; t += 11) {
      mixed.g[t * 4 + t % 4] = -500;
    }
    cases.add(mixed);
    cases.add(new MatrixStateOracle(1, 40, 1, 4, 3, "head", false, 400, 8));
    for (int i = 0; i < lengths.length; i++) {
      for (String decay : decays) {
        int batch = 1 + i % 2;
        int keys = 3 + i % 4;
        cases.add(
            new MatrixStateOracle(batch, lengths[i], 2, keys, 5, decay, false, .1, i).delta(1));
        cases.add(
            new MatrixStateOracle(batch, lengths[i], 2, keys, 5, decay, false, .1, i).lowRank());
      }
    }
    cases.addAll(extremes());
    cases.addAll(fading(lengths));
    cases.add(new MatrixStateOracle(2, 70, 6, 4, 3, "head", false, .1, 9).grouped(2));
    cases.add(new MatrixStateOracle(2, 17, 3, 4, 3, "channel", true, .1, 10).grouped(1));
    // One group of one row, whose heads the backward pass cuts into uneven slices.
    cases.add(new MatrixStateOracle(1, 70, 7, 4, 3, "channel", true, .1, 25).grouped(1));
    cases.add(new MatrixStateOracle(1, 37, 7, 4, 3, "channel", false, .1, 26).grouped(1).lowRank());
    return cases;
  }

  /** Decays of value channels: all lengths, steep ones, groups and padding. */
  private static List<MatrixStateOracle> fading(int[] lengths) {
    List<MatrixStateOracle> cases = new ArrayList<>();
    for (int i = 0; i < lengths.length; i++) {
      cases.add(new MatrixStateOracle(1 + i % 2, lengths[i], 2, 3, 5, "value", false, .1, i));
    }
    for (double gate : new double[] {8, 400}) {
      cases.add(new MatrixStateOracle(1, 100, 2, 4, 3, "value", false, gate, 31));
    }
    cases.add(new MatrixStateOracle(2, 37, 4, 4, 3, "value", false, .1, 32).grouped(2));
    MatrixStateOracle padded = new MatrixStateOracle(3, 70, 2, 4, 3, "value", false, .05, 33);
    padded.lengths = new int[] {70, 0, 33};
    for (int t = 5; t < 70; t += 11) {
      padded.gv[t * 6 + t % 6] = t % 2 == 0 ? -500 : Double.NEGATIVE_INFINITY;
    }
    cases.add(padded);
    return cases;
  }

  /** Groups, several writes, padding and steep gates, for updates that correct the state. */
  private static List<MatrixStateOracle> extremes() {
    List<MatrixStateOracle> cases = new ArrayList<>();
    cases.add(new MatrixStateOracle(2, 37, 4, 4, 3, "channel", false, .1, 20).grouped(2).delta(1));
    cases.add(new MatrixStateOracle(2, 37, 4, 4, 3, "head", false, .1, 21).grouped(1).delta(3));
    cases.add(new MatrixStateOracle(1, 65, 2, 4, 3, "none", false, 0, 22).delta(2));
    cases.add(new MatrixStateOracle(1, 40, 2, 4, 3, "channel", false, .3, 23).delta(5));
    cases.add(new MatrixStateOracle(2, 37, 4, 4, 3, "channel", false, .1, 24).grouped(2).lowRank());
    for (String decay : new String[] {"head", "channel"}) {
      for (double gate : new double[] {8, 400}) {
        cases.add(new MatrixStateOracle(1, 70, 2, 4, 3, decay, false, gate, 25).delta(1));
        cases.add(new MatrixStateOracle(1, 70, 2, 4, 3, decay, false, gate, 26).lowRank());
      }
    }
    for (int form = 0; form < 2; form++) {
      MatrixStateOracle c = new MatrixStateOracle(3, 70, 2, 4, 3, "channel", false, .05, 27);
      c = form == 0 ? c.delta(2) : c.lowRank();
      c.lengths = new int[] {70, 0, 33};
      for (int t = 5; t < 70; t += 11) {
        c.g[t * 8 + t % 8] = form == 0 ? -500 : Double.NEGATIVE_INFINITY;
      }
      cases.add(c);
    }
    return cases;
  }

  /** Everything that a run gives, by name, widened. */
  private static Map<String, double[]> run(MatrixStateOracle c, Solver solver, DataType type) {
    try (Tape tape = Tape.training()) {
      Map<String, Variable> leaves = leaves(tape, c, type);
      Evolution evolution =
          recurrence(c).evolve(tape, solver, coefficients(leaves), state(c, leaves), c.lengths);
      Map<String, double[]> out = results(evolution);
      List<Variable> outputs = new ArrayList<>(List.of(evolution.outputs()));
      List<INDArray> cotangents =
          new ArrayList<>(List.of(array(c.outputCotangent, type, evolution.outputs().shape())));
      outputs.add(evolution.state().get("S"));
      cotangents.add(array(c.stateCotangent, type, outputs.get(1).shape()));
      if (c.normalised) {
        outputs.add(evolution.state().get("z"));
        cotangents.add(array(c.normaliserCotangent, type, outputs.get(2).shape()));
      }
      tape.backward(outputs, cotangents);
      leaves.forEach((name, leaf) -> out.put("d" + name, doubles(leaf.gradient())));
      return out;
    }
  }

  private static Map<String, double[]> results(Evolution evolution) {
    Map<String, double[]> out = new LinkedHashMap<>();
    out.put("o", doubles(evolution.outputs().value()));
    evolution.state().parts().forEach((name, part) -> out.put(name, doubles(part.value())));
    return out;
  }

  private static MatrixStateRecurrence recurrence(MatrixStateOracle c) {
    if (c.beta != null) {
      return MatrixStateRecurrence.delta(c.scale);
    }
    if (c.a != null) {
      return MatrixStateRecurrence.lowRank(c.scale);
    }
    return c.normalised
        ? MatrixStateRecurrence.normalised(c.scale, c.eps)
        : MatrixStateRecurrence.scaled(c.scale);
  }

  private static double[][] data(MatrixStateOracle c) {
    return new double[][] {c.q, c.k, c.v, c.g, c.s, c.z, c.beta, c.a, c.b, c.gv};
  }

  private static Map<String, Variable> leaves(Tape tape, MatrixStateOracle c, DataType type) {
    int n = c.writes;
    long[] heads = {c.batch, c.steps, c.heads};
    long[] channels = {c.batch, c.steps, c.heads, c.keys};
    long[] queries = {c.batch, c.steps, c.groups, c.keys};
    long[][] shapes = {
      queries,
      n == 1 ? queries : new long[] {c.batch, c.steps, n, c.groups, c.keys},
      n == 1
          ? new long[] {c.batch, c.steps, c.heads, c.values}
          : new long[] {c.batch, c.steps, n, c.heads, c.values},
      c.g != null && c.g.length == c.batch * c.steps * c.heads ? heads : channels,
      {c.batch, c.heads, c.keys, c.values},
      {c.batch, c.heads, c.keys},
      n == 1 ? heads : new long[] {c.batch, c.steps, n, c.heads},
      queries,
      queries,
      {c.batch, c.steps, c.heads, c.values}
    };
    Map<String, Variable> leaves = new LinkedHashMap<>();
    for (int i = 0; i < NAMES.length; i++) {
      if (data(c)[i] != null) {
        leaves.put(NAMES[i], tape.variable(array(data(c)[i], type, shapes[i])));
      }
    }
    return leaves;
  }

  private static Map<String, Variable> coefficients(Map<String, Variable> leaves) {
    Map<String, Variable> coefficients = new LinkedHashMap<>(leaves);
    coefficients.remove("S");
    coefficients.remove("z");
    return coefficients;
  }

  private static State state(MatrixStateOracle c, Map<String, Variable> leaves) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put("S", leaves.get("S"));
    if (c.normalised) {
      parts.put("z", leaves.get("z"));
    }
    return new State(parts, new int[c.batch]);
  }

  private static INDArray array(double[] data, DataType type, long... shape) {
    return Nd4j.createFromArray(data).castTo(type).reshape('c', shape);
  }

  private static double[] doubles(INDArray array) {
    return array.castTo(DataType.DOUBLE).ravel().toDoubleVector();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void solvers_giveTheOraclesOutputsAndStates(MatrixStateOracle c) {
    MatrixStateOracle.Result expected = c.run();
    for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.CHUNKED}) {
      for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
        Map<String, double[]> actual = run(c, solver, type);
        double tolerance = type == DataType.DOUBLE ? DOUBLE : FLOAT;
        assertClose(solver + " o", actual.get("o"), expected.o(), tolerance);
        assertClose(solver + " S", actual.get("S"), expected.s(), tolerance);
        if (c.normalised) {
          assertClose(solver + " z", actual.get("z"), expected.z(), tolerance);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradients_areCentralDifferences(MatrixStateOracle c) {
    Map<String, double[]> actual = run(c, Solver.SEQUENTIAL, DataType.DOUBLE);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < NAMES.length; i++) {
      double[] input = data(c)[i];
      if (input == null) {
        continue;
      }
      double[] gradient = actual.get("d" + NAMES[i]);
      double[] direction = random.doubles(input.length, -1, 1).toArray();
      double size = Math.sqrt(MatrixStateOracle.dot(gradient, gradient)) + 1e-6;
      assertThat(MatrixStateOracle.dot(gradient, direction) / size)
          .as(NAMES[i])
          .isCloseTo(c.slope(input, direction) / size, within(DIFFERENCES * 100));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void chunkedGradients_areSequentialOnes(MatrixStateOracle c) {
    Map<String, double[]> expected = run(c, Solver.SEQUENTIAL, DataType.DOUBLE);
    for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
      double tolerance = type == DataType.DOUBLE ? DOUBLE : FLOAT;
      Map<String, double[]> chunked = run(c, Solver.CHUNKED, type);
      Map<String, double[]> sequential = run(c, Solver.SEQUENTIAL, type);
      expected.forEach(
          (name, values) -> {
            assertClose("chunked " + name, chunked.get(name), values, tolerance);
            assertClose("sequential " + name, sequential.get(name), values, tolerance);
          });
    }
  }

  private static void assertClose(String what, double[] actual, double[] expected, double bound) {
    assertThat(MatrixStateOracle.error(actual, expected)).as(what).isLessThan(bound);
  }

  @Test
  void steps_foldToTheSequence() {
    for (MatrixStateOracle c : recurrent()) {
      MatrixStateOracle.Result expected = c.run();
      try (Tape tape = Tape.inference()) {
        Map<String, Variable> leaves = leaves(tape, c, DataType.DOUBLE);
        State state = state(c, leaves);
        List<INDArray> outputs = new ArrayList<>();
        for (int t = 0; t < c.steps; t++) {
          Evolution evolution = recurrence(c).step(tape, at(tape, leaves, t), state);
          outputs.add(evolution.outputs().value());
          state = evolution.state();
        }
        INDArray all = Nd4j.concat(1, outputs.toArray(INDArray[]::new));
        assertClose("o", doubles(all), expected.o(), DOUBLE);
        assertClose("S", doubles(state.get("S").value()), expected.s(), DOUBLE);
        if (c.normalised) {
          assertClose("z", doubles(state.get("z").value()), expected.z(), DOUBLE);
        }
        assertThat(state.consumed()).containsExactly(20, 20);
      }
    }
  }

  /** Every decay and every update, for two rows of 20 tokens. */
  private static List<MatrixStateOracle> recurrent() {
    List<MatrixStateOracle> cases = new ArrayList<>();
    cases.add(new MatrixStateOracle(2, 20, 2, 4, 3, "value", false, .3, 15));
    for (String decay : new String[] {"none", "head", "channel"}) {
      cases.add(new MatrixStateOracle(2, 20, 2, 4, 3, decay, false, .3, 11));
      cases.add(new MatrixStateOracle(2, 20, 2, 4, 3, decay, true, .3, 11));
      cases.add(new MatrixStateOracle(2, 20, 4, 4, 3, decay, false, .3, 12).grouped(2).delta(1));
      cases.add(new MatrixStateOracle(2, 20, 2, 4, 3, decay, false, .3, 13).delta(3));
      cases.add(new MatrixStateOracle(2, 20, 2, 4, 3, decay, false, .3, 14).lowRank());
    }
    return cases;
  }

  private static Map<String, Variable> at(Tape tape, Map<String, Variable> leaves, int t) {
    Map<String, Variable> token = new LinkedHashMap<>();
    coefficients(leaves)
        .forEach(
            (name, leaf) ->
                token.put(
                    name,
                    tape.constant(
                        leaf.value()
                            .get(NDArrayIndex.all(), NDArrayIndex.interval(t, t + 1))
                            .dup('c'))));
    return token;
  }

  @Test
  void linearization_reproducesOutputsAndMixes() {
    for (MatrixStateOracle c : recurrent()) {
      try (Tape tape = Tape.inference()) {
        Map<String, Variable> leaves = leaves(tape, c, DataType.DOUBLE);
        LinearSystem system = recurrence(c).linearize(coefficients(leaves), state(c, leaves), 1, 1);
        double[] o = c.run().o();
        double[][] y = system.simulate(system.inputs());
        for (int t = 0; t < c.steps; t++) {
          for (int e = 0; e < c.values; e++) {
            double expected = o[((c.steps + t) * c.heads + 1) * c.values + e];
            assertThat(y[t][e]).isCloseTo(expected, within(DOUBLE));
          }
        }
      }
    }
  }

  @Test
  void results_dependNeitherOnScratchNorOnThreads() {
    MatrixStateOracle c = new MatrixStateOracle(3, 70, 2, 4, 3, "channel", true, 1, 17);
    c.lengths = new int[] {70, 5, 64};
    for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.CHUNKED}) {
      Map<String, double[]> expected = run(c, solver, DataType.FLOAT);
      Poison.during(
          () ->
              run(c, solver, DataType.FLOAT)
                  .forEach((n, values) -> assertThat(values).as(n).isEqualTo(expected.get(n))));
      int threads = Parallel.threads();
      try {
        Parallel.setThreads(1);
        run(c, solver, DataType.FLOAT)
            .forEach((n, values) -> assertThat(values).as(n).isEqualTo(expected.get(n)));
      } finally {
        Parallel.setThreads(threads);
      }
    }
  }

  @Test
  void longSequence_staysAccurateInFloat() {
    for (double gate : new double[] {0, 1e-4, .05, 20}) {
      MatrixStateOracle c = new MatrixStateOracle(1, 16384, 1, 8, 8, "channel", false, gate, 19);
      Map<String, double[]> expected = run(c, Solver.SEQUENTIAL, DataType.DOUBLE);
      assertClose("o", expected.get("o"), c.run().o(), DOUBLE);
      Map<String, double[]> actual = run(c, Solver.CHUNKED, DataType.FLOAT);
      expected.forEach(
          (name, values) -> assertClose(gate + " " + name, actual.get(name), values, FLOAT));
    }
  }

  /** The corrected forms, with decays of exactly 1 and with zeros among them. */
  @Test
  void longCorrections_stayAccurateInFloat() {
    for (boolean alternating : new boolean[] {false, true}) {
      for (int form = 0; form < 2; form++) {
        MatrixStateOracle c = new MatrixStateOracle(1, 16384, 1, 8, 8, "channel", false, 0, 29);
        c = form == 0 ? c.delta(1) : c.lowRank();
        for (int i = 0; alternating && i < c.g.length; i += 3) {
          c.g[i] = Double.NEGATIVE_INFINITY;
        }
        Map<String, double[]> expected = run(c, Solver.SEQUENTIAL, DataType.DOUBLE);
        assertClose("o", expected.get("o"), c.run().o(), DOUBLE);
        Map<String, double[]> actual = run(c, Solver.CHUNKED, DataType.FLOAT);
        String what = c + (alternating ? " alternating " : " open ");
        expected.forEach(
            (name, values) -> assertClose(what + name, actual.get(name), values, FLOAT));
      }
    }
  }

  @Test
  void sharedInputs_getTheSumOfTheirGradients() {
    MatrixStateOracle c = new MatrixStateOracle(1, 20, 2, 4, 4, "none", false, 0, 23);
    c.k = c.q;
    c.v = c.q;
    Map<String, double[]> apart = run(c, Solver.CHUNKED, DataType.DOUBLE);
    try (Tape tape = Tape.training()) {
      Variable x = leaves(tape, c, DataType.DOUBLE).get("q");
      Variable state = tape.constant(array(c.s, DataType.DOUBLE, 1, 2, 4, 4));
      Evolution evolution =
          recurrence(c)
              .evolve(
                  tape,
                  Solver.AUTO,
                  Map.of("q", x, "k", x, "v", x),
                  new State(Map.of("S", state), new int[1]),
                  null);
      tape.backward(
          List.of(evolution.outputs(), evolution.state().get("S")),
          List.of(
              array(c.outputCotangent, DataType.DOUBLE, evolution.outputs().shape()),
              array(c.stateCotangent, DataType.DOUBLE, 1, 2, 4, 4)));
      double[] sum = doubles(x.gradient());
      for (int i = 0; i < sum.length; i++) {
        double expected = apart.get("dq")[i] + apart.get("dk")[i] + apart.get("dv")[i];
        assertThat(sum[i]).isCloseTo(expected, within(DOUBLE));
      }
    }
  }

  @Test
  void shapes_areCheckedByName() {
    try (Tape tape = Tape.inference()) {
      Variable q = tape.constant(Nd4j.zeros(DataType.FLOAT, 2, 3, 2, 4));
      Variable k = tape.constant(Nd4j.zeros(DataType.FLOAT, 2, 4, 2, 5));
      MatrixStateRecurrence recurrence = MatrixStateRecurrence.scaled(1);
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  recurrence.evolve(tape, Solver.AUTO, Map.of("q", q, "k", k, "v", q), null, null))
          .withMessage(
              "matrix_state k: T must be 3, got 4 and K must be 4, got 5 in shape [2, 4, 2, 5]");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> recurrence.evolve(tape, Solver.AUTO, Map.of("q", q), null, null))
          .withMessageContaining("add k");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  recurrence.evolve(
                      tape, Solver.NEWTON, Map.of("q", q, "k", q, "v", q), null, null))
          .withMessageContaining("matrix_state: solver must be AUTO or one of");
    }
  }
}
