package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.core.kernel.Replay;
import org.jspecify.annotations.Nullable;
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

  private @Nullable INDArray gradient;
  private boolean gradientIsShared;
  private GradientArrays.@Nullable Storage storage;
  private boolean keepsGradient;
  private boolean gaveGradientBack;

  Variable(Tape tape, INDArray value, boolean requiresGradient, @Nullable INDArray gradient) {
    this(tape, value, requiresGradient, gradient, tape.isFixing());
  }

  Variable(
      Tape tape,
      INDArray value,
      boolean requiresGradient,
      @Nullable INDArray gradient,
      boolean fixed) {
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
    checkUsable(value);
    return value;
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
    checkUsable(value);
    return value;
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
   * to be written to: variables may share it. Leaves keep theirs; what was computed keeps it where
   * {@link #keepGradient} was said before.
   */
  public @Nullable INDArray gradient() {
    checkState(
        !gaveGradientBack,
        "variable: the gradient of what was computed is kept only if asked for, got one that others"
            + " have overwritten; call keepGradient() before backward");
    if (gradient != null) {
      checkUsable(gradient);
    }
    return gradient;
  }

  /** Lets this variable, which was computed, keep its gradient after backward. */
  public void keepGradient() {
    keepsGradient = true;
  }

  private void checkUsable(INDArray array) {
    checkState(
        !tape.hasReleased(array, step),
        "variable: its tape must be open and in the same step, got one that was closed or started"
            + " over, which gave its memory back; detach() what must survive before");
  }

  /** Whether the value goes with its tape, so that who wants to keep it must copy. */
  public boolean isOfTape() {
    return tape.owns(value);
  }

  boolean gradientIsShared() {
    return gradientIsShared;
  }

  void setGradient(INDArray array, boolean shared) {
    GradientArrays arrays = tape.gradientArrays();
    GradientArrays.@Nullable Storage before = storage;
    storage = arrays.hold(array);
    arrays.letGo(before);
    gradient = array;
    gradientIsShared = shared;
    gaveGradientBack = false;
  }

  /** Whether backward has come to a gradient here, and the gradient isn't gone. */
  boolean hasGradient() {
    return gradient != null;
  }

  /** Its pullback has run. */
  void giveGradientBack() {
    if (keepsGradient || gradient == null) {
      return;
    }
    tape.gradientArrays().letGo(storage);
    storage = null;
    gradient = null;
    gaveGradientBack = true;
  }
}
