package io.sequencezoo.core.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.sequencezoo.core.kernel.Poison;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Unary;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.abstracts.Nd4jWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.cpu.nativecpu.bindings.Nd4jCpu;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What a tape promises, beside the primitives on it. */
final class TapeTest {
  private static final int STEPS = 1000;

  /** Constants of shapes that ND4J keeps; keeping every step would take 400 MiB. */
  private static final long SLACK_BYTES = 1L << 20;

  private static INDArray vector(double... values) {
    return Nd4j.createFromArray(values);
  }

  @Test
  void variableUsedTwice_addsItsGradients() {
    try (Tape tape = Tape.training()) {
      Variable x = tape.variable(vector(3, -1));
      tape.backward(Primitives.sum(tape, Primitives.multiply(tape, x, x)));
      assertThat(x.gradient().toDoubleVector()).containsExactly(6, -2);
    }
  }

  @Test
  void pullbackThatAsksForTheOnlyOfTwoOutputs_isRefused() {
    try (Tape tape = Tape.training()) {
      Variable x = tape.variable(vector(3, -1));
      Variable[] both =
          tape.record(new INDArray[] {vector(1, 2), vector(3, 4)}, c -> c.share(0, c.output()), x);
      assertThatIllegalStateException()
          .isThrownBy(() -> tape.backward(List.of(both[0]), List.of(vector(1, 1))))
          .withMessage(
              "pullback: output() is of one output that the loss depends on, got 2; use output(i)");
    }
  }

  @Test
  void sharedCotangents_areNotOverwritten() {
    try (Tape tape = Tape.training()) {
      Variable x = tape.variable(vector(3, -1));
      Variable y = Primitives.affine(tape, 1, x, 0);
      // x gets the cotangents of s, twice, and of y; y and s keep their own.
      Variable s = Primitives.add(tape, Primitives.add(tape, y, x), x);
      y.keepGradient();
      s.keepGradient();
      tape.backward(List.of(s), List.of(vector(1, 10)));
      assertThat(x.gradient().toDoubleVector()).containsExactly(3, 30);
      assertThat(y.gradient().toDoubleVector()).containsExactly(1, 10);
      assertThat(s.gradient().toDoubleVector()).containsExactly(1, 10);
    }
  }

  @Test
  void gradientOfWhatWasComputed_isKeptOnlyIfAskedFor() {
    try (Tape tape = Tape.training()) {
      Variable x = tape.variable(vector(3, -1));
      Variable y = Primitives.affine(tape, 2, x, 0);
      tape.backward(Primitives.sum(tape, y));
      assertThatIllegalStateException()
          .isThrownBy(y::gradient)
          .withMessageContaining("call keepGradient() before backward");
    }
  }

  /**
   * Of a chain of L maps backward needs the gradients of two values at a time, whatever L is; what
   * a value keeps, and what others share, nobody gets.
   */
  @Test
  void gradientsThatNobodyNeeds_giveTheirMemoryToTheNext() {
    int n = 4096;
    Poison.during(
        () -> {
          try (Tape tape = Tape.training()) {
            Variable x = tape.variable(Nd4j.ones(DataType.DOUBLE, n));
            Variable y = x;
            Variable kept = null;
            for (int i = 0; i < 10; i++) {
              // The sum shares its cotangent with both sides, and the right one's goes on.
              y = Primitives.add(tape, y, Primitives.affine(tape, 0.5, y, 0));
              if (i == 4) {
                kept = y;
                kept.keepGradient();
              }
            }
            tape.backward(Primitives.sum(tape, y));
            assertThat(x.gradient().getDouble(n - 1)).isEqualTo(Math.pow(1.5, 10));
            assertThat(kept.gradient().getDouble(n - 1)).isEqualTo(Math.pow(1.5, 5));
            assertThat(tape.gradientArrays().size()).isLessThanOrEqualTo(6);
          }
        });
  }

  @Test
  void cotangentGivenByTheCaller_staysAsItWas() {
    INDArray cotangent = vector(1, 2);
    try (Tape tape = Tape.training()) {
      Variable x = tape.variable(vector(3, -1));
      Variable y = Primitives.add(tape, x, x);
      tape.backward(List.of(y, y), List.of(cotangent, cotangent));
      assertThat(x.gradient().toDoubleVector()).containsExactly(4, 8);
    }
    assertThat(cotangent.toDoubleVector()).containsExactly(1, 2);
  }

  @Test
  void outputsThatNothingDependsOn_haveNullCotangents() {
    Poison.during(
        () -> {
          try (Tape tape = Tape.training()) {
            Variable x = tape.variable(vector(1, 2, 3));
            Variable[] parts = Primitives.split(tape, x, 0, 1, 2);
            tape.backward(Primitives.sum(tape, parts[1]));
            assertThat(parts[0].gradient()).isNull();
            assertThat(x.gradient().toDoubleVector()).containsExactly(0, 1, 1);
          }
        });
  }

  @Test
  void operationsOnConstants_areNotRecorded() {
    try (Tape tape = Tape.training()) {
      Variable c = tape.constant(vector(1, 2));
      Variable y = Primitives.map(tape, Unary.EXP, Primitives.add(tape, c, c));
      assertThat(tape.length()).isZero();
      assertThat(y.requiresGradient()).isFalse();
      Variable x = tape.variable(vector(1, 2));
      tape.backward(Primitives.sum(tape, Primitives.multiply(tape, x, y)));
      assertThat(c.gradient()).isNull();
      assertThat(x.gradient().toDoubleVector()).isEqualTo(y.value().toDoubleVector());
    }
  }

  @Test
  void parameterGradients_accumulateInTheFlatVectorOverTapes() {
    INDArray values = vector(1, 2, 3, 4);
    INDArray gradients = vector(100, 100, 100, 100);
    INDArray weight = values.get(NDArrayIndex.interval(1, 3)).reshape('c', new long[] {2, 1});
    INDArray gradient = gradients.get(NDArrayIndex.interval(1, 3)).reshape('c', new long[] {2, 1});
    for (int step = 0; step < 2; step++) {
      try (Tape tape = Tape.training()) {
        Variable w = tape.parameter(weight, gradient);
        Variable x = tape.constant(vector(5, 7).reshape('c', new long[] {1, 2}));
        tape.backward(Primitives.sum(tape, Primitives.matmul(tape, x, w)));
      }
    }
    assertThat(gradients.toDoubleVector()).containsExactly(100, 110, 114, 100);
  }

  @Test
  void inferenceTape_recordsNothingAndRefusesBackward() {
    try (Tape tape = Tape.inference()) {
      Variable x = tape.variable(vector(1, 2));
      Variable y = Primitives.sum(tape, x);
      assertThat(tape.length()).isZero();
      assertThatIllegalStateException()
          .isThrownBy(() -> tape.backward(y))
          .withMessage("backward: this tape is for inference; use Tape.training()");
    }
  }

  @Test
  void closedTape_saysSo() {
    INDArray given = vector(1, 2);
    Variable leaf;
    Variable result;
    Tape tape = Tape.training();
    try (tape) {
      leaf = tape.variable(given);
      result = Primitives.add(tape, leaf, leaf);
    }
    assertThat(leaf.value().toDoubleVector()).containsExactly(1, 2);
    assertThatIllegalStateException()
        .isThrownBy(result::value)
        .withMessageContaining("detach() what must survive");
    assertThatIllegalStateException()
        .isThrownBy(() -> Primitives.affine(tape, 2, leaf, 0))
        .withMessageContaining("open a new tape for every step");
  }

  @Test
  void tapeInsideATape_leavesTheOuterAlone() {
    try (Tape outer = Tape.training()) {
      Variable x = outer.variable(vector(1, 2));
      Variable y = Primitives.affine(outer, 2, x, 0);
      for (int i = 0; i < 3; i++) {
        try (Tape inner = Tape.inference();
            Tape innermost = Tape.training()) {
          Primitives.affine(inner, 7, inner.constant(y.value()), 0);
          Primitives.affine(innermost, 7, innermost.constant(y.value()), 0);
        }
      }
      assertThat(y.value().toDoubleVector()).containsExactly(2, 4);
      outer.backward(Primitives.sum(outer, y));
      assertThat(x.gradient().toDoubleVector()).containsExactly(2, 2);
    }
  }

  @Test
  void detachedTape_leavesItsArrays() {
    Variable y;
    try (Tape tape = Tape.detached()) {
      y = Primitives.affine(tape, 2, tape.variable(vector(1, 2)), 0);
    }
    assertThat(y.value().toDoubleVector()).containsExactly(2, 4);
  }

  @Test
  void pullbackWithAWrongShape_isRefused() {
    try (Tape tape = Tape.training()) {
      Variable x = tape.variable(vector(1, 2));
      Variable y = tape.record(vector(3), c -> c.add(0, c.output(0).dup()), x);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> tape.backward(y))
          .withMessage("pullback: gradient of input 0 must have shape [2], got [1]");
    }
  }

  @Test
  void backward_checksLossAndCotangents() {
    try (Tape tape = Tape.training()) {
      Variable x = tape.variable(vector(1, 2));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> tape.backward(x))
          .withMessageContaining("loss must be a scalar, got shape [2]");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> tape.backward(List.of(x), List.of(vector(1))))
          .withMessage("backward: cotangent must have shape [2], got [1]");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> tape.backward(List.of(x), List.of(vector(1, 2).castTo(DataType.FLOAT))))
          .withMessage("backward: cotangent must be of type DOUBLE, got FLOAT; use castTo");
    }
  }

  @Test
  void manyStepsOfVaryingShapes_takeTheMemoryOfTheLargest() {
    INDArray weight = Nd4j.rand(DataType.FLOAT, 32, 32);
    INDArray gradient = Nd4j.create(DataType.FLOAT, 32, 32);
    SplittableRandom random = new SplittableRandom(5);
    // Another test may have left a larger workspace; the first of these fits it or grows it.
    step(weight, gradient, 320);
    long workspace = workspaceBytes();
    long arrays = bytesOfArraysBesideWorkspaces();
    for (int i = 0; i < STEPS; i++) {
      step(weight, gradient, random.nextInt(1, 320));
      assertThat(workspace().getNumberOfExternalAllocations()).isZero();
      assertThat(workspace().getNumberOfPinnedAllocations()).isZero();
    }
    assertThat(workspaceBytes()).isEqualTo(workspace);
    assertThat(bytesOfArraysBesideWorkspaces() - arrays).isLessThan(SLACK_BYTES);
  }

  private static Nd4jWorkspace workspace() {
    return (Nd4jWorkspace) Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread("zoo-training");
  }

  private static long workspaceBytes() {
    return workspace().getCurrentSize();
  }

  /** As ND4J counts them, garbage included: no measure of the process, which has other threads. */
  private static long bytesOfArraysBesideWorkspaces() {
    return Nd4jCpu.Environment.getInstance().getDeviceCounter(0);
  }

  private static void step(INDArray weight, INDArray gradient, int time) {
    try (Tape tape = Tape.training()) {
      Variable w = tape.parameter(weight, gradient);
      Variable x = tape.constant(tape.zeros(DataType.FLOAT, 2, time, 32));
      Variable h = Primitives.add(tape, x, Primitives.matmul(tape, x, w));
      tape.backward(Primitives.sum(tape, Primitives.softmax(tape, h)));
    }
  }

  @Test
  void steppingTape_writesToTheArraysOfTheStepBefore() {
    try (Tape tape = Tape.stepping()) {
      Variable x = tape.constant(vector(3, -1));
      INDArray first = Primitives.add(tape, x, x).value();
      tape.startOver();
      INDArray second = Primitives.multiply(tape, x, x).value();
      assertThat(second).isSameAs(first);
      assertThat(second.toDoubleVector()).containsExactly(9, 1);
    }
  }

  @Test
  void steppingTape_givesAnotherShapeAnArrayOfItsOwn() {
    try (Tape tape = Tape.stepping()) {
      Variable x = tape.constant(vector(3, -1));
      Variable longer = tape.constant(vector(3, -1, 2));
      Primitives.add(tape, x, x);
      INDArray kept = Primitives.affine(tape, 2, x, 0).value();
      tape.startOver();
      assertThat(Primitives.add(tape, longer, longer).value().toDoubleVector())
          .containsExactly(6, -2, 4);
      assertThat(Primitives.affine(tape, 2, x, 0).value()).isSameAs(kept);
      tape.startOver();
      assertThat(Primitives.add(tape, x, x).value().toDoubleVector()).containsExactly(6, -2);
    }
  }

  @Test
  void steppingTape_reshapesOnceWhatItReshapesAgain() {
    try (Tape tape = Tape.stepping()) {
      Variable x = tape.constant(vector(3, -1));
      INDArray first = Primitives.reshape(tape, Primitives.add(tape, x, x), 2, 1).value();
      tape.startOver();
      Variable again = Primitives.reshape(tape, Primitives.multiply(tape, x, x), 2, 1);
      assertThat(again.value()).isSameAs(first);
      assertThat(again.value().toDoubleVector()).containsExactly(9, 1);
    }
  }

  @Test
  void valuesOfAStep_areRefusedInTheNext() {
    try (Tape tape = Tape.stepping()) {
      Variable x = tape.constant(vector(3, -1));
      Variable y = Primitives.add(tape, x, x);
      tape.startOver();
      assertThat(x.value().toDoubleVector()).containsExactly(3, -1);
      assertThatIllegalStateException()
          .isThrownBy(y::value)
          .withMessageContaining("variable: its tape must be open and in the same step");
    }
  }

  @Test
  void tapesForOneStep_dontStartOver() {
    try (Tape tape = Tape.inference()) {
      assertThatIllegalStateException()
          .isThrownBy(tape::startOver)
          .withMessageContaining("use Tape.stepping()");
    }
  }

  @Test
  void steppingTapes_closeInAnyOrder() {
    INDArray x = vector(3, -1);
    Tape outer = Tape.stepping();
    Tape inner = Tape.stepping();
    outer.close();
    inner.close();
    // No scope is left that keeps windows: each is a new one.
    assertThat(Precision.DOUBLE.slab(x)).isNotSameAs(Precision.DOUBLE.slab(x));
  }
}
