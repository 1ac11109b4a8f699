package io.sequencezoo.core.kernel;

/**
 * The specification of {@link Kernels#paraGruLinearise}, {@link Kernels#paraLstmLinearise} and
 * their pullbacks, number by number in double, for every array type. Each handles numbers {@code
 * from} to {@code n - 1} of the run.
 */
final class ScalarParaJacobians {
  private ScalarParaJacobians() {}

  static <A> void gru(
      Kernels<A> k,
      A a,
      int as,
      int from,
      A h,
      int ho,
      A x,
      int xo,
      int xs,
      A next,
      int no,
      A j,
      int jo,
      int n) {
    for (int i = from; i < n; i++) {
      double az = k.get(a, i);
      double ar = k.get(a, as + i);
      double ac = k.get(a, 2 * as + i);
      double state = k.get(h, ho + i);
      double z = ScalarMath.sigmoid(az * state + k.get(x, xo + i));
      double r = ScalarMath.sigmoid(ar * state + k.get(x, xo + xs + i));
      double c = Math.tanh(ac * state * r + k.get(x, xo + 2 * xs + i));
      double gap = c - state;
      k.set(next, no + i, state + z * gap);
      double inner = z * (1 - c * c) * ac * (r + state * r * (1 - r) * ar);
      k.set(j, jo + i, (1 - z) * (1 + gap * z * az) + inner);
    }
  }

  static <A> void gruPullback(
      Kernels<A> k,
      A a,
      int as,
      int from,
      A h,
      int ho,
      A x,
      int xo,
      int xs,
      A g,
      int go,
      A gx,
      int gxo,
      int gxs,
      A ga,
      int n) {
    for (int i = from; i < n; i++) {
      double ac = k.get(a, 2 * as + i);
      double state = k.get(h, ho + i);
      double z = ScalarMath.sigmoid(k.get(a, i) * state + k.get(x, xo + i));
      double r = ScalarMath.sigmoid(k.get(a, as + i) * state + k.get(x, xo + xs + i));
      double c = Math.tanh(ac * state * r + k.get(x, xo + 2 * xs + i));
      double gNext = k.get(g, go + i);
      double gz = gNext * (c - state) * z * (1 - z);
      double gc = gNext * z * (1 - c * c);
      double gr = gc * ac * state * r * (1 - r);
      k.set(gx, gxo + i, gz);
      k.set(gx, gxo + gxs + i, gr);
      k.set(gx, gxo + 2 * gxs + i, gc);
      add(k, ga, i, gz * state);
      add(k, ga, as + i, gr * state);
      add(k, ga, 2 * as + i, gc * state * r);
    }
  }

  static <A> void lstm(
      Kernels<A> k,
      A a,
      int as,
      int from,
      A h,
      int ho,
      int hs,
      A x,
      int xo,
      int xs,
      A next,
      int no,
      int ns,
      A j,
      int jo,
      int js,
      int n) {
    for (int i = from; i < n; i++) {
      double af = k.get(a, i);
      double ao = k.get(a, as + i);
      double az = k.get(a, 2 * as + i);
      double pf = k.get(a, 3 * as + i);
      double po = k.get(a, 4 * as + i);
      double state = k.get(h, ho + i);
      double cell = k.get(h, ho + hs + i);
      double f = ScalarMath.sigmoid(af * state + pf * cell + k.get(x, xo + i));
      double z = Math.tanh(az * state + k.get(x, xo + 2 * xs + i));
      double nextCell = z + f * (cell - z);
      double o = ScalarMath.sigmoid(ao * state + po * nextCell + k.get(x, xo + xs + i));
      double tanh = Math.tanh(nextCell);
      k.set(next, no + i, o * tanh);
      k.set(next, no + ns + i, nextCell);
      double turn = (cell - z) * f * (1 - f);
      double cc = f + turn * pf;
      double ch = turn * af + (1 - f) * (1 - z * z) * az;
      double shown = tanh * o * (1 - o);
      double q = shown * po + o * (1 - tanh * tanh);
      k.set(j, jo + i, q * ch + shown * ao);
      k.set(j, jo + js + i, q * cc);
      k.set(j, jo + 2 * js + i, ch);
      k.set(j, jo + 3 * js + i, cc);
    }
  }

  static <A> void lstmPullback(
      Kernels<A> k,
      A a,
      int as,
      int from,
      A h,
      int ho,
      int hs,
      A x,
      int xo,
      int xs,
      A g,
      int go,
      int gs,
      A gx,
      int gxo,
      int gxs,
      A ga,
      int n) {
    for (int i = from; i < n; i++) {
      double po = k.get(a, 4 * as + i);
      double state = k.get(h, ho + i);
      double cell = k.get(h, ho + hs + i);
      double seen = k.get(a, 3 * as + i) * cell + k.get(x, xo + i);
      double f = ScalarMath.sigmoid(k.get(a, i) * state + seen);
      double z = Math.tanh(k.get(a, 2 * as + i) * state + k.get(x, xo + 2 * xs + i));
      double next = z + f * (cell - z);
      double shown = po * next + k.get(x, xo + xs + i);
      double o = ScalarMath.sigmoid(k.get(a, as + i) * state + shown);
      double tanh = Math.tanh(next);
      double gHidden = k.get(g, go + i);
      double gOutput = gHidden * tanh * o * (1 - o);
      double gNext = k.get(g, go + gs + i) + gHidden * o * (1 - tanh * tanh) + gOutput * po;
      double gForget = gNext * (cell - z) * f * (1 - f);
      double gInput = gNext * (1 - f) * (1 - z * z);
      k.set(gx, gxo + i, gForget);
      k.set(gx, gxo + gxs + i, gOutput);
      k.set(gx, gxo + 2 * gxs + i, gInput);
      add(k, ga, i, gForget * state);
      add(k, ga, as + i, gOutput * state);
      add(k, ga, 2 * as + i, gInput * state);
      add(k, ga, 3 * as + i, gForget * cell);
      add(k, ga, 4 * as + i, gOutput * next);
    }
  }

  private static <A> void add(Kernels<A> k, A sum, int at, double value) {
    k.set(sum, at, k.get(sum, at) + value);
  }
}
