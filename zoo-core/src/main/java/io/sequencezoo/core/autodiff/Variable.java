package io.sequencezoo.core.autodiff;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A value on a {@link Tape}: a contiguous row-major array and, after backward, its gradient. */
public final class Variable {
  private final INDArray value;
  private final boolean requiresGradient;
  private INDArray gradient;
  private boolean gradientIsWritten;

  Variable(INDArray value, boolean requiresGradient, INDArray gradient, boolean written) {
    this.value = value;
    this.requiresGradient = requiresGradient;
    this.gradient = gradient;
    this.gradientIsWritten = written;
  }

  /** The value. Never written to after it was recorded. */
  public INDArray value() {
    return value;
  }

  /** The size of an axis; negative axes count from the last. */
  public int size(int axis) {
    return (int) value.size(axis);
  }

  /** The shape. */
  public long[] shape() {
    return value.shape();
  }

  /** The data type. */
  public DataType type() {
    return value.dataType();
  }

  /** Whether backward computes a gradient for this variable. */
  public boolean requiresGradient() {
    return requiresGradient;
  }

  /** The gradient after {@link Tape#backward}, or null where nothing depended on this variable. */
  public INDArray gradient() {
    return gradientIsWritten ? gradient : null;
  }

  INDArray gradientArray() {
    return gradient;
  }

  boolean gradientIsWritten() {
    return gradientIsWritten;
  }

  void setGradient(INDArray array) {
    gradient = array;
    gradientIsWritten = true;
  }

  void markGradientWritten() {
    gradientIsWritten = true;
  }
}
