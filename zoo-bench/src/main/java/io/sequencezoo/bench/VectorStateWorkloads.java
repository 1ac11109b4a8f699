package io.sequencezoo.bench;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.vector.DiagonalRecurrence;
import io.sequencezoo.core.dynamics.vector.Discretisation;
import io.sequencezoo.core.dynamics.vector.SelectiveRecurrence;
import io.sequencezoo.models.vector.GatedOperators;
import io.sequencezoo.models.vector.SsmOperators;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Recurrences with a vector state, forward and backward, against PyTorch stepping them and against
 * its batched formulations. Sizes are those of layers of width 256.
 */
final class VectorStateWorkloads {
  private static final int WIDTH = 256;
  private static final int BATCH = 8;

  /** Mamba's inner width and states. */
  private static final int CHANNELS = 2 * WIDTH;

  private static final int STATES = 16;

  /** S4D's states per channel, and the states of one S5 or LRU layer. */
  private static final int MODES = 64;

  private static final double OVER_STEPPED = 0.1;
  private static final double OVER_BATCHED = 1.0 / 3;
  private static final double OVER_TRANSFORMS = 1.5;

  private VectorStateWorkloads() {}

  static List<Comparison> comparisons() {
    List<Comparison> all = new ArrayList<>();
    for (int time : new int[] {256, 2048}) {
      String mamba = " " + BATCH + " " + time + " " + CHANNELS + " " + STATES;
      add(all, "mamba-stepped", time, mamba, OVER_STEPPED, VectorStateWorkloads::mamba);
      add(all, "mamba-chunked", time, mamba, OVER_BATCHED, VectorStateWorkloads::mamba);
      if (time == 256) {
        // Beyond that it needs tens of gigabytes.
        add(all, "mamba-doubling", time, mamba, OVER_BATCHED, VectorStateWorkloads::mamba);
      }
      String scan = " " + BATCH + " " + time + " " + WIDTH;
      add(all, "scan-stepped", time, scan, OVER_STEPPED, VectorStateWorkloads::scan);
      add(all, "scan-chunked", time, scan, OVER_BATCHED, VectorStateWorkloads::scan);
      add(all, "scan-doubling", time, scan, OVER_BATCHED, VectorStateWorkloads::scan);
      String unit = " " + BATCH + " " + time + " " + WIDTH + " " + WIDTH;
      add(all, "linear-unit-stepped", time, unit, OVER_STEPPED, VectorStateWorkloads::linearUnit);
      add(all, "linear-unit-fft", time, unit, OVER_BATCHED, VectorStateWorkloads::linearUnit);
      String s4d = "s4d-fft " + BATCH + " " + time + " " + WIDTH + " " + MODES;
      int steps = time;
      all.add(
          new Comparison(
              "s4d-fft-t" + time,
              s4d,
              OVER_TRANSFORMS,
              0,
              () -> s4d(BATCH, steps, Solver.CONVOLUTION)));
      all.add(
          new Comparison(
              "s4d-auto-t" + time, s4d, OVER_BATCHED, 0, () -> s4d(BATCH, steps, Solver.AUTO)));
    }
    return all;
  }

  private static void add(
      List<Comparison> all,
      String name,
      int time,
      String sizes,
      double target,
      BiFunction<Integer, Integer, Runnable> zoo) {
    all.add(
        new Comparison(name + "-t" + time, name + sizes, target, 0, () -> zoo.apply(BATCH, time)));
  }

  /** The selective scan from the logits of its steps; gate and skip included. */
  private static Runnable mamba(int batch, int time) {
    Map<String, INDArray> values = new LinkedHashMap<>();
    values.put(SelectiveRecurrence.INPUT, normal(1, batch, time, CHANNELS));
    values.put(SelectiveRecurrence.STEP, normal(0.5, batch, time, CHANNELS));
    INDArray rates = normal(0.1, STATES, CHANNELS);
    values.put(SelectiveRecurrence.RATE, Transforms.exp(rates).neg());
    values.put(SelectiveRecurrence.WRITE, normal(1, batch, time, STATES));
    values.put(SelectiveRecurrence.READ, normal(1, batch, time, STATES));
    values.put(SelectiveRecurrence.SKIP, normal(1, CHANNELS));
    values.put(SelectiveRecurrence.GATE, normal(1, batch, time, CHANNELS));
    values.put(SelectiveRecurrence.BIAS, normal(0.1, CHANNELS).sub(4));
    return evolved(new SelectiveRecurrence(true), values, normal(1, batch, time, CHANNELS));
  }

  private static Runnable evolved(
      Recurrence recurrence, Map<String, INDArray> values, INDArray cotangent) {
    return () -> {
      try (Tape tape = Tape.training()) {
        Map<String, Variable> coefficients = new LinkedHashMap<>();
        values.forEach((name, value) -> coefficients.put(name, tape.variable(value)));
        Evolution evolution = recurrence.evolve(tape, Solver.AUTO, coefficients, null, null);
        tape.backward(List.of(evolution.outputs()), List.of(cotangent));
      }
    };
  }

  /** qLSTM between its projections: element-wise gates, scan and output gate. */
  private static Runnable scan(int batch, int time) {
    INDArray[] values = new INDArray[4];
    for (int i = 0; i < values.length; i++) {
      values[i] = normal(1, batch, time, WIDTH);
    }
    INDArray cotangent = normal(1, batch, time, WIDTH);
    return () -> {
      try (Tape tape = Tape.training()) {
        Variable y =
            GatedOperators.qLstm(
                    tape,
                    Solver.AUTO,
                    tape.variable(values[0]),
                    tape.variable(values[1]),
                    tape.variable(values[2]),
                    tape.variable(values[3]),
                    null,
                    null)
                .outputs();
        tape.backward(List.of(y), List.of(cotangent));
      }
    };
  }

  /** A complex diagonal system between dense maps, as in S5 and the LRU. */
  private static Runnable linearUnit(int batch, int time) {
    Map<String, INDArray> values = new LinkedHashMap<>();
    values.put(DiagonalRecurrence.INPUT, normal(1, batch, time, WIDTH));
    INDArray logLambda = normal(1, 2, WIDTH);
    logLambda.putRow(0, Transforms.exp(normal(0.5, WIDTH).sub(3)).neg());
    values.put(DiagonalRecurrence.LOG_LAMBDA, logLambda);
    double scale = 1 / Math.sqrt(WIDTH);
    values.put(DiagonalRecurrence.WRITE, normal(scale, WIDTH, 2L * WIDTH));
    values.put(DiagonalRecurrence.READ, normal(scale, 2L * WIDTH, WIDTH));
    values.put(DiagonalRecurrence.FEEDTHROUGH, normal(1, WIDTH));
    return evolved(DiagonalRecurrence.causal(), values, normal(1, batch, time, WIDTH));
  }

  /** S4D from its parameters, the kernel or the transition included. */
  private static Runnable s4d(int batch, int time, Solver solver) {
    int pairs = MODES / 2;
    INDArray u = normal(1, batch, time, WIDTH);
    INDArray logStep = normal(1, WIDTH).sub(4);
    INDArray logReal = normal(0.1, WIDTH, pairs).sub(Math.log(2));
    INDArray imaginary = normal(10, WIDTH, pairs);
    INDArray c = normal(1, WIDTH, 2, pairs);
    INDArray d = normal(1, WIDTH);
    INDArray cotangent = normal(1, batch, time, WIDTH, 1);
    return () -> {
      try (Tape tape = Tape.training()) {
        Variable y =
            SsmOperators.s4d(
                    tape,
                    solver,
                    new SsmOperators.S4dSystem(
                        Discretisation.ZOH,
                        tape.variable(logStep),
                        tape.variable(logReal),
                        tape.variable(imaginary),
                        tape.variable(c),
                        tape.variable(d)),
                    tape.variable(u),
                    null)
                .outputs();
        tape.backward(List.of(y), List.of(cotangent));
      }
    };
  }

  private static INDArray normal(double scale, long... shape) {
    return Nd4j.randn(DataType.FLOAT, shape).muli(scale);
  }
}
