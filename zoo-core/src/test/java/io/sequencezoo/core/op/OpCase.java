package io.sequencezoo.core.op;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An operation with shapes of its leaves, to be put through the laws that all operations obey. */
record OpCase(String name, List<long[]> shapes, Op op) {
  /** From leaves to differentiable outputs. */
  @FunctionalInterface
  interface Op {
    List<Variable> apply(Tape tape, List<Variable> leaves);
  }

  /** Outputs, then gradients of the leaves, under random cotangents. */
  record Result(List<INDArray> outputs, List<INDArray> gradients) {
    List<INDArray> all() {
      List<INDArray> all = new ArrayList<>(outputs);
      all.addAll(gradients);
      return all;
    }
  }

  static OpCase of(String name, Op op, long[]... shapes) {
    return new OpCase(name, List.of(shapes), op);
  }

  List<INDArray> leaves(DataType type) {
    SplittableRandom random = new SplittableRandom(name.hashCode());
    List<INDArray> leaves = new ArrayList<>();
    for (long[] shape : shapes) {
      leaves.add(random(random, DataType.DOUBLE, shape).castTo(type));
    }
    return leaves;
  }

  /** Evaluates {@code times} applications on the same leaves and their summed gradients. */
  Result run(DataType type, int times) {
    List<INDArray> cotangents = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      cotangents.addAll(cotangents(type));
    }
    return run(leaves(type), cotangents);
  }

  /** Random cotangents of the outputs. */
  List<INDArray> cotangents(DataType type) {
    Tape tape = Tape.detached();
    List<Variable> outputs = op.apply(tape, leaves(type).stream().map(tape::constant).toList());
    List<INDArray> cotangents = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      cotangents.add(cotangent(i, outputs.get(i)));
    }
    return cotangents;
  }

  /** Applies it to these leaves as often as there are cotangents for. */
  Result run(List<INDArray> leaves, List<INDArray> cotangents) {
    Tape tape = Tape.detached();
    List<Variable> variables = leaves.stream().map(tape::variable).toList();
    List<Variable> outputs = new ArrayList<>();
    while (outputs.size() < cotangents.size()) {
      outputs.addAll(op.apply(tape, variables));
    }
    tape.backward(outputs, cotangents);
    return new Result(
        outputs.stream().map(Variable::value).toList(),
        variables.stream().map(Variable::gradient).toList());
  }

  /** {@code Σ cotangent output} at the given leaves. */
  double value(List<INDArray> leaves) {
    Tape tape = Tape.detached();
    List<Variable> variables = leaves.stream().map(tape::constant).toList();
    List<Variable> outputs = op.apply(tape, variables);
    double sum = 0;
    for (int i = 0; i < outputs.size(); i++) {
      double[] y = doubles(outputs.get(i).value());
      double[] g = doubles(cotangent(i, outputs.get(i)));
      for (int j = 0; j < y.length; j++) {
        sum += y[j] * g[j];
      }
    }
    return sum;
  }

  private static INDArray cotangent(int index, Variable output) {
    INDArray exact = random(new SplittableRandom(977 + index), DataType.DOUBLE, output.shape());
    return exact.castTo(output.type());
  }

  static INDArray random(SplittableRandom random, DataType type, long... shape) {
    INDArray array = Nd4j.create(DataType.DOUBLE, shape);
    for (long i = 0; i < array.length(); i++) {
      array.data().put(i, 2 * random.nextDouble() - 1);
    }
    return array.castTo(type);
  }

  static double[] doubles(INDArray array) {
    return array.length() == 0 ? new double[0] : array.dup('c').data().asDouble();
  }

  @Override
  public String toString() {
    return name;
  }
}
