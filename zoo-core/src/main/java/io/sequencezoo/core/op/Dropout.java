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
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Dropout whose mask is a function of seed and element index alone: no random state, no stored
 * mask, the same bits for any number of threads.
 */
public final class Dropout {
  private static final int TILE = Tiles.tileRows(1);

  /** The golden ratio's odd 64-bit fraction, SplitMix64's increment (Steele et al. 2014). */
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private Dropout() {}

  /**
   * {@code y_i = x_i m_i / (1 - rate)} with {@code m_i = 0} with probability {@code rate}, else 1.
   * With rate 0, x itself.
   *
   * @param rate in {@code [0, 1)}
   */
  public static Variable apply(Tape tape, Variable x, double rate, long seed) {
    checkArgument(rate >= 0 && rate < 1, "dropout: rate must be in [0, 1), got %s", rate);
    return rate == 0 ? x : typed(tape, Precision.of(x.type()), x, rate, seed);
  }

  private static <A> Variable typed(
      Tape tape, Precision<A> precision, Variable x, double rate, long seed) {
    INDArray y = tape.allocate(x.type(), x.shape());
    mask(
        precision, precision.slab(x.value()), new Tiles.Target<>(precision.slab(y), 0), rate, seed);
    return tape.record(y, cotangents -> pullback(precision, cotangents, rate, seed), x);
  }

  private static <A> void pullback(
      Precision<A> precision, Cotangents cotangents, double rate, long seed) {
    Slab<A> gy = precision.slab(cotangents.output());
    mask(precision, gy, Tiles.wanted(precision, cotangents, 0), rate, seed);
  }

  private static <A> void mask(
      Precision<A> precision, Slab<A> from, Tiles.Target<A> to, double rate, long seed) {
    Kernels<A> kernels = precision.kernels();
    // An element is dropped where 32 random bits, as an unsigned number, are below the threshold.
    long threshold = Math.round(rate * 0x1p32);
    double scale = 1 / (1 - rate);
    Parallel.ranges(
        from.length(),
        Tiles.taskRows(1),
        (start, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A values = scratch.take(TILE);
            A mask = scratch.take(TILE);
            for (long at = start; at < end; at += TILE) {
              int n = (int) Math.min(TILE, end - at);
              from.load(at, values, 0, n);
              // Tasks and tiles start at even elements, so that two share one mix.
              for (int i = 0; i < n; i += 2) {
                long bits = mix(seed + GAMMA * ((at + i) / 2 + 1));
                kernels.set(mask, i, (bits & 0xFFFFFFFFL) < threshold ? 0 : scale);
                if (i + 1 < n) {
                  kernels.set(mask, i + 1, bits >>> 32 < threshold ? 0 : scale);
                }
              }
              kernels.multiply(values, 0, mask, 0, values, 0, n);
              to.put(kernels, at, values, 0, mask, n);
            }
          }
        });
  }

  /** SplitMix64's finaliser (Steele, Lea and Flood 2014). */
  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }
}
