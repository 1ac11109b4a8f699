package io.sequencezoo.bench;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.memory.AttentionalBias;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.dynamics.memory.OptimiserMemoryRecurrence;
import io.sequencezoo.core.dynamics.memory.Retention;
import io.sequencezoo.core.kernel.Unary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Memories that learn, forward and backward, against PyTorch running the same chunks batched,
 * without a loop over tokens. Sizes are those of layers of width 256.
 */
final class MemoryWorkloads {
  private static final int BATCH = 8;
  private static final int HEADS = 4;
  private static final int SIZE = 64;
  private static final int EXPANSION = 4;
  private static final double TARGET = 1.0 / 5;

  private MemoryWorkloads() {}

  static List<Comparison> comparisons() {
    List<Comparison> all = new ArrayList<>();
    for (boolean deep : new boolean[] {false, true}) {
      for (int time : new int[] {256, 2048}) {
        for (int chunk : new int[] {16, 64}) {
          String form = deep ? "memory-deep" : "memory-linear";
          String sizes = " " + BATCH + " " + time + " " + HEADS + " " + SIZE + " " + chunk;
          all.add(
              new Comparison(
                  form + "-c" + chunk + "-t" + time,
                  form + sizes,
                  TARGET,
                  0,
                  () -> memory(deep, time, chunk)));
        }
      }
    }
    return all;
  }

  /** A matrix under squared errors and decay, or Titans' two layers with momentum. */
  private static MemoryRule rule(boolean deep, int chunk) {
    return new MemoryRule(
        deep
            ? MemoryNetwork.mlp(2, EXPANSION).withResidual(MemoryNetwork.Residual.INPUT)
            : MemoryNetwork.linear(),
        new AttentionalBias.L2(),
        new Retention.Decay(),
        InnerAlgorithm.of(deep ? InnerAlgorithm.Kind.MOMENTUM : InnerAlgorithm.Kind.DESCENT),
        chunk);
  }

  private static Runnable memory(boolean deep, int time, int chunk) {
    MemoryRule rule = rule(deep, chunk);
    OptimiserMemoryRecurrence recurrence = new OptimiserMemoryRecurrence(rule);
    double unit = 1 / Math.sqrt(SIZE);
    Map<String, INDArray> values = new LinkedHashMap<>();
    values.put(OptimiserMemoryRecurrence.QUERY, normal(unit, BATCH, time, HEADS, SIZE));
    values.put(OptimiserMemoryRecurrence.KEY, normal(unit, BATCH, time, HEADS, SIZE));
    values.put(OptimiserMemoryRecurrence.VALUE, normal(1, BATCH, time, HEADS, SIZE));
    if (deep) {
      values.put(OptimiserMemoryRecurrence.NORM_WEIGHT, normal(1, HEADS, SIZE));
      values.put(OptimiserMemoryRecurrence.NORM_BIAS, normal(1, HEADS, SIZE));
    }
    INDArray step = normal(1, BATCH, time, HEADS);
    INDArray retained = normal(1, BATCH, time, HEADS);
    INDArray momentum = normal(1, BATCH, time, HEADS);
    Map<String, INDArray> starts = new LinkedHashMap<>();
    rule.network()
        .parts(SIZE, SIZE)
        .forEach(
            part ->
                starts.put(
                    part.name(), normal(1 / Math.sqrt(part.in()), HEADS, part.in(), part.out())));
    INDArray cotangent = normal(1, BATCH, time, HEADS, SIZE);
    return () -> {
      try (Tape tape = Tape.training()) {
        Map<String, Variable> coefficients = new LinkedHashMap<>();
        values.forEach((name, value) -> coefficients.put(name, tape.variable(value)));
        Variable open = Primitives.map(tape, Unary.SIGMOID, tape.variable(step));
        coefficients.put(
            OptimiserMemoryRecurrence.STEP, Primitives.affine(tape, 1.0 / (chunk * SIZE), open, 0));
        coefficients.put(
            OptimiserMemoryRecurrence.RETAINED,
            Primitives.map(
                tape, Unary.SIGMOID, Primitives.affine(tape, 1, tape.variable(retained), 4)));
        if (deep) {
          coefficients.put(
              OptimiserMemoryRecurrence.MOMENTUM,
              Primitives.map(tape, Unary.SIGMOID, tape.variable(momentum)));
        }
        Map<String, Variable> weights = new LinkedHashMap<>();
        starts.forEach((name, value) -> weights.put(name, tape.variable(value)));
        State state =
            new State(recurrence.startingFrom(tape, BATCH, SIZE, SIZE, weights), new int[BATCH]);
        Evolution evolution = recurrence.evolve(tape, Solver.AUTO, coefficients, state, null);
        tape.backward(List.of(evolution.outputs()), List.of(cotangent));
      }
    };
  }

  private static INDArray normal(double scale, long... shape) {
    return Nd4j.randn(DataType.FLOAT, shape).muli(scale);
  }
}
