package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.SPECIES;
import static io.sequencezoo.core.kernel.Lanes.load;

import com.google.common.base.CaseFormat;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Loops of {@link Unary} functions over whole vectors. What is left at the end goes through the
 * same code in a padded copy, so that a value depends on its argument and never on its place.
 *
 * <p>Every function has a loop of its own: one loop around a choice would keep HotSpot from holding
 * vectors in registers. They are found by name in {@link VectorUnaryLoops}: {@code logSigmoid} for
 * {@code LOG_SIGMOID}.
 */
final class VectorUnary {
  private static final MethodHandle[] LOOPS = loops();
  private static final ThreadLocal<Pad> PAD = ThreadLocal.withInitial(Pad::new);

  private VectorUnary() {}

  /** One vector of each argument. */
  private static final class Pad {
    private final float[] x = new float[COUNT];
    private final float[] y = new float[COUNT];
    private final float[] g = new float[COUNT];
  }

  static void map(Unary f, float[] x, int xo, float[] y, int yo, int n) {
    int whole = SPECIES.loopBound(n);
    value(f, x, xo, y, yo, whole);
    int rest = n - whole;
    if (rest > 0) {
      Pad pad = PAD.get();
      System.arraycopy(x, xo + whole, pad.x, 0, rest);
      value(f, pad.x, 0, pad.y, 0, COUNT);
      System.arraycopy(pad.y, 0, y, yo + whole, rest);
    }
  }

  static void mapPullback(
      Unary f,
      float[] x,
      int xo,
      float[] y,
      int yo,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      int n) {
    int whole = SPECIES.loopBound(n);
    VectorUnaryLoops.pullback(f, x, xo, y, yo, gy, gyo, gx, gxo, whole);
    int rest = n - whole;
    if (rest > 0) {
      Pad pad = PAD.get();
      System.arraycopy(x, xo + whole, pad.x, 0, rest);
      System.arraycopy(y, yo + whole, pad.y, 0, rest);
      System.arraycopy(gy, gyo + whole, pad.g, 0, rest);
      VectorUnaryLoops.pullback(f, pad.x, 0, pad.y, 0, pad.g, 0, pad.g, 0, COUNT);
      System.arraycopy(pad.g, 0, gx, gxo + whole, rest);
    }
  }

  /** {@code y = e^{x - shift}}; returns the sum, in one order for a length. */
  static double expShift(float[] x, int xo, float shift, float[] y, int yo, int n) {
    int whole = SPECIES.loopBound(n);
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = 0; i < whole; i += COUNT) {
      FloatVector e = VectorMath.exp(load(x, xo + i).sub(shift));
      e.intoArray(y, yo + i);
      sum = sum.add(e);
    }
    int rest = n - whole;
    if (rest == 0) {
      return Lanes.sum(sum);
    }
    Pad pad = PAD.get();
    Arrays.fill(pad.x, Float.NEGATIVE_INFINITY);
    System.arraycopy(x, xo + whole, pad.x, 0, rest);
    FloatVector e = VectorMath.exp(load(pad.x, 0).sub(shift));
    e.intoArray(pad.y, 0);
    System.arraycopy(pad.y, 0, y, yo + whole, rest);
    return Lanes.sum(sum.add(e));
  }

  /** {@code y = e^{x - shift}}, 0 where {@code x - shift < low}; returns the sum. */
  static double expAbove(float[] x, int xo, float shift, float low, float[] y, int yo, int n) {
    int whole = SPECIES.loopBound(n);
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = 0; i < whole; i += COUNT) {
      FloatVector e = expAbove(load(x, xo + i).sub(shift), low);
      e.intoArray(y, yo + i);
      sum = sum.add(e);
    }
    int rest = n - whole;
    if (rest == 0) {
      return Lanes.sum(sum);
    }
    Pad pad = PAD.get();
    Arrays.fill(pad.x, Float.NEGATIVE_INFINITY);
    System.arraycopy(x, xo + whole, pad.x, 0, rest);
    FloatVector e = expAbove(load(pad.x, 0).sub(shift), low);
    e.intoArray(pad.y, 0);
    System.arraycopy(pad.y, 0, y, yo + whole, rest);
    return Lanes.sum(sum.add(e));
  }

  private static FloatVector expAbove(FloatVector x, float low) {
    return VectorMath.exp(x).blend(0f, x.compare(VectorOperators.LT, low));
  }

  /**
   * Runs the loop of a function. The handle isn't a constant, so that HotSpot calls the loop and
   * doesn't inline it: one method with several of these loops is more than it inlines helpers into.
   */
  @SuppressWarnings("EnumOrdinal") // The index of a table that is made from the values below.
  private static void value(Unary f, float[] x, int xo, float[] y, int yo, int n) {
    try {
      LOOPS[f.ordinal()].invokeExact(x, xo, y, yo, n);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** The loop of every function, by ordinal. */
  @SuppressWarnings("EnumOrdinal") // See above.
  private static MethodHandle[] loops() {
    MethodType type =
        MethodType.methodType(
            void.class, float[].class, int.class, float[].class, int.class, int.class);
    MethodHandle[] loops = new MethodHandle[Unary.values().length];
    try {
      for (Unary f : Unary.values()) {
        String name = CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.LOWER_CAMEL, f.name());
        loops[f.ordinal()] = MethodHandles.lookup().findStatic(VectorUnaryLoops.class, name, type);
      }
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
    return loops;
  }
}
