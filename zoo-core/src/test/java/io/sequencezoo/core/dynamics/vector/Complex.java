package io.sequencezoo.core.dynamics.vector;

/** A complex number as textbooks have it, for oracles. */
record Complex(double re, double im) {
  static final Complex ZERO = new Complex(0, 0);
  static final Complex ONE = new Complex(1, 0);

  Complex plus(Complex z) {
    return new Complex(re + z.re, im + z.im);
  }

  Complex minus(Complex z) {
    return new Complex(re - z.re, im - z.im);
  }

  Complex times(Complex z) {
    return new Complex(re * z.re - im * z.im, re * z.im + im * z.re);
  }

  Complex times(double a) {
    return new Complex(a * re, a * im);
  }

  Complex over(Complex z) {
    double square = z.re * z.re + z.im * z.im;
    return new Complex((re * z.re + im * z.im) / square, (im * z.re - re * z.im) / square);
  }

  Complex exp() {
    return new Complex(Math.exp(re) * Math.cos(im), Math.exp(re) * Math.sin(im));
  }
}
