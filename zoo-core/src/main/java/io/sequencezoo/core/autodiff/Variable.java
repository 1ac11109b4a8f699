package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.core.kernel.Replay;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A value on a {@link Tape}: a contiguous row-major array and, after backward, its gradient. */
public final class Variable {
  private final Tape tape;
  private final INDArray value;
  private final boolean requiresGradient;
  private final int step;

  /** Whether the numbers stay while steps start over. */
  private final boolean fixed;

  private INDArray gradient;
  private boolean gradientIsShared;

  Variable(Tape tape, INDArray value, boolean requiresGradient, INDArray gradient) {
    this(tape, value, requiresGradient, gradient, tape.isFixing());
  }

  Variable(Tape tape, INDArray value, boolean requiresGradient, INDArray gradient, boolean fixed) {
    this.fixed = fixed;
    this.tape = tape;
    this.value = value;
    this.requiresGradient = requiresGradient;
    this.step = tape.step();
    this.gradient = gradient;
  }

  /** The value. Never written to after it was recorded. */
  public INDArray value() {
    if (!fixed) {
      Replay.spoil();
    }
    return usable(value);
  }

  /**
   * Whether the numbers stay while steps start over: those of parameters, and what {@link
   * Tape#fixed} made of them.
   */
  public boolean isFixed() {
    return fixed;
  }

  /**
   * The value, for an operation that leaves its numbers to the tasks of {@link
   * io.sequencezoo.core.kernel.Parallel}: it neither decides anything by them nor computes with
   * them elsewhere. A step of such operations alone can be computed again without their code
   * ({@link Replay}).
   */
  public INDArray operand() {
    return usable(value);
  }

  /** The number of elements. */
  public long length() {
    return value.length();
  }

  /** The size of an axis; negative axes count from the last. */
  public int size(int axis) {
    return (int) value.size(axis);
  }

  /** The number of axes. */
  public int rank() {
    return value.rank();
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

  /**
   * The gradient after {@link Tape#backward}, or null where nothing depended on this variable. Not
   * to be written to: variables may share it.
   */
  public INDArray gradient() {
    return usable(gradient);
  }

  private INDArray usable(INDArray array) {
    checkState(
        array == null || !tape.hasReleased(array, step),
        "variable: its tape must be open and in the same step, got one that was closed or started"
            + " over, which gave its memory back; detach() what must survive before");
    return array;
  }

  /** Whether the value goes with its tape, so that who wants to keep it must copy. */
  public boolean isOfTape() {
    return tape.owns(value);
  }

  boolean gradientIsShared() {
    return gradientIsShared;
  }

  void setGradient(INDArray array, boolean shared) {
    gradient = array;
    gradientIsShared = shared;
  }
}
