package io.sequencezoo.core.kernel;

/** The scans of {@link Kernels} in double precision, channel by channel. */
final class ScalarScans64 {
  private ScalarScans64() {}

  /** Channels {@code from} to {@code n - 1} of {@link Kernels#linearScan}. */
  static void linearScan(
      double[] a, double[] x, double[] h, int ho, double[] y, int steps, int from, int n) {
    for (int t = 0; t < steps; t++) {
      for (int i = from; i < n; i++) {
        int at = t * n + i;
        double state = a[at] * h[ho + i] + x[at];
        h[ho + i] = state;
        y[at] = state;
      }
    }
  }

  /** Channels {@code from} to {@code n - 1} of {@link Kernels#linearScanPullback}. */
  static void linearScanPullback(
      double[] a, double[] before, double[] gy, double[] gh, int gho, int steps, int from, int n) {
    for (int t = steps - 1; t >= 0; t--) {
      for (int i = from; i < n; i++) {
        int at = t * n + i;
        double g = gy[at] + gh[gho + i];
        before[at] *= g;
        gy[at] = g;
        gh[gho + i] = g * a[at];
      }
    }
  }

  /** Channels {@code from} to {@code n - 1} of {@link Kernels#selectiveScan}. */
  static void selectiveScan(SelectiveSystem<double[]> system, double[] y, int from) {
    double[] dt = system.dt();
    double[] x = system.x();
    double[] a = system.a();
    double[] b = system.b();
    double[] c = system.c();
    double[] h = system.h();
    int steps = system.steps();
    int states = system.states();
    int n = system.n();
    for (int t = 0; t < steps; t++) {
      for (int i = from; i < n; i++) {
        int at = t * n + i;
        double sum = 0;
        for (int s = 0; s < states; s++) {
          int k = s * n + i;
          double decay = Math.exp(dt[at] * a[k]);
          h[k] = decay * h[k] + x[at] * b[t * states + s];
          sum += h[k] * c[t * states + s];
        }
        y[at] = sum;
      }
    }
  }

  /** Numbers that one channel of the pullback works with: states from before step 0, decays. */
  static int work(int steps, int states) {
    return (2 * steps + 1) * states;
  }

  /** Channels {@code from} to {@code n - 1} of {@link Kernels#selectiveScanPullback}. */
  static void selectiveScanPullback(
      SelectiveSystem<double[]> system,
      SelectiveGradients<double[]> gradients,
      double[] y,
      double[] work,
      int from) {
    double[] dt = system.dt();
    double[] x = system.x();
    double[] a = system.a();
    double[] b = system.b();
    double[] c = system.c();
    double[] h = system.h();
    int steps = system.steps();
    int states = system.states();
    int n = system.n();
    double[] gy = gradients.y();
    double[] gh = gradients.h();
    double[] gdt = gradients.dt();
    double[] gx = gradients.x();
    double[] ga = gradients.a();
    double[] gb = gradients.b();
    double[] gc = gradients.c();
    int decays = (steps + 1) * states;
    for (int i = from; i < n; i++) {
      for (int s = 0; s < states; s++) {
        work[s] = h[s * n + i];
      }
      for (int t = 0; t < steps; t++) {
        double sum = 0;
        for (int s = 0; s < states; s++) {
          int k = t * states + s;
          double decay = Math.exp(dt[t * n + i] * a[s * n + i]);
          double state = decay * work[k] + x[t * n + i] * b[k];
          work[decays + k] = decay;
          work[k + states] = state;
          sum += state * c[k];
        }
        y[t * n + i] = sum;
      }
      for (int t = steps - 1; t >= 0; t--) {
        int at = t * n + i;
        double gStep = 0;
        double gInput = 0;
        for (int s = 0; s < states; s++) {
          int k = t * states + s;
          int row = s * n + i;
          double g = gh[row] + gy[at] * c[k];
          gc[k] += gy[at] * work[k + states];
          gb[k] += g * x[at];
          gInput += g * b[k];
          gh[row] = g * work[decays + k];
          double gExponent = gh[row] * work[k];
          ga[row] += gExponent * dt[at];
          gStep += gExponent * a[row];
        }
        gdt[at] = gStep;
        gx[at] = gInput;
      }
    }
  }
}
