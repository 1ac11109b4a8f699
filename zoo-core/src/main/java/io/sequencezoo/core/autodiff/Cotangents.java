package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a {@link Pullback} reads and writes: cotangents of outputs, and sinks for its inputs'. */
public final class Cotangents {
  private final Tape tape;
  private final Variable[] outputs;
  private final Variable[] inputs;

  Cotangents(Tape tape, Variable[] outputs, Variable[] inputs) {
    this.tape = tape;
    this.outputs = outputs;
    this.inputs = inputs;
  }

  /** The tape, to allocate arrays on. */
  public Tape tape() {
    return tape;
  }

  /** The cotangent of output i, or null where the loss doesn't depend on it. Never written to. */
  public @Nullable INDArray output(int i) {
    return outputs[i].gradient();
  }

  /**
   * The cotangent of the only output: a pullback runs only where the loss depends on what it is of.
   * Never written to.
   */
  public INDArray output() {
    INDArray gradient = outputs[0].gradient();
    checkState(
        outputs.length == 1 && gradient != null,
        "pullback: output() is of one output that the loss depends on, got %s; use output(i)",
        outputs.length);
    return gradient;
  }

  /** The cotangent of output i, zeros where the loss doesn't depend on it. Never written to. */
  public INDArray outputOrZeros(int i) {
    INDArray gradient = outputs[i].gradient();
    return gradient != null ? gradient : tape.zeros(outputs[i].type(), outputs[i].shape());
  }

  /** Whether input i wants a gradient. */
  public boolean needs(int i) {
    return inputs[i] != null && inputs[i].requiresGradient();
  }

  /** The shape of input i. */
  public long[] shape(int i) {
    return inputs[i].shape();
  }

  /**
   * Adds an array that the pullback made, and gives up, to the gradient of input i. An array that
   * others still read, such as the cotangent of an output, goes to {@link #share} instead.
   */
  public void add(int i, INDArray contribution) {
    contribute(i, contribution, false);
  }

  /**
   * Adds an array that others still read, such as the cotangent of an output or a reshaped view of
   * it, to the gradient of input i. It is copied only if another contribution follows.
   */
  public void share(int i, INDArray contribution) {
    contribute(i, contribution, true);
  }

  private void contribute(int i, INDArray contribution, boolean shared) {
    if (!needs(i)) {
      return;
    }
    Variable input = inputs[i];
    checkArgument(
        Arrays.equals(input.shape(), contribution.shape()),
        "pullback: gradient of input %s must have shape %s, got %s",
        i,
        Arrays.toString(input.shape()),
        Arrays.toString(contribution.shape()));
    INDArray gradient = input.gradient();
    if (gradient == null) {
      input.setGradient(contribution, shared);
    } else if (input.gradientIsShared()) {
      INDArray sum = tape.allocate(input.type(), input.shape());
      Elementwise.add(gradient, contribution, sum);
      input.setGradient(sum, false);
    } else {
      Elementwise.addInPlace(gradient, contribution);
    }
  }

  /**
   * Where to write the gradient of input i, which must need one, directly: with {@code beta = 0}
   * the array is uninitialised and must be overwritten whole, with {@code beta = 1} it must be
   * added to.
   */
  public Sink sink(int i) {
    checkArgument(needs(i), "pullback: input %s needs no gradient; ask needs(%s) first", i, i);
    Variable input = inputs[i];
    INDArray gradient = input.gradient();
    if (gradient == null) {
      gradient = tape.allocate(input.type(), input.shape());
      input.setGradient(gradient, false);
      return new Sink(gradient, 0);
    }
    if (input.gradientIsShared()) {
      gradient = tape.copy(gradient);
      input.setGradient(gradient, false);
    }
    return new Sink(gradient, 1);
  }

  /**
   * An array to write or add to.
   *
   * @param array the gradient
   * @param beta 0 to overwrite, 1 to add
   */
  public record Sink(INDArray array, int beta) {}
}
