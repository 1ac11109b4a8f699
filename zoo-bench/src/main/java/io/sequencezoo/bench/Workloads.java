package io.sequencezoo.bench;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.attention.AttentionRecurrence;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What {@link PeerComparison} and {@link ScalingBenchmark} time. */
final class Workloads {
  private static final int SGEMM = 1024;

  /** Operations of one call of {@link #sgemm}. */
  static final double SGEMM_FLOPS = 2.0 * SGEMM * SGEMM * SGEMM;

  private static final int WIDTH = 256;
  private static final int BATCH = 8;
  private static final int HEADS = 4;

  private Workloads() {}

  static List<Comparison> comparisons() {
    List<Comparison> all = new ArrayList<>();
    all.add(transformer(BATCH, 256, WIDTH, HEADS, 4, 256, 1.0));
    all.addAll(CellWorkloads.comparisons());
    for (int time : new int[] {256, 2048}) {
      String sizes = " " + BATCH + " " + time + " " + HEADS + " 32 64";
      all.add(
          new Comparison(
              "gla-chunked-t" + time, "gla-chunked" + sizes, 1 / 1.5, 0, () -> gla(BATCH, time)));
      all.add(
          new Comparison(
              "gla-stepped-t" + time, "gla-stepped" + sizes, 1 / 5.0, 0, () -> gla(BATCH, time)));
    }
    all.addAll(VectorStateWorkloads.comparisons());
    all.addAll(MemoryWorkloads.comparisons());
    all.addAll(GenerationWorkloads.comparisons());
    return all;
  }

  /** A matrix product of the size at which the rate of the machine is measured. */
  static Runnable sgemm() {
    INDArray a = normal(SGEMM, SGEMM);
    INDArray b = normal(SGEMM, SGEMM);
    return () -> {
      try (Tape tape = Tape.inference()) {
        Primitives.matmul(tape, tape.constant(a), tape.constant(b));
      }
    };
  }

  private static Comparison transformer(
      int batch, int time, int width, int heads, int layers, int vocabulary, double target) {
    double tokens = (double) batch * time;
    double dense = layers * 12.0 * width * width + (double) width * vocabulary;
    // Causal attention needs half of the two T x T products.
    double attention = layers * (double) width * time;
    return new Comparison(
        "transformer-step",
        String.join(
            " ",
            "transformer",
            Integer.toString(batch),
            Integer.toString(time),
            Integer.toString(width),
            Integer.toString(heads),
            Integer.toString(layers),
            Integer.toString(vocabulary)),
        target,
        3 * 2 * tokens * (dense + attention),
        () -> TrainingStep.transformer(batch, time, width, heads, layers, vocabulary));
  }

  /** Gated linear attention from the logits of its gates, as the peer's workload. */
  static Runnable gla(int batch, int time) {
    int key = WIDTH / 2 / HEADS;
    int value = WIDTH / HEADS;
    INDArray q = normal(batch, time, HEADS, key);
    INDArray k = normal(batch, time, HEADS, key);
    INDArray v = normal(batch, time, HEADS, value);
    INDArray gate = normal(batch, time, HEADS, key);
    INDArray cotangent = normal(batch, time, HEADS, value);
    MatrixStateRecurrence recurrence = MatrixStateRecurrence.scaled(1 / Math.sqrt(key));
    return () -> {
      try (Tape tape = Tape.training()) {
        Variable g =
            Primitives.affine(
                tape, 1.0 / 16, Primitives.map(tape, Unary.LOG_SIGMOID, tape.variable(gate)), 0);
        Map<String, Variable> coefficients = new LinkedHashMap<>();
        coefficients.put(MatrixStateRecurrence.QUERY, tape.variable(q));
        coefficients.put(MatrixStateRecurrence.KEY, tape.variable(k));
        coefficients.put(MatrixStateRecurrence.VALUE, tape.variable(v));
        coefficients.put(MatrixStateRecurrence.DECAY, g);
        Evolution evolution = recurrence.evolve(tape, Solver.AUTO, coefficients, null, null);
        tape.backward(List.of(evolution.outputs()), List.of(cotangent));
      }
    };
  }

  /** Causal softmax attention of the same width and heads. */
  static Runnable attention(int batch, int time) {
    int size = WIDTH / HEADS;
    INDArray q = normal(batch, time, HEADS, size);
    INDArray k = normal(batch, time, HEADS, size);
    INDArray v = normal(batch, time, HEADS, size);
    INDArray cotangent = normal(batch, time, HEADS, size);
    AttentionRecurrence recurrence = AttentionRecurrence.causal();
    return () -> {
      try (Tape tape = Tape.training()) {
        Map<String, Variable> coefficients = new LinkedHashMap<>();
        coefficients.put("q", tape.variable(q));
        coefficients.put("k", tape.variable(k));
        coefficients.put("v", tape.variable(v));
        Evolution evolution = recurrence.evolve(tape, Solver.AUTO, coefficients, null, null);
        tape.backward(List.of(evolution.outputs()), List.of(cotangent));
      }
    };
  }

  private static INDArray normal(long... shape) {
    return Nd4j.randn(DataType.FLOAT, shape);
  }
}
