package io.sequencezoo.core.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Poison;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every primitive against SameDiff, against central differences, and against itself. */
final class PrimitivesTest {
  /** A few hundred roundings of double precision; SameDiff's own softplus and GELU need it. */
  private static final double DOUBLE = 1e-10;

  /** What the project asks of float. */
  private static final double FLOAT = 1e-4;

  /** Largest entries below this count as this, for tensors that are zero but for rounding. */
  private static final double SMALL = 1e-3;

  /**
   * Elements of each input that central differences check; every element is checked by SameDiff.
   */
  private static final int SAMPLES = 40;

  @TestFactory
  Stream<DynamicTest> valuesAndGradients_equalSameDiff() {
    return tests(
        PrimitiveCases.all().stream().filter(c -> c.judge() != null),
        c -> {
          List<INDArray> expected = judge(c);
          assertClose(evaluate(c, DataType.DOUBLE), expected, DOUBLE);
        });
  }

  @TestFactory
  Stream<DynamicTest> gradients_equalCentralDifferences() {
    return tests(
        PrimitiveCases.all().stream().filter(c -> c.judge() != null),
        c -> {
          GradientCheck check = GradientCheck.of((tape, in) -> List.of(c.zoo().apply(tape, in)));
          List<INDArray> inputs = c.inputs();
          for (int i = 0; i < inputs.size(); i++) {
            check.input("input " + i, inputs.get(i));
          }
          check.samples(SAMPLES).run().assertPassed();
        });
  }

  @TestFactory
  Stream<DynamicTest> float_equalsDouble() {
    return tests(
        PrimitiveCases.all().stream(),
        c -> assertClose(evaluate(c, DataType.FLOAT), evaluate(c, DataType.DOUBLE), FLOAT));
  }

  @TestFactory
  Stream<DynamicTest> poisonedMemory_changesNothing() {
    return tests(
        PrimitiveCases.all().stream(),
        c -> {
          List<INDArray> plain = evaluate(c, DataType.FLOAT);
          List<INDArray> poisoned = new ArrayList<>();
          Poison.during(() -> poisoned.addAll(evaluate(c, DataType.FLOAT)));
          assertSame(poisoned, plain);
        });
  }

  @TestFactory
  Stream<DynamicTest> threads_changeNoBit() {
    return tests(
        PrimitiveCases.all().stream(),
        c -> {
          int before = Parallel.threads();
          try {
            Parallel.setThreads(1);
            List<INDArray> one = evaluate(c, DataType.FLOAT);
            Parallel.setThreads(3);
            assertSame(evaluate(c, DataType.FLOAT), one);
          } finally {
            Parallel.setThreads(before);
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> inference_equalsTraining() {
    return tests(
        PrimitiveCases.all().stream(),
        c -> {
          List<INDArray> training = evaluate(c, DataType.FLOAT);
          try (Tape tape = Tape.inference()) {
            Variable[] outputs = c.zoo().apply(tape, variables(tape, c, DataType.FLOAT));
            for (int i = 0; i < outputs.length; i++) {
              assertThat(outputs[i].value()).isEqualTo(training.get(i));
              assertThat(outputs[i].requiresGradient()).isFalse();
            }
            assertThat(tape.length()).isZero();
          }
        });
  }

  /** Where a choice can't be made, nobody's gradient is zero. */
  @Test
  void choices_ofNaNGiveNaN() {
    Tape tape = Tape.detached();
    Variable x = tape.variable(Nd4j.createFromArray(Double.NaN, 1, 3));
    Variable y = tape.variable(Nd4j.createFromArray(2, Double.NaN, 3));
    List<Variable> outputs =
        List.of(
            Primitives.maximum(tape, x, y),
            Primitives.minimum(tape, x, y),
            Primitives.clamp(tape, x, 0, 2));
    INDArray ones = Nd4j.ones(DataType.DOUBLE, 3);
    tape.backward(outputs, List.of(ones, ones, ones));
    for (Variable output : outputs) {
      assertThat(output.value().getDouble(0)).isNaN();
    }
    assertThat(x.gradient().toDoubleVector()).containsExactly(Double.NaN, Double.NaN, 1);
    assertThat(y.gradient().toDoubleVector()).containsExactly(Double.NaN, Double.NaN, 1);
  }

  @Test
  void everyPublicPrimitive_hasACase() {
    List<String> covered =
        PrimitiveCases.all().stream().map(PrimitiveCases.Case::primitive).distinct().toList();
    List<String> all =
        Arrays.stream(Primitives.class.getDeclaredMethods())
            .filter(m -> Modifier.isPublic(m.getModifiers()))
            .map(Method::getName)
            .distinct()
            .toList();
    assertThat(covered).containsExactlyInAnyOrderElementsOf(all);
  }

  /** A check of one case. */
  @FunctionalInterface
  private interface Check {
    void accept(PrimitiveCases.Case c);
  }

  private static Stream<DynamicTest> tests(Stream<PrimitiveCases.Case> cases, Check check) {
    return cases.map(c -> dynamicTest(c.name(), () -> check.accept(c)));
  }

  private static Variable[] variables(Tape tape, PrimitiveCases.Case c, DataType type) {
    return c.inputs().stream().map(x -> tape.variable(x.castTo(type))).toArray(Variable[]::new);
  }

  /** Outputs, then gradients (zeros where nothing depends) for the cotangents of the case. */
  private static List<INDArray> evaluate(PrimitiveCases.Case c, DataType type) {
    try (Tape tape = Tape.training()) {
      Variable[] inputs = variables(tape, c, type);
      Variable[] outputs = c.zoo().apply(tape, inputs);
      List<INDArray> cotangents = new ArrayList<>();
      for (Variable output : outputs) {
        cotangents.add(cotangent(output.shape()).castTo(type));
      }
      tape.backward(List.of(outputs), cotangents);
      List<INDArray> results = new ArrayList<>();
      for (Variable output : outputs) {
        results.add(output.value().detach());
      }
      for (Variable input : inputs) {
        INDArray gradient = input.gradient();
        results.add((gradient != null ? gradient : tape.zeros(type, input.shape())).detach());
      }
      return results;
    }
  }

  private static INDArray cotangent(long[] shape) {
    int length = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    double[] values = new SplittableRandom(length).doubles(length, -1, 1).toArray();
    return shape.length == 0
        ? Nd4j.scalar(values[0])
        : Nd4j.createFromArray(values).reshape('c', shape);
  }

  private static List<INDArray> judge(PrimitiveCases.Case c) {
    SameDiff graph = SameDiff.create();
    List<INDArray> values = c.inputs();
    SDVariable[] inputs = new SDVariable[values.size()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = graph.var("x" + i, values.get(i));
    }
    SDVariable[] outputs = c.judge().apply(graph, inputs);
    List<INDArray> results = new ArrayList<>();
    SDVariable loss = null;
    for (SDVariable output : outputs) {
      INDArray value = output.eval();
      results.add(value);
      SDVariable term = graph.sum(output.mul(graph.constant(cotangent(value.shape()))));
      loss = loss == null ? term : loss.add(term);
    }
    loss.markAsLoss();
    List<String> names = Arrays.stream(inputs).map(SDVariable::name).collect(Collectors.toList());
    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), names);
    names.forEach(name -> results.add(gradients.get(name)));
    return results;
  }

  private static void assertClose(List<INDArray> actual, List<INDArray> expected, double relative) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i).shape()).isEqualTo(expected.get(i).shape());
      double[] a = flat(actual.get(i));
      double[] e = flat(expected.get(i));
      double largest = Arrays.stream(e).map(Math::abs).max().orElse(0);
      int worst = 0;
      for (int k = 1; k < a.length; k++) {
        // Written so that NaN is the worst of all.
        worst = Math.abs(a[k] - e[k]) <= Math.abs(a[worst] - e[worst]) ? worst : k;
      }
      assertThat(Math.abs(a[worst] - e[worst]))
          .as("result %s, element %s: %s against %s", i, worst, a[worst], e[worst])
          .isLessThanOrEqualTo(relative * Math.max(largest, SMALL));
    }
  }

  private static void assertSame(List<INDArray> actual, List<INDArray> expected) {
    for (int i = 0; i < expected.size(); i++) {
      assertThat(flat(actual.get(i))).isEqualTo(flat(expected.get(i)));
    }
  }

  private static double[] flat(INDArray array) {
    return array.castTo(DataType.DOUBLE).reshape('c', new long[] {array.length()}).toDoubleVector();
  }

  @Test
  void sum_takesFewWideRows() {
    int columns = 70_000;
    Tape tape = Tape.detached();
    Variable x = tape.variable(Nd4j.ones(DataType.DOUBLE, 2, 3, columns));
    Variable sum = Primitives.sum(tape, x, 1, false);
    assertThat(sum.shape()).containsExactly(2, columns);
    assertThat(sum.value().minNumber().doubleValue()).isEqualTo(3);
    assertThat(sum.value().maxNumber().doubleValue()).isEqualTo(3);
  }
}
