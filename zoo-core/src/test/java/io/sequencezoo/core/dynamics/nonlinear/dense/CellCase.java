package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** One cell with numbers for everything that it takes, run by the oracle and by the recurrence. */
final class CellCase {
  final CellOracle cell;
  final int batch;
  final int steps;
  final int hidden;
  final int[] lengths;

  /** Coefficients but for the mask, then the parts of the state, by name. */
  final Map<String, double[]> inputs = new LinkedHashMap<>();

  final Map<String, long[]> shapes = new LinkedHashMap<>();
  final double[] mask;
  final double[] cotangents;

  CellCase(CellOracle cell, int batch, int steps, int hidden, int[] lengths, boolean masked) {
    SplittableRandom random = new SplittableRandom(20261123);
    this.cell = cell;
    this.batch = batch;
    this.steps = steps;
    this.hidden = hidden;
    this.lengths = lengths;
    CellLayout layout = cell.layout();
    // Recurrent products of size 1, so that long sequences don't amplify roundings.
    double scale = 1.5 / Math.sqrt((double) hidden / cell.heads());
    add("x", random, 1.5, batch, steps, (long) layout.inputGates() * hidden);
    for (int s = 0; s < layout.stages().size(); s++) {
      int gates = layout.stages().get(s).targets().length;
      add(layout.weightName(s), random, scale, hidden, (long) gates * hidden / cell.heads());
    }
    if (layout.innerGates() > 0) {
      add("b", random, 1, layout.innerGates(), hidden);
    }
    if (layout.parameters() > 0) {
      add("p", random, 1, layout.parameters(), hidden);
    }
    for (String part : layout.parts()) {
      add("state " + part, random, 1, batch, hidden);
    }
    if (inputs.containsKey("state n")) {
      double[] weights = inputs.get("state n");
      Arrays.setAll(weights, i -> 0.5 + Math.abs(weights[i]));
    }
    this.mask = masked ? new double[batch * hidden] : null;
    if (masked) {
      Arrays.setAll(mask, i -> random.nextDouble() < 0.3 ? 0 : 1 / 0.7);
    }
    int outputs = batch * steps * hidden + layout.parts().size() * batch * hidden;
    this.cotangents = random.doubles(outputs, -1, 1).toArray();
  }

  private void add(String name, SplittableRandom random, double scale, long... shape) {
    int length = (int) Arrays.stream(shape).reduce(1, Math::multiplyExact);
    inputs.put(name, random.doubles(length, -scale, scale).toArray());
    shapes.put(name, shape);
  }

  /** The same with recurrent weights and biases scaled, so that Newton's method converges. */
  CellCase scaled(double factor) {
    inputs.forEach(
        (name, values) -> {
          if (name.startsWith("w") || name.equals("b") || name.equals("p")) {
            Arrays.setAll(values, i -> values[i] * factor);
          }
        });
    return this;
  }

  INDArray array(double[] values, DataType type, long... shape) {
    return Nd4j.createFromArray(values).castTo(type).reshape('c', shape);
  }

  int length(int row) {
    return lengths == null ? steps : lengths[row];
  }

  /** Outputs and last parts of the state, one after the other. */
  double[] oracle() {
    int parts = cell.layout().parts().size();
    double[] result = new double[cotangents.length];
    for (int b = 0; b < batch; b++) {
      double[][] state = new double[parts][];
      for (int part = 0; part < parts; part++) {
        double[] start = inputs.get("state " + cell.layout().parts().get(part));
        state[part] = Arrays.copyOfRange(start, b * hidden, (b + 1) * hidden);
      }
      for (int t = 0; t < length(b); t++) {
        double[][] next = new double[parts][hidden];
        CellOracle.Row row = row(b, t);
        for (int j = 0; j < hidden; j++) {
          cell.step(row, j, state, next);
        }
        state = next;
        System.arraycopy(state[0], 0, result, (b * steps + t) * hidden, hidden);
      }
      for (int part = 0; part < parts; part++) {
        int at = (batch * steps + part * batch + b) * hidden;
        System.arraycopy(state[part], 0, result, at, hidden);
      }
    }
    return result;
  }

  private CellOracle.Row row(int b, int t) {
    double[] x = inputs.get("x");
    double[] bias = inputs.get("b");
    double[] own = inputs.get("p");
    int from = (b * steps + t) * cell.layout().inputGates() * hidden;
    double[] kept = new double[hidden];
    Arrays.fill(kept, 1);
    if (mask != null) {
      System.arraycopy(mask, b * hidden, kept, 0, hidden);
    }
    return new CellOracle.Row(
        (gate, j) -> x[from + gate * hidden + j],
        this::weight,
        (gate, j) -> bias[gate * hidden + j],
        (slot, j) -> own[slot * hidden + j],
        kept);
  }

  private double weight(int stage, int gate, int p, int j) {
    int block = hidden / cell.heads();
    if (p / block != j / block) {
      return 0;
    }
    int columns = cell.layout().stages().get(stage).targets().length * block;
    return inputs.get(cell.layout().weightName(stage))[p * columns + gate * block + j % block];
  }

  double loss() {
    double[] outputs = oracle();
    double loss = 0;
    for (int i = 0; i < outputs.length; i++) {
      loss += cotangents[i] * outputs[i];
    }
    return loss;
  }

  double[] run(DataType type) {
    List<double[]> parts = new ArrayList<>();
    for (Variable output : evolve(Tape.detached(), type, new LinkedHashMap<>())) {
      parts.add(output.value().dup('c').data().asDouble());
    }
    return parts.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  Map<String, double[]> gradients(DataType type) {
    return gradients(type, Solver.SEQUENTIAL);
  }

  Map<String, double[]> gradients(DataType type, Solver solver) {
    Tape tape = Tape.detached();
    Map<String, Variable> leaves = new LinkedHashMap<>();
    List<Variable> outputs = evolve(tape, type, leaves, solver);
    List<INDArray> given = new ArrayList<>();
    int at = 0;
    for (Variable output : outputs) {
      int n = (int) output.value().length();
      given.add(array(Arrays.copyOfRange(cotangents, at, at + n), type, output.shape()));
      at += n;
    }
    tape.backward(outputs, given);
    Map<String, double[]> gradients = new LinkedHashMap<>();
    leaves.forEach((name, leaf) -> gradients.put(name, leaf.gradient().dup('c').data().asDouble()));
    return gradients;
  }

  List<Variable> evolve(Tape tape, DataType type, Map<String, Variable> leaves) {
    return evolve(tape, type, leaves, Solver.SEQUENTIAL);
  }

  List<Variable> evolve(Tape tape, DataType type, Map<String, Variable> leaves, Solver solver) {
    return evolve(tape, type, leaves, solver, cell.recurrence());
  }

  List<Variable> evolve(
      Tape tape,
      DataType type,
      Map<String, Variable> leaves,
      Solver solver,
      CellRecurrence recurrence) {
    inputs.forEach(
        (name, values) -> leaves.put(name, tape.variable(array(values, type, shapes.get(name)))));
    Recurrence.Evolution evolution =
        recurrence.evolve(tape, solver, coefficients(tape, type, leaves), state(leaves), lengths);
    List<Variable> outputs = new ArrayList<>(List.of(evolution.outputs()));
    outputs.addAll(evolution.state().parts().values());
    return outputs;
  }

  Map<String, Variable> coefficients(Tape tape, DataType type, Map<String, Variable> leaves) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    leaves.forEach(
        (name, leaf) -> {
          if (!name.startsWith("state ")) {
            coefficients.put(name, leaf);
          }
        });
    if (mask != null) {
      coefficients.put("m", tape.constant(array(mask, type, batch, hidden)));
    }
    return coefficients;
  }

  State state(Map<String, Variable> leaves) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    for (String part : cell.layout().parts()) {
      parts.put(part, leaves.get("state " + part));
    }
    return new State(parts, new int[batch]);
  }
}
