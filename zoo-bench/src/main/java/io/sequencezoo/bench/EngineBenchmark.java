package io.sequencezoo.bench;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * What one operation costs: on the tape, with and without its pullback, and as an ND4J operation.
 */
@Fork(value = 1, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
public class EngineBenchmark extends JmhBenchmark {
  /** Elements: a single row, a tile, and an activation of a small model. */
  @Param({"64", "4096", "1048576"})
  public int elements;

  private INDArray x;
  private INDArray y;
  private INDArray matrix;

  /** Draws the operands. */
  @Setup
  public void setUp() {
    Nd4j.getRandom().setSeed(1);
    x = Nd4j.randn(DataType.FLOAT, elements / 64, 64);
    y = Nd4j.randn(DataType.FLOAT, elements / 64, 64);
    matrix = Nd4j.randn(DataType.FLOAT, 64, 64);
  }

  /** Addition recorded on the tape. */
  @Benchmark
  public float tapeAdd() {
    try (Tape tape = Tape.training()) {
      return Primitives.add(tape, tape.variable(x), tape.constant(y)).value().getFloat(0);
    }
  }

  /** Addition by ND4J, in the same workspace. */
  @Benchmark
  public float nd4jAdd() {
    try (Tape tape = Tape.inference()) {
      return x.add(y).getFloat(0);
    }
  }

  /** Exponential on the tape. */
  @Benchmark
  public float tapeExp() {
    try (Tape tape = Tape.training()) {
      return Primitives.map(tape, Unary.EXP, tape.variable(x)).value().getFloat(0);
    }
  }

  /** Exponential by ND4J. */
  @Benchmark
  public float nd4jExp() {
    try (Tape tape = Tape.inference()) {
      return Transforms.exp(x, true).getFloat(0);
    }
  }

  /** Softmax of rows of 64 on the tape. */
  @Benchmark
  public float tapeSoftmax() {
    try (Tape tape = Tape.training()) {
      return Primitives.softmax(tape, tape.variable(x)).value().getFloat(0);
    }
  }

  /** Softmax of rows of 64 by ND4J. */
  @Benchmark
  public float nd4jSoftmax() {
    try (Tape tape = Tape.inference()) {
      return Transforms.softmax(x, true).getFloat(0);
    }
  }

  /** Product of rows of 64 with a 64 x 64 matrix on the tape. */
  @Benchmark
  public float tapeMatmul() {
    try (Tape tape = Tape.training()) {
      return Primitives.matmul(tape, tape.variable(x), tape.constant(matrix)).value().getFloat(0);
    }
  }

  /** The same by ND4J. */
  @Benchmark
  public float nd4jMatmul() {
    try (Tape tape = Tape.inference()) {
      return x.mmul(matrix).getFloat(0);
    }
  }

  /** Forward and backward of {@code sum(exp(x) y)}. */
  @Benchmark
  public float tapeForwardBackward() {
    try (Tape tape = Tape.training()) {
      Variable leaf = tape.variable(x);
      Variable product =
          Primitives.multiply(tape, Primitives.map(tape, Unary.EXP, leaf), tape.constant(y));
      tape.backward(Primitives.sum(tape, product));
      return leaf.gradient().getFloat(0);
    }
  }
}
