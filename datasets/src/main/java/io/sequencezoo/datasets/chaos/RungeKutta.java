package io.sequencezoo.datasets.chaos;

/**
 * The classical method of fourth order.
 *
 * <pre>{@code
 * k1 = f(x)   k2 = f(x + h/2 k1)   k3 = f(x + h/2 k2)   k4 = f(x + h k3)
 * x  = x + h/6 (k1 + 2 k2 + 2 k3 + k4)
 * }</pre>
 */
final class RungeKutta {
  private final Field field;
  private final double h;
  private final double[] at;
  private final double[] slope;
  private final double[] sum;

  /** Steps of length h along a field on N numbers. */
  RungeKutta(Field field, int size, double h) {
    this.field = field;
    this.h = h;
    this.at = new double[size];
    this.slope = new double[size];
    this.sum = new double[size];
  }

  /** Where a state is headed. */
  @FunctionalInterface
  interface Field {
    /** Writes {@code f(x)}. */
    void slope(double[] x, double[] slope);
  }

  void step(double[] x) {
    field.slope(x, sum);
    ahead(x, h / 2, sum);
    field.slope(at, slope);
    add(2);
    ahead(x, h / 2, slope);
    field.slope(at, slope);
    add(2);
    ahead(x, h, slope);
    field.slope(at, slope);
    for (int i = 0; i < x.length; i++) {
      x[i] += h / 6 * (sum[i] + slope[i]);
    }
  }

  private void ahead(double[] x, double time, double[] along) {
    for (int i = 0; i < at.length; i++) {
      at[i] = x[i] + time * along[i];
    }
  }

  private void add(double weight) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += weight * slope[i];
    }
  }
}
