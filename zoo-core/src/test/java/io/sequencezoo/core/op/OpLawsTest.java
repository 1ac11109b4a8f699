package io.sequencezoo.core.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Poison;
import io.sequencezoo.core.kernel.Unary;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Laws of every coarse operation, over shapes that need several tasks and odd remainders. */
class OpLawsTest {
  /** Central differences at step 1e-5 in double: truncation 1e-10, round-off 1e-11 per unit. */
  private static final double GRADIENT = 1e-7;

  private static final double STEP = 1e-5;

  /** Numbers of an array that become NaN in turn. */
  private static final int PLACES = 12;

  /** Single precision, sums of up to a few thousand terms. */
  private static final double SINGLE = 1e-4;

  /** Three steps; from logits in (-1, 1) some positions halt at the second, others never. */
  private static OpCase halting(AdaptiveHalting.Form form, boolean remainderAtCap) {
    AdaptiveHalting.Rule rule = new AdaptiveHalting.Rule(form, 0.95, remainderAtCap);
    return OpCase.of(
        "halting " + rule,
        (t, v) -> {
          AdaptiveHalting.Result result =
              AdaptiveHalting.apply(t, rule, v.subList(0, 3), v.subList(3, 6));
          return List.of(result.state(), result.remainder());
        },
        s(2, 5, 1),
        s(2, 5, 1),
        s(2, 5, 1),
        s(2, 5, 4),
        s(2, 5, 4),
        s(2, 5, 4));
  }

  static Stream<OpCase> small() {
    INDArray ids = Nd4j.createFromArray(new int[][] {{0, 3, 3}, {1, 0, 3}});
    INDArray targets = Nd4j.createFromArray(new int[][] {{0, 4, -100}, {2, -100, 3}});
    INDArray labelMask = Nd4j.createFromArray(new float[][] {{1, 0, 1}, {.5f, 1, 2}});
    INDArray real = Nd4j.linspace(DataType.DOUBLE, -1, .1, 24).reshape(2, 3, 4);
    return Stream.concat(
        Stream.concat(norms(), MatrixStateOpCases.small()),
        Stream.of(
            OpCase.of(
                "linear",
                (t, v) -> one(Dense.linear(t, v.get(0), v.get(1), v.get(2))),
                s(2, 3, 5),
                s(5, 4),
                s(4)),
            OpCase.of("sine", (t, v) -> one(Sine.apply(t, v.get(0), v.get(1))), s(2, 3, 5), s(5)),
            OpCase.of(
                "weighted layers",
                (t, v) -> one(WeightedLayers.apply(t, v.subList(0, 3), v.get(3), 1e-6)),
                s(2, 5, 4),
                s(2, 5, 4),
                s(2, 5, 4),
                s(4)),
            halting(AdaptiveHalting.Form.BLEND, true),
            halting(AdaptiveHalting.Form.BLEND, false),
            halting(AdaptiveHalting.Form.SUM, true),
            halting(AdaptiveHalting.Form.SUM, false),
            OpCase.of(
                "linear without bias",
                (t, v) -> one(Dense.linear(t, v.get(0), v.get(1), null)),
                s(7, 5),
                s(5, 3)),
            OpCase.of(
                "linear transposed",
                (t, v) -> one(Dense.linearTransposed(t, v.get(0), v.get(1), v.get(2))),
                s(2, 3, 5),
                s(4, 5),
                s(4)),
            OpCase.of(
                "gates by head",
                (t, v) -> one(GatesByHead.linear(t, v.get(0), v.get(1), v.get(2))),
                s(2, 3, 6),
                s(2, 3, 3, 4),
                s(3, 8)),
            OpCase.of(
                "block diagonal",
                (t, v) -> one(BlockDiagonal.linear(t, v.get(0), v.get(1), v.get(2))),
                s(2, 3, 6),
                s(2, 3, 4),
                s(8)),
            OpCase.of("embedding", (t, v) -> one(Embedding.lookup(t, v.get(0), ids)), s(5, 3)),
            OpCase.of(
                "cross-entropy",
                (t, v) -> entropy(Losses.crossEntropy(t, v.get(0), targets, -100, null)),
                s(2, 3, 5)),
            OpCase.of(
                "cross-entropy with mask",
                (t, v) -> entropy(Losses.crossEntropy(t, v.get(0), targets, -100, labelMask)),
                s(2, 3, 5)),
            OpCase.of(
                "mean squared error",
                (t, v) ->
                    one(
                        Losses.meanSquaredError(
                            t, v.get(0), real.castTo(v.get(0).type()), labelMask)),
                s(2, 3, 4)),
            OpCase.of("dropout", (t, v) -> one(Dropout.apply(t, v.get(0), .3, 5)), s(3, 7)),
            OpCase.of(
                "rotary half split",
                (t, v) ->
                    one(
                        Rotary.rotate(
                            t, v.get(0), new int[] {0, 9}, Rotary.Convention.HALF_SPLIT, 10000, 4)),
                s(2, 5, 3, 6)),
            OpCase.of(
                "rotary interleaved",
                (t, v) ->
                    one(
                        Rotary.rotate(
                            t,
                            v.get(0),
                            new int[] {3, 20000},
                            Rotary.Convention.INTERLEAVED,
                            100,
                            6)),
                s(2, 5, 3, 6)),
            OpCase.of(
                "activation", (t, v) -> one(Activations.apply(t, Unary.SILU, v.get(0))), s(3, 5)),
            OpCase.of(
                "gate",
                (t, v) -> one(Activations.gated(t, Unary.GELU, v.get(0), v.get(1))),
                s(3, 5),
                s(3, 5)),
            OpCase.of(
                "gate of itself",
                (t, v) -> one(Activations.gated(t, Unary.SILU, v.get(0), v.get(0))),
                s(3, 5)),
            OpCase.of(
                "bilinear gate",
                (t, v) -> one(Activations.gated(t, null, v.get(0), v.get(1))),
                s(3, 5),
                s(3, 5)),
            OpCase.of(
                "convolution",
                (t, v) -> conv(t, v, Unary.SILU, null),
                s(2, 9, 3),
                s(3, 4),
                s(3),
                s(2, 3, 3)),
            OpCase.of(
                "convolution without activation",
                (t, v) -> conv(t, v, null, null),
                s(2, 9, 3),
                s(3, 4),
                s(3),
                s(2, 3, 3)),
            OpCase.of(
                "convolution of padded rows",
                (t, v) -> conv(t, v, Unary.TANH, new int[] {2, 0, 6}),
                s(3, 6, 2),
                s(2, 4),
                s(2),
                s(3, 3, 2)),
            OpCase.of(
                "convolution of one token",
                (t, v) -> conv(t, v, Unary.SILU, null),
                s(2, 1, 3),
                s(3, 4),
                s(3),
                s(2, 3, 3)),
            OpCase.of(
                "convolution bare",
                (t, v) ->
                    List.of(ShortConvolution.apply(t, v.get(0), v.get(1), null, null, null, null)),
                s(2, 5, 3),
                s(3, 2)),
            OpCase.of(
                "convolution of width 1",
                (t, v) ->
                    one(
                        ShortConvolution.apply(t, v.get(0), v.get(1), null, null, Unary.SILU, null)[
                            0]),
                s(2, 5, 3),
                s(3, 1))));
  }

  private static Stream<OpCase> norms() {
    return Stream.of(
        OpCase.of(
            "layer norm",
            (t, v) -> one(Norms.layerNorm(t, v.get(0), v.get(1), v.get(2), 1e-5)),
            s(2, 3, 6),
            s(6),
            s(6)),
        OpCase.of(
            "layer norm without bias",
            (t, v) -> one(Norms.layerNorm(t, v.get(0), v.get(1), null, 1e-5)),
            s(4, 6),
            s(6)),
        OpCase.of(
            "rms norm",
            (t, v) -> one(Norms.rmsNorm(t, v.get(0), v.get(1), null, 1e-6, 6)),
            s(2, 3, 6),
            s(6)),
        OpCase.of(
            "rms norm in groups",
            (t, v) -> one(Norms.rmsNorm(t, v.get(0), v.get(1), v.get(2), 1e-6, 3)),
            s(2, 3, 6),
            s(6),
            s(6)),
        OpCase.of(
            "gate after norm",
            (t, v) -> one(Norms.gatedRmsNorm(t, v.get(0), v.get(1), v.get(2), 1e-6, 3, true)),
            s(2, 3, 6),
            s(2, 3, 6),
            s(6)),
        OpCase.of(
            "gate before norm",
            (t, v) -> one(Norms.gatedRmsNorm(t, v.get(0), v.get(1), v.get(2), 1e-6, 6, false)),
            s(2, 3, 6),
            s(2, 3, 6),
            s(6)));
  }

  /** Shapes that are cut into many tasks. */
  static Stream<OpCase> large() {
    INDArray ids = Nd4j.createFromArray(new int[4096]).reshape(8, 512);
    for (int i = 0; i < 4096; i++) {
      ids.data().put(i, i * 31 % 19);
    }
    return Stream.concat(
        MatrixStateOpCases.large(),
        Stream.of(
            OpCase.of(
                "linear",
                (t, v) -> one(Dense.linear(t, v.get(0), v.get(1), v.get(2))),
                s(3, 401, 67),
                s(67, 33),
                s(33)),
            OpCase.of("embedding", (t, v) -> one(Embedding.lookup(t, v.get(0), ids)), s(19, 33)),
            OpCase.of(
                "layer norm",
                (t, v) -> one(Norms.layerNorm(t, v.get(0), v.get(1), v.get(2), 1e-5)),
                s(8, 401, 33),
                s(33),
                s(33)),
            OpCase.of(
                "rms norm in groups",
                (t, v) -> one(Norms.rmsNorm(t, v.get(0), v.get(1), v.get(2), 1e-6, 11)),
                s(8, 401, 33),
                s(33),
                s(33)),
            OpCase.of(
                "gated norm",
                (t, v) -> one(Norms.gatedRmsNorm(t, v.get(0), v.get(1), v.get(2), 1e-6, 33, true)),
                s(8, 401, 33),
                s(8, 401, 33),
                s(33)),
            OpCase.of(
                "cross-entropy",
                (t, v) -> entropy(Losses.crossEntropy(t, v.get(0), ids, 7, null)),
                s(8, 512, 19)),
            OpCase.of("dropout", (t, v) -> one(Dropout.apply(t, v.get(0), .3, 5)), s(8, 401, 33)),
            OpCase.of(
                "rotary",
                (t, v) ->
                    one(Rotary.rotate(t, v.get(0), null, Rotary.Convention.HALF_SPLIT, 10000, 10)),
                s(8, 101, 3, 12)),
            OpCase.of(
                "gate",
                (t, v) -> one(Activations.gated(t, Unary.GELU, v.get(0), v.get(1))),
                s(8, 401, 33),
                s(8, 401, 33)),
            OpCase.of(
                "convolution",
                (t, v) -> conv(t, v, Unary.SILU, new int[] {401, 129, 380}),
                s(3, 401, 35),
                s(35, 4),
                s(35),
                s(3, 3, 35))));
  }

  @ParameterizedTest
  @MethodSource("small")
  void gradients_equalCentralDifferences(OpCase op) {
    List<INDArray> gradients = op.run(DataType.DOUBLE, 1).gradients();
    List<INDArray> leaves = op.leaves(DataType.DOUBLE);
    for (int i = 0; i < leaves.size(); i++) {
      double[] actual = OpCase.doubles(gradients.get(i));
      for (int j = 0; j < actual.length; j++) {
        double at = leaves.get(i).data().getDouble(j);
        leaves.get(i).data().put(j, at + STEP);
        double up = op.value(leaves);
        leaves.get(i).data().put(j, at - STEP);
        double down = op.value(leaves);
        leaves.get(i).data().put(j, at);
        assertThat(actual[j])
            .as("gradient of leaf %s at %s", i, j)
            .isCloseTo((up - down) / (2 * STEP), within(GRADIENT));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("small")
  void gradients_addUpOverUses(OpCase op) {
    List<INDArray> once = op.run(DataType.DOUBLE, 1).gradients();
    List<INDArray> twice = op.run(DataType.DOUBLE, 2).gradients();
    for (int i = 0; i < once.size(); i++) {
      double[] expected = Arrays.stream(OpCase.doubles(once.get(i))).map(x -> 2 * x).toArray();
      assertThat(OpCase.doubles(twice.get(i))).containsExactly(expected, within(1e-12));
    }
  }

  /** Outputs that depend on a number are NaN where it is, and gradients where a cotangent is. */
  @ParameterizedTest
  @MethodSource("small")
  void nan_reachesWhatDependsOnIt(OpCase op) {
    List<INDArray> leaves = op.leaves(DataType.DOUBLE);
    List<INDArray> cotangents = op.cotangents(DataType.DOUBLE);
    OpCase.Result clean = op.run(leaves, cotangents);
    for (INDArray leaf : leaves) {
      nanReaches(op, leaves, cotangents, leaf, clean.outputs(), OpCase.Result::outputs);
    }
    for (INDArray cotangent : cotangents) {
      nanReaches(op, leaves, cotangents, cotangent, clean.gradients(), OpCase.Result::gradients);
    }
  }

  /** A step that is NaN isn't one that the limits hold. */
  @Test
  void ssdSteps_ofNaNHaveNaNGradients() {
    Tape tape = Tape.detached();
    Variable raw = tape.variable(Nd4j.createFromArray(Double.NaN, 0.3).reshape(1, 2, 1));
    Variable[] outputs =
        SsdInputs.apply(
            tape,
            tape.constant(Nd4j.ones(DataType.DOUBLE, 1, 2, 3)),
            raw,
            tape.constant(Nd4j.zeros(DataType.DOUBLE, 1)),
            tape.constant(Nd4j.zeros(DataType.DOUBLE, 1)),
            new SsdInputs.Shape(1, 1, 1, 1, .1, 2));
    tape.backward(List.of(outputs[0]), List.of(Nd4j.ones(DataType.DOUBLE, 1, 2, 1, 1)));
    assertThat(raw.gradient().getDouble(0, 0, 0)).isNaN();
    assertThat(raw.gradient().getDouble(0, 1, 0)).isPositive();
  }

  private static void nanReaches(
      OpCase op,
      List<INDArray> leaves,
      List<INDArray> cotangents,
      INDArray changed,
      List<INDArray> clean,
      Function<OpCase.Result, List<INDArray>> part) {
    for (long i = 0; i < changed.length(); i += 1 + changed.length() / PLACES) {
      double before = changed.data().getDouble(i);
      changed.data().put(i, before + .37);
      List<INDArray> moved = part.apply(op.run(leaves, cotangents));
      changed.data().put(i, Double.NaN);
      List<INDArray> nan = part.apply(op.run(leaves, cotangents));
      changed.data().put(i, before);
      for (int a = 0; a < clean.size(); a++) {
        double[] from = OpCase.doubles(clean.get(a));
        double[] to = OpCase.doubles(moved.get(a));
        double[] found = OpCase.doubles(nan.get(a));
        for (int e = 0; e < from.length; e++) {
          if (from[e] != to[e]) {
            assertThat(found[e]).as("array %s at %s, NaN at %s", a, e, i).isNaN();
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource({"small", "large"})
  void uninitialisedMemory_isNeverRead(OpCase op) {
    OpCase.Result clean = op.run(DataType.FLOAT, 2);
    Poison.during(() -> assertSameBits(op.run(DataType.FLOAT, 2), clean));
  }

  @ParameterizedTest
  @MethodSource("large")
  void threads_dontChangeBits(OpCase op) {
    int before = Parallel.threads();
    try {
      Parallel.setThreads(1);
      OpCase.Result one = op.run(DataType.FLOAT, 1);
      Parallel.setThreads(5);
      assertSameBits(op.run(DataType.FLOAT, 1), one);
    } finally {
      Parallel.setThreads(before);
    }
  }

  @ParameterizedTest
  @MethodSource({"small", "large"})
  void single_agreesWithDouble(OpCase op) {
    List<INDArray> exact = op.run(DataType.DOUBLE, 1).all();
    List<INDArray> single = op.run(DataType.FLOAT, 1).all();
    for (int i = 0; i < exact.size(); i++) {
      double[] expected = OpCase.doubles(exact.get(i));
      double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
      double tolerance = SINGLE * Math.max(1e-3, largest);
      // AssertJ boxes every element of a large array: seconds per case.
      double[] actual = OpCase.doubles(single.get(i));
      assertThat(actual).hasSameSizeAs(expected);
      for (int j = 0; j < actual.length; j++) {
        if (!(Math.abs(actual[j] - expected[j]) <= tolerance)) {
          assertThat(actual).containsExactly(expected, within(tolerance));
        }
      }
    }
  }

  private static void assertSameBits(OpCase.Result actual, OpCase.Result expected) {
    for (int i = 0; i < expected.all().size(); i++) {
      // Arrays.equals tells -0 from 0 and takes NaN for NaN, as AssertJ does, without boxing.
      double[] found = OpCase.doubles(actual.all().get(i));
      double[] wanted = OpCase.doubles(expected.all().get(i));
      if (!Arrays.equals(found, wanted)) {
        assertThat(found).as("array %s", i).containsExactly(wanted);
      }
    }
  }

  private static List<Variable> conv(Tape t, List<Variable> v, Unary f, int[] lengths) {
    return List.of(ShortConvolution.apply(t, v.get(0), v.get(1), v.get(2), v.get(3), f, lengths));
  }

  private static List<Variable> entropy(Losses.CrossEntropy loss) {
    return List.of(loss.loss(), loss.tokenLoss(), loss.logSumExp());
  }

  private static List<Variable> one(Variable variable) {
    return List.of(variable);
  }

  private static long[] s(long... shape) {
    return shape;
  }
}
