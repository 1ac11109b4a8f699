package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;

/**
 * One channel's coefficients and what follows from them: powers {@code Z_l = λ^l} for l up to a
 * chunk, in double, and the real matrices that chunks are multiplied with. Complex rows are N real
 * parts, then N imaginary ones.
 *
 * @param <A> the array type
 */
final class ChannelModes<A> {
  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final int modes;
  private final int width;
  private final int chunk;
  private final double[] log;
  private final double[] weight;
  private final double[] feed;
  private final double[] response;

  /** {@code Z_l}, {@code [L + 1, 2N]}. */
  final double[] powers;

  /** This channel's {@code log λ}, {@code w} and {@code d}. */
  final double[] z;

  final double[] w;
  double d;

  /** {@code λ}, {@code Z_L} and its conjugate, {@code [2N]}. */
  final A once;

  final A across;
  final A back;

  /** {@code [L, 2N]}, row s: {@code Z_{L-1-s}}, what an input adds to the state after the chunk. */
  final A write;

  /** {@code [L, 2N]}, row r: {@code (Re | -Im) w Z_{r+1}}, what is read of the state before it. */
  final A read;

  /** {@code [L, L]}: {@code K_{r-s}} for r at or after s, {@code K_l = Re Σ w Z_l}; d within. */
  final A within;

  /**
   * Tables for one channel after another.
   *
   * @param log {@code log λ [D, 2, N]}
   * @param weight {@code w [D, 2, N]}
   * @param feed {@code d [D]}, or null for zero
   */
  ChannelModes(
      Precision<A> precision,
      ChannelShape shape,
      double[] log,
      double[] weight,
      double[] feed,
      Scratch<A> scratch) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.modes = shape.modes();
    this.width = shape.width();
    this.chunk = shape.chunk();
    this.log = log;
    this.weight = weight;
    this.feed = feed;
    this.response = new double[chunk];
    this.powers = new double[(chunk + 1) * width];
    this.z = new double[width];
    this.w = new double[width];
    this.once = scratch.take(width);
    this.across = scratch.take(width);
    this.back = scratch.take(width);
    this.write = scratch.take(chunk * width);
    this.read = scratch.take(chunk * width);
    this.within = scratch.take(chunk * chunk);
  }

  /** Makes the tables of a channel. */
  void load(int channel) {
    System.arraycopy(log, channel * width, z, 0, width);
    System.arraycopy(weight, channel * width, w, 0, width);
    d = feed == null ? 0 : feed[channel];
    ComplexArrays.powers(z, 0, modes, 0, powers, 0);
    ComplexArrays.powers(z, 0, modes, 1, powers, width);
    for (int l = 2; l <= chunk; l++) {
      multiply(powers, (l - 1) * width, powers, width, powers, l * width);
    }
    // The product of many factors is replaced by one exponential: it is raised to further powers.
    ComplexArrays.powers(z, 0, modes, chunk, powers, chunk * width);
    kernels.round(powers, width, once, 0, width);
    kernels.round(powers, chunk * width, across, 0, width);
    kernels.copy(across, 0, back, 0, modes);
    kernels.affine(-1, across, modes, 0, back, modes, modes);
    double[] row = new double[width];
    for (int l = 0; l < chunk; l++) {
      kernels.round(powers, (chunk - 1 - l) * width, write, l * width, width);
      double sum = 0;
      for (int i = 0; i < modes; i++) {
        sum += w[i] * powers[l * width + i] - w[modes + i] * powers[l * width + modes + i];
      }
      response[l] = sum;
      multiply(powers, (l + 1) * width, w, 0, row, 0);
      for (int i = modes; i < width; i++) {
        row[i] = -row[i];
      }
      kernels.round(row, 0, read, l * width, width);
    }
    response[0] += d;
    toeplitz();
  }

  private void toeplitz() {
    kernels.round(response, 0, within, 0, chunk);
    for (int s = 1; s < chunk; s++) {
      kernels.fill(within, s * chunk, s, 0);
      kernels.copy(within, 0, within, s * chunk + s, chunk - s);
    }
  }

  /** {@code c = a b} of complex rows; c may not be a or b. */
  void multiply(double[] a, int ao, double[] b, int bo, double[] c, int co) {
    for (int i = 0; i < modes; i++) {
      c[co + i] = a[ao + i] * b[bo + i] - a[ao + modes + i] * b[bo + modes + i];
      c[co + modes + i] = a[ao + i] * b[bo + modes + i] + a[ao + modes + i] * b[bo + i];
    }
  }

  /** {@code y = Z_l x}, or with the conjugate. */
  void advance(int l, boolean conjugate, A x, int xo, A y, int yo) {
    double[] in = new double[width];
    double[] out = new double[width];
    double[] factor = new double[width];
    kernels.widen(x, xo, in, 0, width);
    System.arraycopy(powers, l * width, factor, 0, width);
    for (int i = modes; conjugate && i < width; i++) {
      factor[i] = -factor[i];
    }
    multiply(in, 0, factor, 0, out, 0);
    kernels.round(out, 0, y, yo, width);
  }

  Precision<A> precision() {
    return precision;
  }
}
