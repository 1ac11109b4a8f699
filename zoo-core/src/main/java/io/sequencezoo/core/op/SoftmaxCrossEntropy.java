package io.sequencezoo.core.op;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One application of {@link Losses#crossEntropy}. Backward keeps the log of the normaliser and
 * recomputes the probabilities {@code p_v = e^{logits_v - logSumExp}}:
 *
 * <pre>{@code
 * a  = gLoss m / Σ m + gTokenLoss m          m = 0 where ignored
 * gx = (a + gLogSumExp) p_v - a [v = target]
 * }</pre>
 */
final class SoftmaxCrossEntropy<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final Variable logits;
  private final int[] targets;
  private final double[] weights;
  private final double total;
  private final int v;

  /**
   * An application.
   *
   * @param weights of each position, 0 where ignored
   */
  SoftmaxCrossEntropy(Precision<A> precision, Variable logits, int[] targets, double[] weights) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.logits = logits;
    this.targets = targets;
    this.weights = weights;
    this.total = Arrays.stream(weights).sum();
    this.v = logits.size(-1);
  }

  Losses.CrossEntropy record(Tape tape, long[] positions) {
    int n = targets.length;
    double[] losses = new double[n];
    INDArray tokenLoss = tape.allocate(logits.type(), positions);
    INDArray logSumExp = tape.allocate(logits.type(), positions);
    Slab<A> xs = precision.slab(logits.value());
    Slab<A> lossSlab = precision.slab(tokenLoss);
    Slab<A> logSlab = precision.slab(logSumExp);
    Parallel.ranges(
        n,
        Tiles.taskRows(v),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            int count = (int) (end - from);
            A row = scratch.take(v);
            A loss = scratch.take(count);
            A log = scratch.take(count);
            for (int i = 0; i < count; i++) {
              int r = (int) from + i;
              xs.load((long) r * v, row, 0, v);
              double target = weights[r] == 0 ? 0 : kernels.get(row, targets[r]);
              double max = kernels.max(row, 0, v);
              double normaliser = max + Math.log(kernels.expShift(row, 0, max, row, 0, v));
              losses[r] = weights[r] == 0 ? 0 : weights[r] * (normaliser - target);
              kernels.set(loss, i, losses[r]);
              kernels.set(log, i, normaliser);
            }
            lossSlab.store(from, loss, 0, count);
            logSlab.store(from, log, 0, count);
          }
        });
    double mean = total == 0 ? 0 : Arrays.stream(losses).sum() / total;
    INDArray loss = Losses.scalar(tape, precision, mean);
    Variable[] outputs =
        tape.record(
            new INDArray[] {loss, tokenLoss, logSumExp},
            cotangents -> pullback(cotangents, logSumExp),
            logits);
    return new Losses.CrossEntropy(outputs[0], outputs[1], outputs[2]);
  }

  private void pullback(Cotangents cotangents, INDArray logSumExp) {
    INDArray gLoss = cotangents.output(0);
    double gMean = gLoss == null || total == 0 ? 0 : gLoss.getDouble(0) / total;
    Slab<A> gToken = Tiles.cotangent(precision, cotangents, 1);
    Slab<A> gLog = Tiles.cotangent(precision, cotangents, 2);
    Slab<A> xs = precision.slab(logits.value());
    Slab<A> logs = precision.slab(logSumExp);
    Tiles.Target<A> gx = Tiles.wanted(precision, cotangents, 0);
    Parallel.ranges(
        targets.length,
        Tiles.taskRows(v),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            int count = (int) (end - from);
            A row = scratch.take(v);
            A spare = scratch.take(v);
            A log = scratch.take(count);
            A token = load(scratch, gToken, from, count);
            A normaliser = load(scratch, gLog, from, count);
            logs.load(from, log, 0, count);
            for (int i = 0; i < count; i++) {
              int r = (int) from + i;
              double a = weights[r] == 0 ? 0 : weights[r] * (gMean + kernels.get(token, i));
              double factor = a + kernels.get(normaliser, i);
              gradient(xs, r, kernels.get(log, i), a, factor, row);
              gx.put(kernels, (long) r * v, row, 0, spare, v);
            }
          }
        });
  }

  private void gradient(Slab<A> xs, int r, double log, double a, double factor, A row) {
    if (factor == 0 && a == 0) {
      kernels.fill(row, 0, v, 0);
      return;
    }
    xs.load((long) r * v, row, 0, v);
    kernels.expShift(row, 0, log, row, 0, v);
    kernels.affine(factor, row, 0, 0, row, 0, v);
    if (a != 0) {
      kernels.set(row, targets[r], kernels.get(row, targets[r]) - a);
    }
  }

  private A load(Scratch<A> scratch, @Nullable Slab<A> slab, long from, int count) {
    A array = scratch.zeros(count);
    if (slab != null) {
      slab.load(from, array, 0, count);
    }
    return array;
  }
}
