package io.sequencezoo.core.kernel;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Float or double: ties the kernels of a precision to arrays, scratch memory and the off-heap data
 * of {@link INDArray}s. Algorithms take {@code Precision.of(array)} and are generic in {@code A}.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public abstract class Precision<A> {
  /** Single precision, for training. */
  // Its subclasses are of this package, which asks for them through this class alone.
  @SuppressWarnings("ClassInitializationDeadlock")
  public static final Precision<float[]> FLOAT = new FloatPrecision();

  /** Double precision, for checks. */
  @SuppressWarnings("ClassInitializationDeadlock") // As above.
  public static final Precision<double[]> DOUBLE = new DoublePrecision();

  private final ThreadLocal<Scratch<A>> scratch =
      ThreadLocal.withInitial(() -> new Scratch<>(this));

  Precision() {}

  /** The precision of an array's data type. */
  public static Precision<?> of(INDArray array) {
    return of(array.dataType());
  }

  /** The precision of a data type; only FLOAT and DOUBLE have one. */
  public static Precision<?> of(DataType type) {
    return switch (type) {
      case FLOAT -> FLOAT;
      case DOUBLE -> DOUBLE;
      default ->
          throw new IllegalArgumentException(
              "data type: must be FLOAT or DOUBLE, got " + type + "; use castTo(DataType.FLOAT)");
    };
  }

  /** The kernels chosen for this machine. */
  public abstract Kernels<A> kernels();

  /** ND4J's name of this precision. */
  public abstract DataType type();

  /** A window on the data of a contiguous row-major array. */
  public abstract Slab<A> slab(INDArray array);

  /** This thread's scratch memory; close it to give everything back. */
  public Scratch<A> scratch() {
    return scratch.get().open();
  }
}
