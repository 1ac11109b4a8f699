package io.sequencezoo.datasets.chaos;

import io.sequencezoo.core.kernel.Fourier;

/**
 * Exponential time differencing of fourth order (ETDRK4; Cox and Matthews, J. Comput. Phys. 176,
 * 2002) for {@code v' = L v - i k/2 F[(F⁻¹ v)²]} on packed real spectra, with L diagonal and real.
 *
 * <pre>{@code
 * a = e^{Lh/2} v + Q N(v)     b = e^{Lh/2} v + Q N(a)     c = e^{Lh/2} a + Q (2 N(b) - N(v))
 * v = e^{Lh} v + f1 N(v) + 2 f2 (N(a) + N(b)) + f3 N(c)
 * }</pre>
 *
 * <p>Q and f cancel badly near L = 0; they are means over a circle around L h (Kassam and
 * Trefethen, SIAM J. Sci. Comput. 26, 2005).
 */
final class ExponentialSteps {
  /** Points of the upper half of the circle; with 16 the coefficients are exact to rounding. */
  private static final int POINTS = 16;

  private final Fourier<double[]> fourier;
  private final double[] whole;
  private final double[] half;
  private final double[] q;
  private final double[] f1;
  private final double[] f2;
  private final double[] f3;

  /** {@code -k/2} for each packed pair. */
  private final double[] slopes;

  private final double[] nv;
  private final double[] na;
  private final double[] nb;
  private final double[] nc;
  private final double[] a;
  private final double[] b;

  /**
   * Steps of length h.
   *
   * @param linear L by wave number, from 0 to n/2
   * @param waves k by wave number
   */
  ExponentialSteps(Fourier<double[]> fourier, double[] linear, double[] waves, double h) {
    this.fourier = fourier;
    int n = fourier.length();
    this.whole = new double[n];
    this.half = new double[n];
    this.q = new double[n];
    this.f1 = new double[n];
    this.f2 = new double[n];
    this.f3 = new double[n];
    this.slopes = new double[n / 2];
    for (int m = 0; m <= n / 2; m++) {
      double[] means = means(linear[m] * h);
      set(whole, m, StrictMath.exp(linear[m] * h));
      set(half, m, StrictMath.exp(linear[m] * h / 2));
      set(q, m, h * means[0]);
      set(f1, m, h * means[1]);
      set(f2, m, 2 * h * means[2]);
      set(f3, m, h * means[3]);
      if (m < n / 2) {
        slopes[m] = -waves[m] / 2;
      }
    }
    this.nv = new double[n];
    this.na = new double[n];
    this.nb = new double[n];
    this.nc = new double[n];
    this.a = new double[n];
    this.b = new double[n];
  }

  /** Where a packed spectrum has wave number m: real part, imaginary part. */
  private static void set(double[] packed, int m, double value) {
    int n = packed.length;
    if (m == 0) {
      packed[0] = value;
    } else if (m == n / 2) {
      packed[1] = value;
    } else {
      packed[2 * m] = value;
      packed[2 * m + 1] = value;
    }
  }

  /**
   * The means of the four quotients; real L makes the lower half of the circle the conjugate of the
   * upper.
   *
   * <pre>{@code
   * (e^{z/2} - 1)/z   (-4 - z + e^z (4 - 3z + z²))/z³   (2 + z + e^z (z - 2))/z³
   * (-4 - 3z - z² + e^z (4 - z))/z³
   * }</pre>
   */
  private static double[] means(double centre) {
    double[] means = new double[4];
    for (int p = 0; p < POINTS; p++) {
      double angle = Math.PI * (p + 0.5) / POINTS;
      Complex z = new Complex(centre + StrictMath.cos(angle), StrictMath.sin(angle));
      Complex square = z.times(z);
      Complex cube = square.times(z);
      Complex exp = z.exp();
      means[0] += z.scaled(0.5).exp().plus(-1).over(z).re;
      means[1] +=
          exp.times(z.scaled(-3).plus(square).plus(4)).plus(z.scaled(-1)).plus(-4).over(cube).re;
      means[2] += exp.times(z.plus(-2)).plus(z).plus(2).over(cube).re;
      means[3] +=
          exp.times(z.scaled(-1).plus(4))
              .plus(z.scaled(-3))
              .plus(square.scaled(-1))
              .plus(-4)
              .over(cube)
              .re;
    }
    for (int i = 0; i < means.length; i++) {
      means[i] /= POINTS;
    }
    return means;
  }

  private record Complex(double re, double im) {
    Complex plus(Complex z) {
      return new Complex(re + z.re, im + z.im);
    }

    Complex plus(double x) {
      return new Complex(re + x, im);
    }

    Complex scaled(double x) {
      return new Complex(re * x, im * x);
    }

    Complex times(Complex z) {
      return new Complex(re * z.re - im * z.im, re * z.im + im * z.re);
    }

    Complex over(Complex z) {
      double norm = z.re * z.re + z.im * z.im;
      return new Complex((re * z.re + im * z.im) / norm, (im * z.re - re * z.im) / norm);
    }

    Complex exp() {
      double size = StrictMath.exp(re);
      return new Complex(size * StrictMath.cos(im), size * StrictMath.sin(im));
    }
  }

  /** Moves a packed spectrum on by h, in place. */
  void step(double[] v) {
    int n = v.length;
    nonlinear(v, nv);
    for (int i = 0; i < n; i++) {
      a[i] = half[i] * v[i] + q[i] * nv[i];
    }
    nonlinear(a, na);
    for (int i = 0; i < n; i++) {
      b[i] = half[i] * v[i] + q[i] * na[i];
    }
    nonlinear(b, nb);
    for (int i = 0; i < n; i++) {
      b[i] = half[i] * a[i] + q[i] * (2 * nb[i] - nv[i]);
    }
    nonlinear(b, nc);
    for (int i = 0; i < n; i++) {
      v[i] = whole[i] * v[i] + f1[i] * nv[i] + f2[i] * (na[i] + nb[i]) + f3[i] * nc[i];
    }
  }

  /** {@code -i k/2 F[(F⁻¹ v)²]}. */
  private void nonlinear(double[] v, double[] out) {
    int n = v.length;
    System.arraycopy(v, 0, out, 0, n);
    fourier.inverse(out);
    for (int i = 0; i < n; i++) {
      out[i] *= out[i];
    }
    fourier.forward(out);
    out[0] = 0;
    out[1] = 0;
    for (int m = 1; m < n / 2; m++) {
      double re = out[2 * m];
      out[2 * m] = -slopes[m] * out[2 * m + 1];
      out[2 * m + 1] = slopes[m] * re;
    }
  }
}
