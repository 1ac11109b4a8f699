package io.sequencezoo.core.kernel;

import java.util.Arrays;

/** What kernels in double precision share: their arrays. */
abstract class DoubleArrays implements Kernels<double[]> {

  @Override
  public double[] allocate(int n) {
    return new double[n];
  }

  @Override
  public int length(double[] a) {
    return a.length;
  }

  @Override
  public double get(double[] a, int i) {
    return a[i];
  }

  @Override
  public void set(double[] a, int i, double value) {
    a[i] = value;
  }

  @Override
  public void fill(double[] y, int yo, int n, double value) {
    Arrays.fill(y, yo, yo + n, value);
  }

  @Override
  public void round(double[] x, int xo, double[] y, int yo, int n) {
    System.arraycopy(x, xo, y, yo, n);
  }

  @Override
  public void widen(double[] x, int xo, double[] y, int yo, int n) {
    System.arraycopy(x, xo, y, yo, n);
  }
}
