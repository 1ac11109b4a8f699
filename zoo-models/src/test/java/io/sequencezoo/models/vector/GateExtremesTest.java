package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.Gate;
import io.sequencezoo.core.op.Gates;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The gates of all members, from closed to the last bit to wide open. */
class GateExtremesTest {
  /** A dozen roundings of float. */
  private static final double FLOAT = 1e-5;

  /** Outputs below it may vanish in float. */
  private static final double TINY = 1e-30;

  /** Slopes y (1 - y) of a gate, from its rounded value, beside the largest gradient. */
  private static final double SLOPE = 1e-6;

  private static final double[] LOGITS = {-1e30, -1000, -90, -20, -1, 0.5, 20, 90, 1000, 1e30};

  static Stream<Arguments> gates() {
    return Stream.of(
        Arguments.of("hgrn", new HgrnGate(), 1, 2, 0),
        Arguments.of("hgrn, bounded", new HgrnGate(), 1, 2, 1),
        Arguments.of("qlstm", new QLstmGate(false), 2, 3, 0),
        Arguments.of("qlstm, reversed", new QLstmGate(true), 2, 3, 1),
        Arguments.of("rg_lru", new RgLruGate(row -> false), 2, 3, 1),
        Arguments.of("min_gru", MinimalGate.gru(), 1, 2, 0),
        Arguments.of("min_lstm", MinimalGate.lstm(), 2, 3, 0));
  }

  /** Every pair of extreme logits, rows of ten; other inputs and vectors moderate. */
  private static List<INDArray> inputs(int logits, int count, int vectors) {
    SplittableRandom random = new SplittableRandom(count);
    List<INDArray> inputs = new ArrayList<>();
    for (int i = 0; i < count + vectors; i++) {
      double[] values = new double[i < count ? 100 : 10];
      for (int k = 0; k < values.length; k++) {
        double logit = LOGITS[i == 0 ? k % 10 : k / 10];
        values[k] = i < logits ? logit : random.nextDouble(0.1, 0.9);
      }
      inputs.add(
          i < count
              ? Nd4j.createFromArray(values).reshape('c', 10, 10)
              : Nd4j.createFromArray(values));
    }
    return inputs;
  }

  private static List<INDArray> run(Gate gate, List<INDArray> inputs, int count, DataType type) {
    Tape tape = Tape.detached();
    List<Variable> variables =
        inputs.stream().map(x -> tape.variable(x.castTo(DataType.FLOAT).castTo(type))).toList();
    Variable[] outputs =
        Gates.apply(
            tape, gate, variables.subList(0, count), variables.subList(count, inputs.size()));
    List<INDArray> results = new ArrayList<>();
    List<INDArray> cotangents = new ArrayList<>();
    for (Variable output : outputs) {
      results.add(output.value().castTo(DataType.DOUBLE));
      cotangents.add(Nd4j.ones(type, output.shape()));
    }
    tape.backward(List.of(outputs), cotangents);
    variables.forEach(v -> results.add(v.gradient().castTo(DataType.DOUBLE)));
    return results;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("gates")
  void float_isFiniteAndDoubles(String name, Gate gate, int logits, int count, int vectors) {
    List<INDArray> inputs = inputs(logits, count, vectors);
    List<INDArray> exact = run(gate, inputs, count, DataType.DOUBLE);
    List<INDArray> single = run(gate, inputs, count, DataType.FLOAT);
    for (int i = 0; i < exact.size(); i++) {
      double[] expected = exact.get(i).dup('c').data().asDouble();
      double[] actual = single.get(i).dup('c').data().asDouble();
      // Decays and inputs come first, then gradients.
      double floor = i < 2 ? TINY : SLOPE * exact.get(i).amaxNumber().doubleValue();
      for (int k = 0; k < expected.length; k++) {
        assertThat(actual[k])
            .as("%s: result %s at %s", name, i, k)
            .isFinite()
            .isCloseTo(expected[k], within(Math.abs(expected[k]) * FLOAT + floor));
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("gates")
  void gradients_areCentralDifferences(String name, Gate gate, int logits, int count, int vectors) {
    GradientCheck check =
        GradientCheck.of(
            (tape, in) -> {
              List<Variable> all = List.of(in);
              return List.of(
                  Gates.apply(tape, gate, all.subList(0, count), all.subList(count, all.size())));
            });
    SplittableRandom random = new SplittableRandom(7);
    List<INDArray> inputs = inputs(0, count, vectors);
    for (int i = 0; i < inputs.size(); i++) {
      INDArray input = inputs.get(i);
      for (long k = 0; i < count && k < input.length(); k++) {
        input.putScalar(k, random.nextDouble(-3, 3));
      }
      check.input("input " + i, input);
    }
    check.samples(20).run().assertPassed();
  }
}
