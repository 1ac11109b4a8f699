package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ElementwiseRecurrence;
import io.sequencezoo.core.dynamics.vector.GatedDrive;
import io.sequencezoo.core.dynamics.vector.GatedDrive.ReadOut;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Gate;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Gates, recurrence and read-outs in one pass are the three one after the other. */
class GatedDriveTest {
  /** Sums of vectors' gradients are taken in another order. */
  private static final double DOUBLE = 1e-12;

  private static final double FLOAT = 1e-5;

  private static final ElementwiseRecurrence RECURRENCE = new ElementwiseRecurrence();

  static Stream<Arguments> gates() {
    return Stream.of(
        Arguments.of("hgrn", new HgrnGate(), 2, 0, 0),
        Arguments.of("hgrn, bounded", new HgrnGate(), 2, 1, 0),
        Arguments.of("qlstm", new QLstmGate(false), 3, 0, 2),
        Arguments.of("qlstm, reversed", new QLstmGate(true), 3, 1, 2),
        Arguments.of("rg_lru", new RgLruGate(token -> token % 33 == 0), 3, 1, 1),
        Arguments.of("min_gru", MinimalGate.gru(), 2, 0, 0),
        Arguments.of("min_lstm", MinimalGate.lstm(), 3, 0, 0));
  }

  /** What a run gives: outputs, the last state, and the gradients of all that it takes. */
  private static List<INDArray> run(
      boolean fused, Solver solver, Gate gate, List<INDArray> given, int[] counts, int[] lengths) {
    Tape tape = Tape.detached();
    List<Variable> variables = given.stream().map(x -> tape.variable(x.dup())).toList();
    int inputs = counts[0];
    int vectors = inputs + counts[1];
    int readOuts = vectors + counts[2];
    Unary[] activations = {Unary.SIGMOID, Unary.GELU};
    List<ReadOut> reads = new ArrayList<>();
    for (int i = vectors; i < readOuts; i++) {
      reads.add(new ReadOut(activations[i - vectors], variables.get(i)));
    }
    GatedDrive drive =
        new GatedDrive(
            gate, variables.subList(0, inputs), variables.subList(inputs, vectors), reads);
    State initial = new State(Map.of("h", variables.get(readOuts)), new int[lengths.length]);
    int before = tape.length();
    Variable y;
    State last;
    if (fused) {
      Evolution evolution = RECURRENCE.evolve(tape, solver, drive, initial, lengths);
      y = evolution.outputs();
      last = evolution.state();
      assertThat(tape.length()).isEqualTo(before + 1);
    } else {
      Evolution evolution =
          RECURRENCE.evolve(tape, solver, drive.coefficients(tape), initial, lengths);
      y = GatedDrive.readOut(tape, reads, evolution.outputs());
      last = evolution.state();
    }
    assertThat(last.consumed()).isEqualTo(lengths);
    tape.backward(
        List.of(y, last.get("h")), List.of(random(9, y.type(), y.shape()), given.get(readOuts)));
    List<INDArray> results = new ArrayList<>(List.of(y.value(), last.get("h").value()));
    variables.forEach(v -> results.add(v.gradient()));
    return results.stream().map(x -> x.castTo(DataType.DOUBLE)).toList();
  }

  private static INDArray random(long seed, DataType type, long... shape) {
    int n = 1;
    for (long size : shape) {
      n *= (int) size;
    }
    double[] values = new SplittableRandom(seed).doubles(n, 0, 1).toArray();
    return Nd4j.createFromArray(values).castTo(type).reshape('c', shape);
  }

  private static List<INDArray> given(DataType type, int[] counts, int b, int t, int d) {
    List<INDArray> given = new ArrayList<>();
    for (int i = 0; i < counts[0] + counts[1] + counts[2]; i++) {
      boolean isVector = i >= counts[0] && i < counts[0] + counts[1];
      given.add(
          isVector ? random(i, type, d).mul(.9) : random(i, type, b, t, d).mul(4).sub(2).dup('c'));
    }
    given.add(random(20, type, b, d));
    return given;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("gates")
  void onePass_isThreeOneAfterTheOther(
      String name, Gate gate, int inputs, int vectors, int readOuts) {
    int[] counts = {inputs, vectors, readOuts};
    int[][] shapes = {{1, 1, 1}, {3, 33, 5}, {2, 33, 130}, {2, 70, 600}, {9, 33, 40}};
    for (int[] shape : shapes) {
      int[] lengths = new SplittableRandom(6).ints(shape[0], 0, shape[1] + 1).toArray();
      lengths[0] = shape[1];
      for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
        for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.ASSOCIATIVE_SCAN}) {
          List<INDArray> given = given(type, counts, shape[0], shape[1], shape[2]);
          List<INDArray> apart = run(false, solver, gate, given, counts, lengths);
          List<INDArray> fused = run(true, solver, gate, given, counts, lengths);
          double tolerance = type == DataType.FLOAT ? FLOAT : DOUBLE;
          for (int i = 0; i < apart.size(); i++) {
            double largest = apart.get(i).amaxNumber().doubleValue();
            double difference = apart.get(i).sub(fused.get(i)).amaxNumber().doubleValue();
            assertThat(difference)
                .as("%s of %s: result %s, %s, %s", name, type, i, solver, shape[2])
                .isCloseTo(0, within(tolerance * (1 + largest)));
          }
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("gates")
  void nan_reachesWhatItReachesApart(
      String name, Gate gate, int inputs, int vectors, int readOuts) {
    int[] counts = {inputs, vectors, readOuts};
    int[] lengths = {40, 20};
    for (int at = 0; at < inputs + vectors + readOuts; at++) {
      List<INDArray> given = given(DataType.FLOAT, counts, 2, 40, 5);
      given.get(at).putScalar(3, Float.NaN);
      List<INDArray> apart = run(false, Solver.AUTO, gate, given, counts, lengths);
      List<INDArray> fused = run(true, Solver.AUTO, gate, given, counts, lengths);
      for (int i = 0; i < apart.size(); i++) {
        double[] expected = apart.get(i).dup('c').data().asDouble();
        double[] actual = fused.get(i).dup('c').data().asDouble();
        for (int k = 0; k < expected.length; k++) {
          boolean padded = i != 1 && expected.length == 400 && k / 5 >= 60;
          assertThat(Double.isNaN(actual[k]))
              .as("%s: result %s at %s of NaN in %s", name, i, k, at)
              .isEqualTo(Double.isNaN(expected[k]) && !padded);
        }
      }
    }
  }

  @Test
  void aVariable_inEveryPlaceGetsAllItsGradients() {
    double[] sums = new double[2];
    for (int same = 0; same < 2; same++) {
      Tape tape = Tape.detached();
      INDArray values = random(1, DataType.DOUBLE, 2, 50, 6);
      Variable[] places = new Variable[3];
      for (int i = 0; i < 3; i++) {
        places[i] = same == 1 && i > 0 ? places[0] : tape.variable(values.dup());
      }
      GatedDrive drive =
          new GatedDrive(
              MinimalGate.gru(),
              List.of(places[0], places[1]),
              List.of(),
              List.of(new ReadOut(Unary.SILU, places[2])));
      Variable y = RECURRENCE.evolve(tape, Solver.AUTO, drive, null, new int[] {50, 30}).outputs();
      tape.backward(List.of(y), List.of(random(2, DataType.DOUBLE, 2, 50, 6)));
      for (int i = 0; i < (same == 1 ? 1 : 3); i++) {
        sums[same] += places[i].gradient().sumNumber().doubleValue();
      }
    }
    assertThat(sums[1]).isCloseTo(sums[0], within(Math.abs(sums[0]) * DOUBLE));
  }

  /** Who looks on gets all places, so gates, recurrence and read-outs apart. */
  @ParameterizedTest
  @ValueSource(strings = {"hgrn", "min_gru", "min_lstm", "qlstm", "rg_lru"})
  void lookingAtALayer_changesNoBit(String type) {
    for (BlockConfig config : Registry.get().entries().get(type).examples()) {
      SequenceMixer mixer = ((MixerConfig) config).build(MixerConfig.Place.alone(8));
      for (DataType precision : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
        Parameters parameters = Parameters.of(mixer, precision, 1);
        Set<String> places = new HashSet<>();
        double[][] results = new double[2][];
        for (int i = 0; i < 2; i++) {
          Tape tape = Tape.detached();
          Context context = Context.inference(tape, parameters).withLengths(new int[] {9, 5});
          if (i == 1) {
            context =
                context.intercepted(
                    (place, x, inner) -> {
                      places.add(place);
                      return inner.apply(x);
                    });
          }
          Variable x = tape.constant(random(3, precision, 2, 9, 8));
          State before = mixer.forward(context, x, null).state();
          Evolution evolution = mixer.forward(context, x, before);
          results[i] =
              DoubleStream.concat(rows(evolution.outputs(), 0, 9), rows(evolution.outputs(), 72, 5))
                  .toArray();
          assertThat(evolution.state().consumed()).containsExactly(18, 10);
        }
        assertThat(results[1]).as("%s %s", config, precision).containsExactly(results[0]);
        assertThat(places).contains("drive.x", "evolve", "state.h", "read_out");
      }
    }
  }

  private static DoubleStream rows(Variable y, int from, int rows) {
    double[] all = y.value().dup('c').data().asDouble();
    return Arrays.stream(all, from, from + rows * 8);
  }

  @Test
  void misfits_areRefused() {
    Tape tape = Tape.detached();
    Variable x = tape.constant(Nd4j.ones(DataType.FLOAT, 2, 3, 4));
    Variable narrow = tape.constant(Nd4j.ones(DataType.FLOAT, 2, 3, 5));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new GatedDrive(MinimalGate.gru(), List.of(x, narrow), List.of(), List.of()))
        .withMessage("gates: inputs must have one shape, got [2, 3, 4] and [2, 3, 5]");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new GatedDrive(
                    MinimalGate.gru(),
                    List.of(x, x),
                    List.of(),
                    List.of(new ReadOut(Unary.SILU, narrow))))
        .withMessage("gates: read-out must be as the inputs, FLOAT[2, 3, 4], got FLOAT[2, 3, 5]");
  }
}
