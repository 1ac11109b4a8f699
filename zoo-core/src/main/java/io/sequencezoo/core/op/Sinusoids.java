package io.sequencezoo.core.op;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Positions, or steps, as waves of D/2 lengths from 2π to 10000 · 2π (Vaswani et al., arXiv
 * 1706.03762, section 3.5), sines before cosines.
 *
 * <pre>{@code y_j = a sin(p 10000^(-2j/D)),  y_(D/2 + j) = a cos(p 10000^(-2j/D)),  0 ≤ j < D/2}
 * </pre>
 *
 * <p>Where D is odd the last feature is 0.
 */
public final class Sinusoids {
  private static final double BASE = 10000;

  private Sinusoids() {}

  /**
   * The waves of positions, constant.
   *
   * @param positions p, none negative
   * @param width D
   * @param amplitude a
   * @return {@code [positions, D]}
   */
  public static Variable of(
      Tape tape, DataType type, int[] positions, int width, double amplitude) {
    INDArray waves = tape.allocate(type, positions.length, width);
    write(Precision.of(type), waves, positions, width, amplitude);
    return tape.constant(waves);
  }

  private static <A> void write(
      Precision<A> precision, INDArray waves, int[] positions, int width, double amplitude) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> slab = precision.slab(waves);
    int half = width / 2;
    Parallel.ranges(
        positions.length,
        Tiles.taskRows(width),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A cosines = scratch.take(width);
            A sines = scratch.take(width);
            A row = scratch.zeros(width);
            for (int i = (int) from; i < end; i++) {
              if (half > 0) {
                RotaryTable.of(
                        positions[i],
                        positions[i] + 1,
                        Rotary.Convention.HALF_SPLIT,
                        BASE,
                        2 * half)
                    .load(kernels, positions[i], -1, cosines, sines);
                kernels.affine(amplitude, sines, 0, 0, row, 0, half);
                kernels.affine(amplitude, cosines, 0, 0, row, half, half);
              }
              slab.store((long) i * width, row, 0, width);
            }
          }
        });
  }
}
