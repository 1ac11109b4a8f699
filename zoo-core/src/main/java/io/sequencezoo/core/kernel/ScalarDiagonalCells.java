package io.sequencezoo.core.kernel;

/**
 * The specification of the kernels of {@link DiagonalCell}, channel by channel in double, for every
 * array type. Each handles channels {@code from} to {@code n - 1}; g before a name is the gradient
 * of what it names, before it went through its nonlinearity where that is a gate.
 */
final class ScalarDiagonalCells {
  private ScalarDiagonalCells() {}

  static <A> void scan(
      ArrayKernels<A> k, DiagonalCell kind, A a, A x, A h, A c, int steps, int from, int n) {
    switch (kind) {
      case GRU -> gruScan(k, a, x, h, steps, from, n);
      case LSTM -> lstmScan(k, a, x, h, c, steps, from, n);
    }
  }

  static <A> void scanPullback(
      ArrayKernels<A> k,
      DiagonalCell kind,
      A a,
      A x,
      A h,
      A c,
      A gy,
      A gh,
      A gc,
      A gx,
      A ga,
      int steps,
      int from,
      int n) {
    switch (kind) {
      case GRU -> gruScanPullback(k, a, x, h, gy, gh, gx, ga, steps, from, n);
      case LSTM -> lstmScanPullback(k, a, x, h, c, gy, gh, gc, gx, ga, steps, from, n);
    }
  }

  static <A> void linearise(
      ArrayKernels<A> k,
      DiagonalCell kind,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> next,
      Strided<A> j,
      int from,
      int n) {
    switch (kind) {
      case GRU -> gruLinearise(k, a, as, h, x, next, j, from, n);
      case LSTM -> lstmLinearise(k, a, as, h, x, next, j, from, n);
    }
  }

  static <A> void pullback(
      ArrayKernels<A> k,
      DiagonalCell kind,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> g,
      Strided<A> gx,
      A ga,
      int from,
      int n) {
    switch (kind) {
      case GRU -> gruPullback(k, a, as, h, x, g, gx, ga, from, n);
      case LSTM -> lstmPullback(k, a, as, h, x, g, gx, ga, from, n);
    }
  }

  private static <A> void gruScan(ArrayKernels<A> k, A a, A x, A h, int steps, int from, int n) {
    for (int t = 0; t < steps; t++) {
      for (int i = from; i < n; i++) {
        int now = t * n + i;
        int at = 3 * t * n + i;
        double state = k.get(h, now);
        double z = ScalarMath.sigmoid(k.get(a, i) * state + k.get(x, at));
        double r = ScalarMath.sigmoid(k.get(a, n + i) * state + k.get(x, at + n));
        double c = Math.tanh(k.get(a, 2 * n + i) * state * r + k.get(x, at + 2 * n));
        k.set(h, now + n, state + z * (c - state));
      }
    }
  }

  private static <A> void gruScanPullback(
      ArrayKernels<A> k, A a, A x, A h, A gy, A gh, A gx, A ga, int steps, int from, int n) {
    for (int t = steps - 1; t >= 0; t--) {
      for (int i = from; i < n; i++) {
        int now = t * n + i;
        int at = 3 * t * n + i;
        double state = k.get(h, now);
        double z = ScalarMath.sigmoid(k.get(a, i) * state + k.get(x, at));
        double r = ScalarMath.sigmoid(k.get(a, n + i) * state + k.get(x, at + n));
        double c = Math.tanh(k.get(a, 2 * n + i) * state * r + k.get(x, at + 2 * n));
        double g = k.get(gh, i) + k.get(gy, now);
        double gz = g * (c - state) * z * (1 - z);
        double gc = g * z * (1 - c * c);
        double gKept = gc * k.get(a, 2 * n + i);
        double gr = gKept * state * r * (1 - r);
        k.set(gh, i, g * (1 - z) + gKept * r + gz * k.get(a, i) + gr * k.get(a, n + i));
        k.set(gx, at, gz);
        k.set(gx, at + n, gr);
        k.set(gx, at + 2 * n, gc);
        add(k, ga, i, gz * state);
        add(k, ga, n + i, gr * state);
        add(k, ga, 2 * n + i, gc * state * r);
      }
    }
  }

  private static <A> void lstmScan(
      ArrayKernels<A> k, A a, A x, A h, A c, int steps, int from, int n) {
    for (int t = 0; t < steps; t++) {
      for (int i = from; i < n; i++) {
        int now = t * n + i;
        int at = 3 * t * n + i;
        double state = k.get(h, now);
        double cell = k.get(c, now);
        double f =
            ScalarMath.sigmoid(k.get(a, i) * state + k.get(a, 3 * n + i) * cell + k.get(x, at));
        double z = Math.tanh(k.get(a, 2 * n + i) * state + k.get(x, at + 2 * n));
        double next = z + f * (cell - z);
        double shown = k.get(a, 4 * n + i) * next + k.get(x, at + n);
        double o = ScalarMath.sigmoid(k.get(a, n + i) * state + shown);
        k.set(c, now + n, next);
        k.set(h, now + n, o * Math.tanh(next));
      }
    }
  }

  private static <A> void lstmScanPullback(
      ArrayKernels<A> k,
      A a,
      A x,
      A h,
      A c,
      A gy,
      A gh,
      A gc,
      A gx,
      A ga,
      int steps,
      int from,
      int n) {
    for (int t = steps - 1; t >= 0; t--) {
      for (int i = from; i < n; i++) {
        int now = t * n + i;
        int at = 3 * t * n + i;
        double state = k.get(h, now);
        double cell = k.get(c, now);
        double next = k.get(c, now + n);
        double f =
            ScalarMath.sigmoid(k.get(a, i) * state + k.get(a, 3 * n + i) * cell + k.get(x, at));
        double z = Math.tanh(k.get(a, 2 * n + i) * state + k.get(x, at + 2 * n));
        double shown = k.get(a, 4 * n + i) * next + k.get(x, at + n);
        double o = ScalarMath.sigmoid(k.get(a, n + i) * state + shown);
        double tanh = Math.tanh(next);
        double g = k.get(gh, i) + k.get(gy, now);
        double go = g * tanh * o * (1 - o);
        double gNext = k.get(gc, i) + g * o * (1 - tanh * tanh) + go * k.get(a, 4 * n + i);
        double gf = gNext * (cell - z) * f * (1 - f);
        double gz = gNext * (1 - f) * (1 - z * z);
        k.set(gc, i, gNext * f + gf * k.get(a, 3 * n + i));
        k.set(gh, i, gf * k.get(a, i) + go * k.get(a, n + i) + gz * k.get(a, 2 * n + i));
        k.set(gx, at, gf);
        k.set(gx, at + n, go);
        k.set(gx, at + 2 * n, gz);
        add(k, ga, i, gf * state);
        add(k, ga, n + i, go * state);
        add(k, ga, 2 * n + i, gz * state);
        add(k, ga, 3 * n + i, gf * cell);
        add(k, ga, 4 * n + i, go * next);
      }
    }
  }

  private static <A> void gruLinearise(
      ArrayKernels<A> k,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> next,
      Strided<A> j,
      int from,
      int n) {
    for (int i = from; i < n; i++) {
      double az = k.get(a, i);
      double ar = k.get(a, as + i);
      double ac = k.get(a, 2 * as + i);
      double state = get(k, h, 0, i);
      double z = ScalarMath.sigmoid(az * state + get(k, x, 0, i));
      double r = ScalarMath.sigmoid(ar * state + get(k, x, 1, i));
      double c = Math.tanh(ac * state * r + get(k, x, 2, i));
      double gap = c - state;
      set(k, next, 0, i, state + z * gap);
      double inner = z * (1 - c * c) * ac * (r + state * r * (1 - r) * ar);
      set(k, j, 0, i, (1 - z) * (1 + gap * z * az) + inner);
    }
  }

  private static <A> void gruPullback(
      ArrayKernels<A> k,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> g,
      Strided<A> gx,
      A ga,
      int from,
      int n) {
    for (int i = from; i < n; i++) {
      double ac = k.get(a, 2 * as + i);
      double state = get(k, h, 0, i);
      double z = ScalarMath.sigmoid(k.get(a, i) * state + get(k, x, 0, i));
      double r = ScalarMath.sigmoid(k.get(a, as + i) * state + get(k, x, 1, i));
      double c = Math.tanh(ac * state * r + get(k, x, 2, i));
      double gNext = get(k, g, 0, i);
      double gz = gNext * (c - state) * z * (1 - z);
      double gc = gNext * z * (1 - c * c);
      double gr = gc * ac * state * r * (1 - r);
      set(k, gx, 0, i, gz);
      set(k, gx, 1, i, gr);
      set(k, gx, 2, i, gc);
      add(k, ga, i, gz * state);
      add(k, ga, as + i, gr * state);
      add(k, ga, 2 * as + i, gc * state * r);
    }
  }

  private static <A> void lstmLinearise(
      ArrayKernels<A> k,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> next,
      Strided<A> j,
      int from,
      int n) {
    for (int i = from; i < n; i++) {
      double af = k.get(a, i);
      double ao = k.get(a, as + i);
      double az = k.get(a, 2 * as + i);
      double pf = k.get(a, 3 * as + i);
      double po = k.get(a, 4 * as + i);
      double state = get(k, h, 0, i);
      double cell = get(k, h, 1, i);
      double f = ScalarMath.sigmoid(af * state + pf * cell + get(k, x, 0, i));
      double z = Math.tanh(az * state + get(k, x, 2, i));
      double nextCell = z + f * (cell - z);
      double o = ScalarMath.sigmoid(ao * state + po * nextCell + get(k, x, 1, i));
      double tanh = Math.tanh(nextCell);
      set(k, next, 0, i, o * tanh);
      set(k, next, 1, i, nextCell);
      double turn = (cell - z) * f * (1 - f);
      double cc = f + turn * pf;
      double ch = turn * af + (1 - f) * (1 - z * z) * az;
      double shown = tanh * o * (1 - o);
      double q = shown * po + o * (1 - tanh * tanh);
      set(k, j, 0, i, q * ch + shown * ao);
      set(k, j, 1, i, q * cc);
      set(k, j, 2, i, ch);
      set(k, j, 3, i, cc);
    }
  }

  private static <A> void lstmPullback(
      ArrayKernels<A> k,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> g,
      Strided<A> gx,
      A ga,
      int from,
      int n) {
    for (int i = from; i < n; i++) {
      double po = k.get(a, 4 * as + i);
      double state = get(k, h, 0, i);
      double cell = get(k, h, 1, i);
      double seen = k.get(a, 3 * as + i) * cell + get(k, x, 0, i);
      double f = ScalarMath.sigmoid(k.get(a, i) * state + seen);
      double z = Math.tanh(k.get(a, 2 * as + i) * state + get(k, x, 2, i));
      double next = z + f * (cell - z);
      double shown = po * next + get(k, x, 1, i);
      double o = ScalarMath.sigmoid(k.get(a, as + i) * state + shown);
      double tanh = Math.tanh(next);
      double gHidden = get(k, g, 0, i);
      double gOutput = gHidden * tanh * o * (1 - o);
      double gNext = get(k, g, 1, i) + gHidden * o * (1 - tanh * tanh) + gOutput * po;
      double gForget = gNext * (cell - z) * f * (1 - f);
      double gInput = gNext * (1 - f) * (1 - z * z);
      set(k, gx, 0, i, gForget);
      set(k, gx, 1, i, gOutput);
      set(k, gx, 2, i, gInput);
      add(k, ga, i, gForget * state);
      add(k, ga, as + i, gOutput * state);
      add(k, ga, 2 * as + i, gInput * state);
      add(k, ga, 3 * as + i, gForget * cell);
      add(k, ga, 4 * as + i, gOutput * next);
    }
  }

  private static <A> void add(ArrayKernels<A> k, A sum, int at, double value) {
    k.set(sum, at, k.get(sum, at) + value);
  }

  private static <A> double get(ArrayKernels<A> k, Strided<A> x, int plane, int i) {
    return k.get(x.data(), x.plane(plane) + i);
  }

  private static <A> void set(ArrayKernels<A> k, Strided<A> x, int plane, int i, double value) {
    k.set(x.data(), x.plane(plane) + i, value);
  }
}
