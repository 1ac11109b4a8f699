package io.sequencezoo.core.autodiff;

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

  /** The cotangent of output i, or null where the loss doesn't depend on it. */
  public INDArray output(int i) {
    return outputs[i].gradient();
  }

  /** The cotangent of output i, zeros where the loss doesn't depend on it. */
  public INDArray outputOrZeros(int i) {
    INDArray gradient = outputs[i].gradient();
    return gradient != null ? gradient : tape.zeros(outputs[i].type(), outputs[i].shape());
  }

  /** Whether input i wants a gradient. */
  public boolean needs(int i) {
    return inputs[i] != null && inputs[i].requiresGradient();
  }

  /** Adds an array that the pullback made, and gives up, to the gradient of input i. */
  public void add(int i, INDArray contribution) {
    if (!needs(i)) {
      return;
    }
    Variable input = inputs[i];
    if (!input.gradientIsWritten() && input.gradientArray() == null) {
      input.setGradient(contribution);
    } else if (!input.gradientIsWritten()) {
      input.gradientArray().assign(contribution);
      input.markGradientWritten();
    } else {
      Elementwise.addInPlace(input.gradientArray(), contribution);
    }
  }

  /**
   * Where to write the gradient of input i directly: with {@code beta = 0} the array is
   * uninitialised and must be overwritten whole, with {@code beta = 1} it must be added to.
   */
  public Sink sink(int i) {
    Variable input = inputs[i];
    boolean written = input.gradientIsWritten();
    if (!written && input.gradientArray() == null) {
      input.setGradient(tape.allocate(input.type(), input.shape()));
    }
    input.markGradientWritten();
    return new Sink(input.gradientArray(), written ? 1 : 0);
  }

  /**
   * An array to write or add to.
   *
   * @param array the gradient
   * @param beta 0 to overwrite, 1 to add
   */
  public record Sink(INDArray array, int beta) {}
}
