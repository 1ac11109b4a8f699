package io.sequencezoo.core.kernel;

import java.util.IdentityHashMap;
import org.nd4j.linalg.api.buffer.DataBuffer;
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

  /** The windows that a thread keeps, or null where it makes each anew. */
  @SuppressWarnings("ThreadLocalUsage") // There are two precisions, for ever.
  private final ThreadLocal<IdentityHashMap<Object, Slab<A>>> windows = new ThreadLocal<>();

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
  public final Slab<A> slab(INDArray array) {
    IdentityHashMap<Object, Slab<A>> kept = windows.get();
    if (kept == null) {
      return window(array);
    }
    Slab<A> slab = kept.get(array);
    if (slab == null) {
      slab = window(array);
      kept.put(array, slab);
    }
    return slab;
  }

  /** A window on all of a buffer. */
  public final Slab<A> slab(DataBuffer buffer) {
    IdentityHashMap<Object, Slab<A>> kept = windows.get();
    if (kept == null) {
      return window(buffer);
    }
    Slab<A> slab = kept.get(buffer);
    if (slab == null) {
      slab = window(buffer);
      kept.put(buffer, slab);
    }
    return slab;
  }

  /** The same for who keeps it himself, so that the thread doesn't hold the buffer any longer. */
  public final Slab<A> ownWindow(DataBuffer buffer) {
    return window(buffer);
  }

  abstract Slab<A> window(INDArray array);

  abstract Slab<A> window(DataBuffer buffer);

  /**
   * Has this thread keep its windows until the scope closes, for who opens the same ones again and
   * again: one costs more than a small kernel.
   */
  public static Windows keepWindows() {
    return new Windows();
  }

  /** While it is open, windows are kept. */
  public static final class Windows implements AutoCloseable {
    /** So that arrays which nobody asks for again don't pile up. */
    private static final int MOST = 4096;

    private static final ThreadLocal<Windows> INNERMOST = new ThreadLocal<>();

    private final Windows outer = INNERMOST.get();
    private final IdentityHashMap<Object, Slab<float[]>> floats = new IdentityHashMap<>();
    private final IdentityHashMap<Object, Slab<double[]>> doubles = new IdentityHashMap<>();
    private boolean closed;

    private Windows() {
      enter(this);
    }

    private static void enter(Windows scope) {
      INNERMOST.set(scope);
      FLOAT.windows.set(scope == null ? null : scope.floats);
      DOUBLE.windows.set(scope == null ? null : scope.doubles);
    }

    /** Gives back windows if there are many. */
    public void prune() {
      if (floats.size() + doubles.size() > MOST) {
        clear();
      }
    }

    /** Gives all windows back. */
    public void clear() {
      floats.clear();
      doubles.clear();
    }

    @Override
    public void close() {
      clear();
      closed = true;
      // Scopes may close in any order; a closed one must not collect windows again.
      Windows open = INNERMOST.get();
      while (open != null && open.closed) {
        open = open.outer;
      }
      enter(open);
    }
  }

  /** Scratch memory of its own, for who keeps what he takes. */
  public final Scratch<A> ownScratch() {
    return new Scratch<>(this);
  }

  /** This thread's scratch memory; close it to give everything back. */
  public Scratch<A> scratch() {
    return scratch.get().open();
  }
}
