package io.sequencezoo.core.kernel;

import java.util.Arrays;

/** What kernels in single precision share: their arrays. */
abstract class FloatArrays implements Kernels<float[]> {

  @Override
  public float[] allocate(int n) {
    return new float[n];
  }

  @Override
  public int length(float[] a) {
    return a.length;
  }

  @Override
  public double get(float[] a, int i) {
    return a[i];
  }

  @Override
  public void set(float[] a, int i, double value) {
    a[i] = (float) value;
  }

  @Override
  public void fill(float[] y, int yo, int n, double value) {
    Arrays.fill(y, yo, yo + n, (float) value);
  }

  @Override
  public void round(double[] x, int xo, float[] y, int yo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = (float) x[xo + i];
    }
  }

  @Override
  public void widen(float[] x, int xo, double[] y, int yo, int n) {
    for (int i = 0; i < n; i++) {
      y[yo + i] = x[xo + i];
    }
  }
}
