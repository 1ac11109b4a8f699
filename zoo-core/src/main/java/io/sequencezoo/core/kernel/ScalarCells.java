package io.sequencezoo.core.kernel;

/**
 * The specification of {@link Kernels#cell} and {@link Kernels#cellPullback}, unit by unit in
 * double, for every array type. Symbols are those of {@link CellKind}; g before a name is the
 * gradient of what it names, before it went through its nonlinearity where that is a gate.
 */
final class ScalarCells {
  private ScalarCells() {}

  static <A> void cell(
      ArrayKernels<A> k,
      CellKind kind,
      A work,
      int go,
      int ao,
      A state,
      int so,
      A parameters,
      int po,
      int stride,
      int n) {
    for (int u = 0; u < n; u++) {
      int g = go + u;
      int a = ao + u;
      int s = so + u;
      switch (kind) {
        case ELMAN_TANH -> elman(k, Unary.TANH, work, g, state, s);
        case ELMAN_RELU -> elman(k, Unary.RELU, work, g, state, s);
        case LSTM, LSTM_PEEPHOLE -> lstm(k, work, g, a, state, s, parameters, po + u, stride, kind);
        case LSTM_COUPLED -> coupled(k, work, g, a, state, s, stride);
        case GRU -> gru(k, work, g, a, state, s, stride);
        case GRU_RESET -> reset(k, work, g, a, state, s, stride);
        case GRU_UPDATE -> update(k, work, g, state, s, stride);
        case HIGHWAY -> highway(k, work, g, a, state, s, stride);
        case SLSTM -> slstm(k, work, g, a, state, s, stride);
      }
    }
  }

  static <A> void pullback(
      ArrayKernels<A> k,
      CellKind kind,
      A work,
      int go,
      int ao,
      A gState,
      int so,
      A gGates,
      int ggo,
      A parameters,
      int po,
      int stride,
      int n) {
    for (int u = 0; u < n; u++) {
      int g = go + u;
      int a = ao + u;
      int s = so + u;
      int gg = ggo + u;
      switch (kind) {
        case ELMAN_TANH -> elmanPullback(k, Unary.TANH, work, g, gState, s, gGates, gg);
        case ELMAN_RELU -> elmanPullback(k, Unary.RELU, work, g, gState, s, gGates, gg);
        case LSTM, LSTM_PEEPHOLE ->
            lstmPullback(k, work, g, a, gState, s, gGates, gg, parameters, po + u, stride, kind);
        case LSTM_COUPLED -> coupledPullback(k, work, g, a, gState, s, gGates, gg, stride);
        case GRU -> gruPullback(k, work, g, a, gState, s, gGates, gg, stride);
        case GRU_RESET -> resetPullback(k, work, g, a, gState, s, gGates, gg, stride);
        case GRU_UPDATE -> updatePullback(k, work, g, a, gState, s, gGates, gg, stride);
        case HIGHWAY -> highwayPullback(k, work, g, a, gState, s, gGates, gg, stride);
        case SLSTM -> slstmPullback(k, work, g, a, gState, s, gGates, gg, stride);
      }
    }
  }

  private static <A> double sigmoid(ArrayKernels<A> k, A work, int at) {
    return set(k, work, at, ScalarMath.sigmoid(k.get(work, at)));
  }

  private static <A> double tanh(ArrayKernels<A> k, A work, int at) {
    return set(k, work, at, Math.tanh(k.get(work, at)));
  }

  private static <A> double set(ArrayKernels<A> k, A array, int at, double value) {
    k.set(array, at, value);
    return value;
  }

  private static <A> void elman(ArrayKernels<A> k, Unary f, A work, int g, A state, int s) {
    k.set(state, s, set(k, work, g, ScalarMath.value(f, k.get(work, g))));
  }

  private static <A> void elmanPullback(
      ArrayKernels<A> k, Unary f, A work, int g, A gState, int s, A gGates, int gg) {
    double h = k.get(work, g);
    // The slope of both follows from the value alone: that of max(x, 0) is 1 where it is positive.
    k.set(gGates, gg, k.get(gState, s) * ScalarMath.slope(f, h, h));
    k.set(gState, s, 0);
  }

  private static <A> void lstm(
      ArrayKernels<A> k,
      A work,
      int g,
      int a,
      A state,
      int s,
      A parameters,
      int p,
      int stride,
      CellKind kind) {
    boolean peephole = kind == CellKind.LSTM_PEEPHOLE;
    double c = k.get(state, s + stride);
    if (peephole) {
      k.set(work, g, k.get(work, g) + k.get(parameters, p) * c);
      k.set(work, g + stride, k.get(work, g + stride) + k.get(parameters, p + stride) * c);
    }
    double i = sigmoid(k, work, g);
    double f = sigmoid(k, work, g + stride);
    double next = f * c + i * tanh(k, work, g + 2 * stride);
    if (peephole) {
      int out = g + 3 * stride;
      k.set(work, out, k.get(work, out) + k.get(parameters, p + 2 * stride) * next);
      k.set(work, a + 3 * stride, next);
    }
    double squashed = set(k, work, a + 2 * stride, Math.tanh(next));
    k.set(work, a + stride, c);
    k.set(state, s + stride, next);
    k.set(state, s, sigmoid(k, work, g + 3 * stride) * squashed);
  }

  private static <A> void lstmPullback(
      ArrayKernels<A> k,
      A work,
      int g,
      int a,
      A gState,
      int s,
      A gGates,
      int gg,
      A parameters,
      int p,
      int stride,
      CellKind kind) {
    boolean peephole = kind == CellKind.LSTM_PEEPHOLE;
    double i = k.get(work, g);
    double f = k.get(work, g + stride);
    double z = k.get(work, g + 2 * stride);
    double o = k.get(work, g + 3 * stride);
    double c = k.get(work, a + stride);
    double squashed = k.get(work, a + 2 * stride);
    double gh = k.get(gState, s);
    double go = set(k, gGates, gg + 3 * stride, gh * squashed * o * (1 - o));
    double gNext = k.get(gState, s + stride) + gh * o * (1 - squashed * squashed);
    if (peephole) {
      gNext += go * k.get(parameters, p + 2 * stride);
    }
    double gi = set(k, gGates, gg, gNext * z * i * (1 - i));
    double gf = set(k, gGates, gg + stride, gNext * c * f * (1 - f));
    k.set(gGates, gg + 2 * stride, gNext * i * (1 - z * z));
    double gc = gNext * f;
    if (peephole) {
      gc += gi * k.get(parameters, p) + gf * k.get(parameters, p + stride);
    }
    k.set(gState, s + stride, gc);
    k.set(gState, s, 0);
  }

  private static <A> void coupled(
      ArrayKernels<A> k, A work, int g, int a, A state, int s, int stride) {
    double c = k.get(state, s + stride);
    double f = sigmoid(k, work, g);
    double next = f * c + (1 - f) * tanh(k, work, g + stride);
    k.set(work, a + stride, c);
    k.set(state, s + stride, next);
    double squashed = set(k, work, a + 2 * stride, Math.tanh(next));
    k.set(state, s, sigmoid(k, work, g + 2 * stride) * squashed);
  }

  private static <A> void coupledPullback(
      ArrayKernels<A> k, A work, int g, int a, A gState, int s, A gGates, int gg, int stride) {
    double f = k.get(work, g);
    double z = k.get(work, g + stride);
    double o = k.get(work, g + 2 * stride);
    double squashed = k.get(work, a + 2 * stride);
    double gh = k.get(gState, s);
    double gNext = k.get(gState, s + stride) + gh * o * (1 - squashed * squashed);
    k.set(gGates, gg, gNext * (k.get(work, a + stride) - z) * f * (1 - f));
    k.set(gGates, gg + stride, gNext * (1 - f) * (1 - z * z));
    k.set(gGates, gg + 2 * stride, gh * squashed * o * (1 - o));
    k.set(gState, s + stride, gNext * f);
    k.set(gState, s, 0);
  }

  private static <A> void gru(ArrayKernels<A> k, A work, int g, int a, A state, int s, int stride) {
    double r = sigmoid(k, work, g);
    double z = sigmoid(k, work, g + stride);
    int candidate = g + 2 * stride;
    double drive = k.get(work, candidate) + r * k.get(work, g + 3 * stride);
    double n = set(k, work, candidate, Math.tanh(drive));
    double h = set(k, work, a + stride, k.get(state, s));
    k.set(state, s, n + z * (h - n));
  }

  private static <A> void gruPullback(
      ArrayKernels<A> k, A work, int g, int a, A gState, int s, A gGates, int gg, int stride) {
    double r = k.get(work, g);
    double z = k.get(work, g + stride);
    double n = k.get(work, g + 2 * stride);
    double gh = k.get(gState, s);
    double gn = set(k, gGates, gg + 2 * stride, gh * (1 - z) * (1 - n * n));
    k.set(gGates, gg, gn * k.get(work, g + 3 * stride) * r * (1 - r));
    k.set(gGates, gg + stride, gh * (k.get(work, a + stride) - n) * z * (1 - z));
    k.set(gGates, gg + 3 * stride, gn * r);
    k.set(gState, s, gh * z);
  }

  private static <A> void reset(
      ArrayKernels<A> k, A work, int g, int a, A state, int s, int stride) {
    double h = set(k, work, a + 2 * stride, k.get(state, s));
    sigmoid(k, work, g + stride);
    k.set(state, s + stride, sigmoid(k, work, g) * h);
  }

  private static <A> void resetPullback(
      ArrayKernels<A> k, A work, int g, int a, A gState, int s, A gGates, int gg, int stride) {
    double r = k.get(work, g);
    double gReset = k.get(gState, s + stride);
    k.set(gGates, gg, gReset * k.get(work, a + 2 * stride) * r * (1 - r));
    k.set(gState, s, k.get(gState, s) + gReset * r);
    k.set(gState, s + stride, 0);
  }

  private static <A> void update(ArrayKernels<A> k, A work, int g, A state, int s, int stride) {
    double n = tanh(k, work, g + 2 * stride);
    k.set(state, s, n + k.get(work, g + stride) * (k.get(state, s) - n));
  }

  private static <A> void updatePullback(
      ArrayKernels<A> k, A work, int g, int a, A gState, int s, A gGates, int gg, int stride) {
    double z = k.get(work, g + stride);
    double n = k.get(work, g + 2 * stride);
    double gh = k.get(gState, s);
    k.set(gGates, gg + stride, gh * (k.get(work, a + 2 * stride) - n) * z * (1 - z));
    k.set(gGates, gg + 2 * stride, gh * (1 - z) * (1 - n * n));
    k.set(gState, s, gh * z);
    k.set(gState, s + stride, 0);
  }

  private static <A> void highway(
      ArrayKernels<A> k, A work, int g, int a, A state, int s, int stride) {
    double before = set(k, work, a + stride, k.get(state, s));
    double h = tanh(k, work, g);
    k.set(state, s, before + sigmoid(k, work, g + stride) * (h - before));
  }

  private static <A> void highwayPullback(
      ArrayKernels<A> k, A work, int g, int a, A gState, int s, A gGates, int gg, int stride) {
    double h = k.get(work, g);
    double t = k.get(work, g + stride);
    double gs = k.get(gState, s);
    k.set(gGates, gg, gs * t * (1 - h * h));
    k.set(gGates, gg + stride, gs * (h - k.get(work, a + stride)) * t * (1 - t));
    k.set(gState, s, gs * (1 - t));
  }

  private static <A> void slstm(
      ArrayKernels<A> k, A work, int g, int a, A state, int s, int stride) {
    double c = set(k, work, a + stride, k.get(state, s + stride));
    double n = set(k, work, a + 2 * stride, k.get(state, s + 2 * stride));
    double z = tanh(k, work, g);
    double write = k.get(work, g + stride);
    double gate = k.get(work, g + 2 * stride);
    double keep = k.get(state, s + 3 * stride) - ScalarMath.softplus(-gate);
    double m = set(k, state, s + 3 * stride, Math.max(keep, write));
    double i = set(k, work, g + stride, Math.exp(write - m));
    double f = set(k, work, g + 2 * stride, Math.exp(keep - m));
    k.set(work, a + 3 * stride, ScalarMath.sigmoid(-gate));
    k.set(work, a + 4 * stride, keep >= write ? 1 : keep < write ? 0 : m); // NaN stays
    double nextC = set(k, state, s + stride, f * c + i * z);
    double nextN = set(k, state, s + 2 * stride, f * n + i);
    k.set(state, s, sigmoid(k, work, g + 3 * stride) * nextC / positive(nextN));
  }

  /** Where all weights underflow, c is 0 with n, and so is their ratio. */
  private static double positive(double n) {
    return n == 0 ? 1 : n;
  }

  private static <A> void slstmPullback(
      ArrayKernels<A> k, A work, int g, int a, A gState, int s, A gGates, int gg, int stride) {
    double z = k.get(work, g);
    double i = k.get(work, g + stride);
    double f = k.get(work, g + 2 * stride);
    double o = k.get(work, g + 3 * stride);
    double c = k.get(work, a + stride);
    double n = k.get(work, a + 2 * stride);
    double kept = k.get(work, a + 4 * stride);
    double weight = positive(f * n + i);
    double ratio = (f * c + i * z) / weight;
    double gh = k.get(gState, s);
    double gc = k.get(gState, s + stride) + gh * o / weight;
    double gn = k.get(gState, s + 2 * stride) - gh * o * ratio / weight;
    double gLogF = (gc * c + gn * n) * f;
    double gWrite = (gc * z + gn) * i;
    double gm = k.get(gState, s + 3 * stride) - gLogF - gWrite;
    gLogF += kept * gm;
    k.set(gGates, gg, gc * i * (1 - z * z));
    k.set(gGates, gg + stride, gWrite + (1 - kept) * gm);
    k.set(gGates, gg + 2 * stride, gLogF * k.get(work, a + 3 * stride));
    k.set(gGates, gg + 3 * stride, gh * ratio * o * (1 - o));
    k.set(gState, s, 0);
    k.set(gState, s + stride, gc * f);
    k.set(gState, s + 2 * stride, gn * f);
    k.set(gState, s + 3 * stride, gLogF);
  }
}
