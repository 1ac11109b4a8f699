package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

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

/** Training objectives over predictions and targets. */
public final class Losses {
  /** PyTorch's conventional target of positions that don't count. */
  public static final int IGNORE = -100;

  private Losses() {}

  /**
   * The softmax cross-entropy of class scores, fused: probabilities are never stored.
   *
   * <pre>{@code
   * logSumExp = log Σ_v e^{logits_v}
   * tokenLoss = m (logSumExp - logits_target), 0 where ignored
   * loss      = Σ tokenLoss / Σ m over the positions that are not ignored
   * }</pre>
   *
   * <p>Where every position is ignored or masked the loss is 0 and so are its gradients.
   *
   * @param logits {@code [..., V]}
   * @param targets {@code [...]} integers in {@code [0, V)} or {@code ignoreIndex}
   * @param labelMask {@code [...]} weights m, not negative; null for ones
   */
  public static CrossEntropy crossEntropy(
      Tape tape, Variable logits, INDArray targets, int ignoreIndex, @Nullable INDArray labelMask) {
    int v = Tiles.columns("cross-entropy", logits);
    long[] positions = Arrays.copyOf(logits.shape(), logits.shape().length - 1);
    checkArgument(v > 0, "cross-entropy: logits must have at least one class, got none");
    checkShape("cross-entropy: targets", targets, positions);
    int[] classes = Indices.read("cross-entropy targets", targets);
    double[] weights = weights(labelMask, positions, classes.length);
    for (int i = 0; i < classes.length; i++) {
      if (classes[i] == ignoreIndex) {
        weights[i] = 0;
      } else {
        checkArgument(
            classes[i] >= 0 && classes[i] < v,
            "cross-entropy: targets must be in [0, %s) or ignored (%s), got %s at position %s",
            v,
            ignoreIndex,
            classes[i],
            i);
      }
    }
    return new SoftmaxCrossEntropy<>(Precision.of(logits.type()), logits, classes, weights)
        .record(tape, positions);
  }

  /**
   * {@code Σ m (prediction - target)² / Σ m}: the mean over all elements, or over those of the
   * positions that the mask weighs. 0 where nothing is weighed.
   *
   * @param prediction {@code [..., D]}
   * @param target as prediction
   * @param mask {@code [...]} weights m, not negative; null for ones
   */
  public static Variable meanSquaredError(
      Tape tape, Variable prediction, INDArray target, @Nullable INDArray mask) {
    checkShape("mean squared error: target", target, prediction.shape());
    checkArgument(
        target.dataType() == prediction.type(),
        "mean squared error: target must be %s, got %s",
        prediction.type(),
        target.dataType());
    int d = Tiles.columns("mean squared error", prediction);
    long[] positions = Arrays.copyOf(prediction.shape(), prediction.shape().length - 1);
    double[] weights = weights(mask, positions, (int) Tiles.rows(prediction, d));
    double total = Arrays.stream(weights).sum() * d;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = total == 0 ? 0 : weights[i] / total;
    }
    Variable expected = tape.constant(target);
    return squaredError(tape, Precision.of(prediction.type()), prediction, expected, weights);
  }

  private static <A> Variable squaredError(
      Tape tape, Precision<A> precision, Variable prediction, Variable target, double[] weights) {
    Kernels<A> kernels = precision.kernels();
    int d = prediction.size(-1);
    Slab<A> xs = precision.slab(prediction.value());
    Slab<A> ts = precision.slab(target.value());
    double[] losses = new double[weights.length];
    Parallel.ranges(
        weights.length,
        Tiles.taskRows(d),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A x = scratch.take(d);
            A t = scratch.take(d);
            for (int r = (int) from; r < end; r++) {
              if (weights[r] != 0) {
                xs.load((long) r * d, x, 0, d);
                ts.load((long) r * d, t, 0, d);
                kernels.subtract(x, 0, t, 0, x, 0, d);
                losses[r] = weights[r] * kernels.dot(x, 0, x, 0, d);
              }
            }
          }
        });
    INDArray loss = scalar(tape, precision, Arrays.stream(losses).sum());
    return tape.record(
        loss,
        cotangents -> squaredErrorPullback(precision, cotangents, prediction, target, weights),
        prediction);
  }

  private static <A> void squaredErrorPullback(
      Precision<A> precision,
      Cotangents cotangents,
      Variable prediction,
      Variable target,
      double[] weights) {
    Kernels<A> kernels = precision.kernels();
    int d = prediction.size(-1);
    double gLoss = cotangents.output().getDouble(0);
    Slab<A> xs = precision.slab(prediction.value());
    Slab<A> ts = precision.slab(target.value());
    Tiles.Target<A> gx = Tiles.wanted(precision, cotangents, 0);
    Parallel.ranges(
        weights.length,
        Tiles.taskRows(d),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A x = scratch.take(d);
            A t = scratch.take(d);
            for (long r = from; r < end; r++) {
              double weight = weights[(int) r];
              if (weight == 0) {
                kernels.fill(x, 0, d, 0);
              } else {
                xs.load(r * d, x, 0, d);
                ts.load(r * d, t, 0, d);
                kernels.subtract(x, 0, t, 0, x, 0, d);
                kernels.affine(2 * weight * gLoss, x, 0, 0, x, 0, d);
              }
              gx.put(kernels, r * d, x, 0, t, d);
            }
          }
        });
  }

  static <A> INDArray scalar(Tape tape, Precision<A> precision, double value) {
    INDArray array = tape.allocate(precision.type());
    try (Scratch<A> scratch = precision.scratch()) {
      A one = scratch.take(1);
      precision.kernels().set(one, 0, value);
      precision.slab(array).store(0, one, 0, 1);
    }
    return array;
  }

  private static double[] weights(@Nullable INDArray mask, long[] positions, int n) {
    double[] weights = new double[n];
    if (mask == null) {
      Arrays.fill(weights, 1);
      return weights;
    }
    checkShape("label mask", mask, positions);
    INDArray own = Indices.own(mask);
    for (int i = 0; i < n; i++) {
      weights[i] = own.data().getDouble(i);
      checkArgument(
          weights[i] >= 0 && weights[i] < Double.POSITIVE_INFINITY,
          "label mask: must be finite and not negative, got %s at position %s",
          Double.valueOf(weights[i]),
          i);
    }
    return weights;
  }

  private static void checkShape(String subject, INDArray array, long[] shape) {
    checkArgument(
        Arrays.equals(array.shape(), shape),
        "%s must have shape %s, got %s",
        subject,
        Arrays.toString(shape),
        Arrays.toString(array.shape()));
  }

  /**
   * A cross-entropy and its parts, each differentiable.
   *
   * @param loss a scalar: the mean over positions that count
   * @param tokenLoss {@code [...]}: the loss of each position, 0 where ignored
   * @param logSumExp {@code [...]}: of the logits of every position
   */
  public record CrossEntropy(Variable loss, Variable tokenLoss, Variable logSumExp) {}
}
