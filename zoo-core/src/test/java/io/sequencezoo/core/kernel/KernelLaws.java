package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.kernel.KernelCase.Argument;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** For every method of {@link Kernels}: one call at size n by both sides, compared. */
final class KernelLaws {
  /** What lies behind the elements in use, to see a write beyond them. */
  private static final int SLACK = 3;

  static final Map<String, Law> LAWS = new TreeMap<>();

  static {
    arrays();
    elementwise();
    reductions();
    Law gemm = KernelLaws::gemm;
    LAWS.put("gemm", gemm);
    LAWS.put("packedLength", KernelLaws::packed);
    LAWS.put("packB", KernelLaws::packed);
    LAWS.put("gemmPacked", KernelLaws::packed);
    LAWS.put("solveUnitLower", KernelLaws::solveUnitLower);
    LAWS.put("layerNorm", KernelLaws::layerNorm);
    LAWS.put("layerNormPullback", KernelLaws::layerNorm);
    LAWS.put("rmsNorm", KernelLaws::rmsNorm);
    LAWS.put("rmsNormPullback", KernelLaws::rmsNorm);
    LAWS.put("linearScan", KernelLaws::linearScan);
    LAWS.put("linearScanPullback", KernelLaws::linearScan);
    LAWS.put("selectiveScan", KernelLaws::selectiveScan);
    LAWS.put("selectiveScanWork", KernelLaws::selectiveScan);
    LAWS.put("selectiveScanPullback", KernelLaws::selectiveScan);
    LAWS.put("cell", KernelLaws::cells);
    LAWS.put("cellPullback", KernelLaws::cells);
    LAWS.put("diagonalScan", KernelLaws::diagonalScan);
    LAWS.put("diagonalScanPullback", KernelLaws::diagonalScan);
    LAWS.put("diagonalLinearise", KernelLaws::diagonalStep);
    LAWS.put("diagonalPullback", KernelLaws::diagonalStep);
    LAWS.put("blockScan", KernelLaws::blocks);
    LAWS.put("blockMap", KernelLaws::blocks);
    LAWS.put("adamW", KernelLaws::adamW);
    LAWS.put("complexScan", KernelLaws::complexScan);
    LAWS.put("transpose", KernelLaws::transpose);
  }

  private KernelLaws() {}

  /** A comparison at a size. */
  interface Law {
    void check(KernelCase c, int n);
  }

  /** {@code z = f(x, y)}. */
  private interface Binary<A> {
    void apply(A x, int xo, A y, int yo, A z, int zo, int n);
  }

  private static Argument normal(KernelCase c, int offset, int n) {
    return c.normal(offset + n + SLACK, 1);
  }

  private static void arrays() {
    LAWS.put("name", (c, n) -> assertThat(c.tested().name()).matches("scalar|vector-\\d+"));
    LAWS.put("allocate", (c, n) -> assertThat(c.tested().allocate(n)).containsOnly(new float[n]));
    LAWS.put("length", (c, n) -> assertThat(c.tested().length(new float[n])).isEqualTo(n));
    LAWS.put("get", (c, n) -> assertThat(c.tested().get(new float[] {1, 2}, 1)).isEqualTo(2));
    LAWS.put(
        "set",
        (c, n) -> {
          float[] a = new float[2];
          c.tested().set(a, 1, 0.1);
          assertThat(a).containsExactly(0, 0.1f);
        });
    LAWS.put(
        "copy",
        (c, n) -> {
          Argument x = normal(c, 1, n);
          Argument y = normal(c, 2, n);
          c.tested().copy(x.single, 1, y.single, 2, n);
          c.specification().copy(x.exact, 1, y.exact, 2, n);
          c.check("copy", 0);
        });
    LAWS.put(
        "fill",
        (c, n) -> {
          Argument y = normal(c, 2, n);
          c.tested().fill(y.single, 2, n, 0.25);
          c.specification().fill(y.exact, 2, n, 0.25);
          c.check("fill", 0);
        });
    for (String name : new String[] {"round", "widen"}) {
      LAWS.put(name, KernelLaws::convert);
    }
  }

  private static void convert(KernelCase c, int n) {
    float[] x = normal(c, 1, n).single;
    double[] wide = new double[n + 2];
    float[] back = new float[n + 3];
    c.tested().widen(x, 1, wide, 2, n);
    c.tested().round(wide, 2, back, 3, n);
    for (int i = 0; i < n; i++) {
      assertThat((Double) wide[i + 2]).isEqualTo((Double) (double) x[i + 1]);
      assertThat((Float) back[i + 3]).isEqualTo((Float) x[i + 1]);
    }
    double[] third = {0, 1.0 / 3};
    c.tested().round(third, 1, back, 0, 1);
    assertThat(back[0]).isEqualTo((float) (1.0 / 3));
  }

  private static void transpose(KernelCase c, int n) {
    for (int columns : new int[] {1, 7, 16, 33}) {
      int rows = Math.min(n, 90);
      Argument x = normal(c, 1, rows * (columns + 2));
      Argument y = normal(c, 2, columns * (rows + 3));
      c.tested().transpose(rows, columns, x.single, 1, columns + 2, y.single, 2, rows + 3);
      c.specification().transpose(rows, columns, x.exact, 1, columns + 2, y.exact, 2, rows + 3);
    }
    c.check("transpose", 0);
  }

  /** Forwards into another array, then backwards in place. */
  private static void complexScan(KernelCase c, int n) {
    int size = Math.min(n, 207);
    int steps = 5;
    int stride = 2 * size + 1;
    Argument lambda = c.uniform(2 * size + SLACK, -0.7, 0.7);
    Argument x = normal(c, 2, steps * stride);
    Argument h = normal(c, 1, steps * stride);
    Argument state = normal(c, 3, 2 * size);
    scan(c.tested(), lambda.single, x.single, h.single, stride, steps, state.single, size);
    scan(c.specification(), lambda.exact, x.exact, h.exact, stride, steps, state.exact, size);
    c.check("complexScan", 8);
  }

  private static <A> void scan(
      Kernels<A> kernels, A lambda, A x, A h, int stride, int steps, A state, int n) {
    kernels.complexScan(lambda, x, 2, h, 1, stride, steps, state, 3, n);
    int last = 1 + (steps - 1) * stride;
    kernels.complexScan(lambda, h, last, h, last, -stride, steps, state, 3, n);
  }

  private static void elementwise() {
    for (String name : new String[] {"map", "mapPullback"}) {
      LAWS.put(name, KernelLaws::unary);
    }
    binary("add", c -> c.tested()::add, c -> c.specification()::add);
    binary("subtract", c -> c.tested()::subtract, c -> c.specification()::subtract);
    binary("multiply", c -> c.tested()::multiply, c -> c.specification()::multiply);
    binary("divide", c -> c.tested()::divide, c -> c.specification()::divide);
    binary("multiplyAdd", c -> c.tested()::multiplyAdd, c -> c.specification()::multiplyAdd);
    LAWS.put(
        "affine",
        (c, n) -> {
          Argument x = normal(c, 1, n);
          Argument y = normal(c, 2, n);
          c.tested().affine(0.3, x.single, 1, -0.7, y.single, 2, n);
          c.specification().affine(0.3, x.exact, 1, -0.7, y.exact, 2, n);
          c.tested().affine(-2, x.single, 1, 0.1, x.single, 1, n);
          c.specification().affine(-2, x.exact, 1, 0.1, x.exact, 1, n);
          c.check("affine", 1);
        });
    LAWS.put(
        "axpy",
        (c, n) -> {
          Argument x = normal(c, 1, n);
          Argument y = normal(c, 2, n);
          c.tested().axpy(0.3, x.single, 1, y.single, 2, n);
          c.specification().axpy(0.3, x.exact, 1, y.exact, 2, n);
          c.tested().axpy(0.3, x.single, 1, x.single, 1, n);
          c.specification().axpy(0.3, x.exact, 1, x.exact, 1, n);
          c.check("axpy", 1);
        });
  }

  private interface Method<A> extends java.util.function.Function<KernelCase, Binary<A>> {}

  private static void binary(String name, Method<float[]> tested, Method<double[]> exact) {
    LAWS.put(
        name,
        (c, n) -> {
          Argument x = normal(c, 1, n);
          Argument y = c.uniform(2 + n + SLACK, 0.5, 2);
          Argument z = normal(c, 3, n);
          tested.apply(c).apply(x.single, 1, y.single, 2, z.single, 3, n);
          exact.apply(c).apply(x.exact, 1, y.exact, 2, z.exact, 3, n);
          tested.apply(c).apply(x.single, 1, y.single, 2, x.single, 1, n);
          exact.apply(c).apply(x.exact, 1, y.exact, 2, x.exact, 1, n);
          tested.apply(c).apply(z.single, 3, y.single, 2, y.single, 2, n);
          exact.apply(c).apply(z.exact, 3, y.exact, 2, y.exact, 2, n);
          // A quotient by a number near 0.5 twice over may be four times its terms.
          c.check(name, 4);
        });
  }

  private static void unary(KernelCase root, int n) {
    for (Unary f : Unary.values()) {
      KernelCase c = root.with(Arrays.asList(Unary.values()).indexOf(f) + 100L * n);
      boolean positive = f == Unary.LOG || f == Unary.SQRT || f == Unary.RECIPROCAL;
      Argument x = c.uniform(1 + n + SLACK, positive ? 0.25 : -4, 4);
      Argument y = normal(c, 2, n);
      Argument g = normal(c, 3, n);
      Argument gx = normal(c, 4, n);
      c.tested().map(f, x.single, 1, y.single, 2, n);
      c.specification().map(f, x.exact, 1, y.exact, 2, n);
      c.tested().mapPullback(f, x.single, 1, y.single, 2, g.single, 3, gx.single, 4, n);
      c.specification().mapPullback(f, x.exact, 1, y.exact, 2, g.exact, 3, gx.exact, 4, n);
      c.tested().mapPullback(f, x.single, 1, y.single, 2, g.single, 3, g.single, 3, n);
      c.specification().mapPullback(f, x.exact, 1, y.exact, 2, g.exact, 3, g.exact, 3, n);
      c.tested().map(f, x.single, 1, x.single, 1, n);
      c.specification().map(f, x.exact, 1, x.exact, 1, n);
      // Slopes computed from a rounded y, such as 1 - y², are exact to rounding of order 1.
      c.check(f.name(), 4);
    }
  }

  private static void reductions() {
    LAWS.put(
        "sum",
        (c, n) -> {
          Argument x = normal(c, 1, n);
          double got = c.tested().sum(x.single, 1, n);
          KernelCase.same("sum", got, c.specification().sum(x.exact, 1, n), size(x, 1, n));
        });
    LAWS.put(
        "dot",
        (c, n) -> {
          Argument x = normal(c, 1, n);
          Argument y = normal(c, 2, n);
          double got = c.tested().dot(x.single, 1, y.single, 2, n);
          KernelCase.same(
              "dot", got, c.specification().dot(x.exact, 1, y.exact, 2, n), size(x, 1, n));
        });
    LAWS.put(
        "max",
        (c, n) -> {
          Argument x = normal(c, 1, n);
          double got = c.tested().max(x.single, 1, n);
          assertThat((Double) got).isEqualTo((Double) c.specification().max(x.exact, 1, n));
          if (n > 0) {
            x.single[1 + n / 2] = Float.NaN;
            assertThat(c.tested().max(x.single, 1, n)).isNaN();
          }
        });
    LAWS.put(
        "maxAbs",
        (c, n) -> {
          Argument x = normal(c, 1, n);
          double got = c.tested().maxAbs(x.single, 1, n);
          assertThat((Double) got).isEqualTo((Double) c.specification().maxAbs(x.exact, 1, n));
          if (n > 0 && !Double.isNaN(got)) {
            x.single[n / 2 + 1] = Float.NEGATIVE_INFINITY;
            assertThat(c.tested().maxAbs(x.single, 1, n)).isEqualTo(Double.POSITIVE_INFINITY);
            x.single[n] = -Float.NaN;
            assertThat(c.tested().maxAbs(x.single, 1, n)).isNaN();
          }
        });
    LAWS.put(
        "expAbove",
        (c, n) -> {
          Argument x = normal(c, 1, n);
          Argument y = normal(c, 2, n);
          double low = -0.7;
          double got = c.tested().expAbove(x.single, 1, 0.5, low, y.single, 2, n);
          double exact = c.specification().expAbove(x.exact, 1, 0.5, low, y.exact, 2, n);
          KernelCase.same("expAbove", got, exact, 0);
          for (int i = 0; i < n; i++) {
            assertThat(y.single[2 + i] == 0).isEqualTo(x.exact[1 + i] - 0.5 < low);
          }
          if (n > 0) {
            x.single[1 + n / 2] = Float.NaN;
            c.tested().expAbove(x.single, 1, 0.5, low, x.single, 1, n);
            assertThat(x.single[1 + n / 2]).isNaN();
            x.exact[1 + n / 2] = Double.NaN;
          }
          c.specification().expAbove(x.exact, 1, 0.5, low, x.exact, 1, n);
          c.check("expAbove", 1);
        });
    LAWS.put(
        "expShift",
        (c, n) -> {
          Argument x = normal(c, 1, n);
          Argument y = normal(c, 2, n);
          double got = c.tested().expShift(x.single, 1, 0.5, y.single, 2, n);
          double exact = c.specification().expShift(x.exact, 1, 0.5, y.exact, 2, n);
          KernelCase.same("expShift", got, exact, 0);
          c.tested().expShift(x.single, 1, 0.5, x.single, 1, n);
          c.specification().expShift(x.exact, 1, 0.5, x.exact, 1, n);
          c.check("expShift", 1);
        });
  }

  private static double size(Argument x, int offset, int n) {
    double size = 1;
    for (int i = 0; i < n; i++) {
      size += Math.abs(x.exact[offset + i]);
    }
    return size;
  }

  /** A thin product, so that large n stays cheap; {@link GemmTest} has the shapes. */
  private static void gemm(KernelCase c, int n) {
    int m = Math.min(n, 5);
    int k = 7;
    Argument a = normal(c, 1, m * k);
    Argument b = normal(c, 2, k * n);
    Argument r = normal(c, 3, m * n);
    c.tested().gemm(false, false, m, n, k, 0.5, a.single, 1, k, b.single, 2, n, 1, r.single, 3, n);
    c.specification()
        .gemm(false, false, m, n, k, 0.5, a.exact, 1, k, b.exact, 2, n, 1, r.exact, 3, n);
    c.check("gemm", k);
  }

  private static void packed(KernelCase c, int n) {
    int m = 3;
    int k = 5;
    Kernels<float[]> kernels = c.tested();
    Argument a = normal(c, 1, m * k);
    Argument b = normal(c, 2, k * n);
    Argument bt = normal(c, 2, k * n);
    Argument r = normal(c, 3, m * n);
    float[] packed = new float[kernels.packedLength(n, k)];
    kernels.packB(false, n, k, b.single, 2, n, packed);
    kernels.gemmPacked(m, n, k, a.single, 1, k, packed, 0, r.single, 3, n);
    kernels.packB(true, n, k, bt.single, 2, k, packed);
    kernels.gemmPacked(m, n, k, a.single, 1, k, packed, 1, r.single, 3, n);
    Kernels<double[]> exact = c.specification();
    exact.gemm(false, false, m, n, k, 1, a.exact, 1, k, b.exact, 2, n, 0, r.exact, 3, n);
    exact.gemm(false, true, m, n, k, 1, a.exact, 1, k, bt.exact, 2, k, 1, r.exact, 3, n);
    c.check("gemmPacked", 2 * k);
  }

  /** Few rows of small entries, so that the solution doesn't grow; columns of every size. */
  private static void solveUnitLower(KernelCase root, int n) {
    for (int rows : new int[] {1, 2, 5, 16}) {
      for (boolean transpose : new boolean[] {false, true}) {
        KernelCase c = root.with(31L * n + rows);
        Argument l = c.uniform(1 + rows * (rows + 1) + SLACK, -.3, .3);
        Argument x = normal(c, 2, rows * (n + 1));
        c.tested().solveUnitLower(transpose, rows, n, l.single, 1, rows + 1, x.single, 2, n + 1);
        c.specification()
            .solveUnitLower(transpose, rows, n, l.exact, 1, rows + 1, x.exact, 2, n + 1);
        c.check("solveUnitLower", 8 * rows);
      }
    }
  }

  private static void layerNorm(KernelCase root, int n) {
    for (int variant = 0; variant < 4 && n > 0; variant++) {
      KernelCase c = root.with(31L * n + variant);
      Argument x = c.uniform(1 + n + SLACK, 2, 4);
      Argument w = variant % 2 == 1 ? normal(c, 0, n) : new Argument(new float[0]);
      Argument b = variant >= 2 ? normal(c, 0, n) : new Argument(new float[0]);
      Argument y = normal(c, 2, n);
      Argument g = normal(c, 3, n);
      Argument gw = normal(c, 0, n);
      Argument gb = normal(c, 0, n);
      Argument s = normal(c, 2, 0);
      norms(
          c.tested(),
          x.single,
          opt(w.single),
          opt(b.single),
          y.single,
          g.single,
          gw.single,
          gb.single,
          s.single,
          n);
      norms(
          c.specification(),
          x.exact,
          opt(w.exact),
          opt(b.exact),
          y.exact,
          g.exact,
          gw.exact,
          gb.exact,
          s.exact,
          n);
      // x lies away from 0, so that its deviations lose bits; six is the largest normal product.
      c.check("layerNorm variant " + variant, 20);
    }
  }

  private static float[] opt(float[] a) {
    return a.length == 0 ? null : a;
  }

  private static double[] opt(double[] a) {
    return a.length == 0 ? null : a;
  }

  private static <A> void norms(
      Kernels<A> kernels, A x, A w, A b, A y, A g, A gw, A gb, A s, int n) {
    kernels.layerNorm(x, 1, w, b, 1e-5, y, 2, s, 1, n);
    kernels.layerNormPullback(
        x, 1, w, s, 1, g, 3, g, 3, w == null ? null : gw, b == null ? null : gb, n);
    kernels.layerNorm(x, 1, w, b, 1e-5, x, 1, s, 1, n);
  }

  private static void rmsNorm(KernelCase root, int n) {
    for (int variant = 0; variant < 4 && n > 0; variant++) {
      KernelCase c = root.with(37L * n + variant);
      Argument x = normal(c, 1, n);
      Argument w = variant % 2 == 1 ? normal(c, 2, n) : new Argument(new float[0]);
      Argument b = variant >= 2 ? normal(c, 1, n) : new Argument(new float[0]);
      Argument y = normal(c, 2, n);
      Argument g = normal(c, 3, n);
      Argument gw = normal(c, 1, n);
      Argument gb = normal(c, 2, n);
      Argument s = normal(c, 1, 0);
      rms(
          c.tested(),
          x.single,
          opt(w.single),
          opt(b.single),
          y.single,
          g.single,
          gw.single,
          gb.single,
          s.single,
          n);
      rms(
          c.specification(),
          x.exact,
          opt(w.exact),
          opt(b.exact),
          y.exact,
          g.exact,
          gw.exact,
          gb.exact,
          s.exact,
          n);
      c.check("rmsNorm variant " + variant, 20);
    }
  }

  private static <A> void rms(Kernels<A> kernels, A x, A w, A b, A y, A g, A gw, A gb, A s, int n) {
    kernels.rmsNorm(x, 1, w, 2, b, 1, 1e-5, y, 2, s, 1, n);
    kernels.rmsNormPullback(
        x, 1, w, 2, s, 1, g, 3, g, 3, w == null ? null : gw, 1, b == null ? null : gb, 2, n);
    kernels.rmsNorm(x, 1, w, 2, b, 1, 1e-5, x, 1, s, 1, n);
  }

  private static void cells(KernelCase c, int n) {
    for (CellKind kind : CellKind.values()) {
      int slots = kind.gates() + kind.auxiliaries();
      Argument work = normal(c, 1, slots * n);
      Argument state = normal(c, 2, kind.states() * n);
      Argument parameters = normal(c, 3, kind.parameters() * n);
      Argument gState = normal(c, 1, kind.states() * n);
      Argument gGates = normal(c, 2, kind.gates() * n);
      if (kind == CellKind.SLSTM) {
        // Weights of its average are positive; near zero the average is a ratio of roundings.
        positive(state, 2 + 2 * n, n);
      }
      cell(
          c.tested(),
          kind,
          work.single,
          state.single,
          parameters.single,
          gState.single,
          gGates.single,
          n);
      cell(
          c.specification(),
          kind,
          work.exact,
          state.exact,
          parameters.exact,
          gState.exact,
          gGates.exact,
          n);
    }
    c.check("cell", 8);
  }

  private static void positive(Argument argument, int from, int n) {
    for (int i = from; i < from + n; i++) {
      argument.single[i] = 0.5f + Math.abs(argument.single[i]);
      argument.exact[i] = argument.single[i];
    }
  }

  private static <A> void cell(
      Kernels<A> kernels, CellKind kind, A work, A state, A parameters, A gState, A gGates, int n) {
    int aux = 1 + kind.gates() * n;
    kernels.cell(kind, work, 1, aux, state, 2, parameters, 3, n, n);
    kernels.cellPullback(kind, work, 1, aux, gState, 1, gGates, 2, parameters, 3, n, n);
  }

  /** Drives wide enough to reach the limits of the gates; a few steps, there and back in place. */
  private static void diagonalScan(KernelCase root, int n) {
    int steps = 3;
    for (DiagonalCell kind : DiagonalCell.values()) {
      KernelCase k = root.with(31L * n + Arrays.asList(DiagonalCell.values()).indexOf(kind));
      Argument a = normal(k, 0, kind.weights() * n);
      Argument x = k.uniform(3 * steps * n + SLACK, -12, 12);
      Argument h = normal(k, 0, (steps + 1) * n);
      Argument c = normal(k, 0, (steps + 1) * n);
      Argument gy = normal(k, 0, steps * n);
      Argument gh = normal(k, 0, n);
      Argument gc = normal(k, 0, n);
      Argument ga = normal(k, 0, kind.weights() * n);
      k.tested().diagonalScan(kind, a.single, x.single, h.single, c.single, steps, n);
      k.tested()
          .diagonalScanPullback(
              kind, a.single, x.single, h.single, c.single, gy.single, gh.single, gc.single,
              x.single, ga.single, steps, n);
      k.specification().diagonalScan(kind, a.exact, x.exact, h.exact, c.exact, steps, n);
      k.specification()
          .diagonalScanPullback(
              kind, a.exact, x.exact, h.exact, c.exact, gy.exact, gh.exact, gc.exact, x.exact,
              ga.exact, steps, n);
      // Rounding of a pre-activation of 12, through weights and slopes of order 1.
      k.check("scan of " + kind, 24);
    }
  }

  /** Drives as wide as in {@link #diagonalScan}; planes further apart than they are long. */
  private static void diagonalStep(KernelCase root, int n) {
    int stride = n + 2;
    for (DiagonalCell kind : DiagonalCell.values()) {
      KernelCase c = root.with(31L * n + Arrays.asList(DiagonalCell.values()).indexOf(kind));
      Argument a = normal(c, 0, kind.weights() * stride);
      Argument h = normal(c, 1, 2 * stride);
      Argument x = c.uniform(2 + 3 * stride + SLACK, -12, 12);
      Argument next = normal(c, 3, 2 * stride);
      Argument j = normal(c, 1, 4 * stride);
      Argument g = normal(c, 2, 2 * stride);
      Argument gx = normal(c, 3, 3 * stride);
      Argument ga = normal(c, 0, kind.weights() * stride);
      step(c.tested(), kind, a.single, h.single, x.single, next.single, j.single, n);
      back(c.tested(), kind, a.single, h.single, x.single, g.single, gx.single, ga.single, n);
      step(c.specification(), kind, a.exact, h.exact, x.exact, next.exact, j.exact, n);
      back(c.specification(), kind, a.exact, h.exact, x.exact, g.exact, gx.exact, ga.exact, n);
      c.check("step of " + kind, 24);
    }
  }

  private static <A> void step(
      Kernels<A> kernels, DiagonalCell kind, A a, A h, A x, A next, A j, int n) {
    int s = n + 2;
    kernels.diagonalLinearise(
        kind,
        a,
        s,
        new Strided<>(h, 1, s),
        new Strided<>(x, 2, s),
        new Strided<>(next, 3, s),
        new Strided<>(j, 1, s),
        n);
  }

  private static <A> void back(
      Kernels<A> kernels, DiagonalCell kind, A a, A h, A x, A g, A gx, A ga, int n) {
    int s = n + 2;
    kernels.diagonalPullback(
        kind,
        a,
        s,
        new Strided<>(h, 1, s),
        new Strided<>(x, 2, s),
        new Strided<>(g, 2, s),
        new Strided<>(gx, 3, s),
        ga,
        n);
  }

  /** Every K that has a loop of its own and one that hasn't, forwards and backwards. */
  private static void blocks(KernelCase root, int n) {
    for (int blocks = 1; blocks <= 3; blocks++) {
      for (boolean transposed : new boolean[] {false, true}) {
        KernelCase c = root.with(31L * n + blocks);
        int stride = 4 * n + 1;
        Argument j = c.uniform(1 + blocks * blocks * stride + SLACK, -0.6, 0.6);
        Argument v = normal(c, 2, blocks * stride);
        Argument state = normal(c, 3, blocks * (n + 1));
        Argument map = normal(c, 1, blocks * (blocks + 2) * (n + 2));
        blocks(c.tested(), transposed, blocks, j.single, v.single, state.single, map.single, n);
        blocks(c.specification(), transposed, blocks, j.exact, v.exact, state.exact, map.exact, n);
        // Four steps, each three products and a sum of normal numbers.
        c.check("blocks of " + blocks, 16);
      }
    }
  }

  /** The map, whose working rows are nobody's result, then the scan in place. */
  private static <A> void blocks(
      Kernels<A> kernels, boolean transposed, int blocks, A j, A v, A state, A map, int n) {
    int s = 4 * n + 1;
    Strided<A> matrices = new Strided<>(j, 1, s);
    Strided<A> values = new Strided<>(v, 2, s);
    kernels.blockMap(transposed, blocks, matrices, values, new Strided<>(map, 1, n + 2), 4, n);
    int work = 1 + blocks * (blocks + 1) * (n + 2);
    kernels.fill(map, work, blocks * (n + 2), 0);
    kernels.blockScan(transposed, blocks, matrices, new Strided<>(state, 3, n + 1), values, 4, n);
  }

  private static void linearScan(KernelCase c, int n) {
    int rows = 5 * n;
    Argument a = c.uniform(1 + rows + SLACK, 0, 1);
    Argument x = normal(c, 2, rows);
    Argument h = normal(c, 3, n);
    Argument y = normal(c, 1, rows);
    Argument gy = normal(c, 2, rows);
    Argument gh = normal(c, 3, n);
    scan(c.tested(), a.single, x.single, h.single, y.single, gy.single, gh.single, n);
    scan(c.specification(), a.exact, x.exact, h.exact, y.exact, gy.exact, gh.exact, n);
    // Five steps, each a product and a sum of normal numbers.
    c.check("linearScan", 30);
  }

  private static <A> void scan(Kernels<A> kernels, A a, A x, A h, A y, A gy, A gh, int n) {
    kernels.linearScan(a, x, h, 3, y, 5, n);
    kernels.linearScanPullback(a, y, gy, gh, 3, 5, n);
    kernels.linearScan(a, x, h, 3, x, 5, n);
  }

  /** Sizes of steps from 0 to far beyond what the state survives, and rates of either sign. */
  private static void selectiveScan(KernelCase c, int n) {
    int steps = 4;
    int states = 3;
    int rows = steps * n;
    int inner = steps * states;
    Argument dt = c.uniform(rows + SLACK, 0, 2);
    for (int i = 0; i < rows; i += 3) {
      float extreme = i % 2 == 0 ? 0 : i % 5 == 0 ? 1e20f : 300;
      dt.single[i] = extreme;
      dt.exact[i] = extreme;
    }
    Argument x = normal(c, 0, rows);
    Argument a = c.uniform(states * n + SLACK, -3, -0.01);
    Argument b = normal(c, 0, inner);
    Argument cs = normal(c, 0, inner);
    Argument h = normal(c, 0, states * n);
    Argument y = normal(c, 0, rows);
    Argument gy = normal(c, 0, rows);
    Argument gh = normal(c, 0, states * n);
    Argument gdt = normal(c, 0, rows);
    Argument gx = normal(c, 0, rows);
    Argument ga = c.of(new float[states * n + SLACK]);
    Argument gb = c.of(new float[inner + SLACK]);
    Argument gc = c.of(new float[inner + SLACK]);
    selective(
        c.tested(),
        new float[c.tested().selectiveScanWork(steps, states)],
        steps,
        states,
        n,
        List.of(
            dt.single,
            x.single,
            a.single,
            b.single,
            cs.single,
            h.single,
            gy.single,
            gh.single,
            y.single,
            gdt.single,
            gx.single,
            ga.single,
            gb.single,
            gc.single));
    selective(
        c.specification(),
        new double[c.specification().selectiveScanWork(steps, states)],
        steps,
        states,
        n,
        List.of(
            dt.exact, x.exact, a.exact, b.exact, cs.exact, h.exact, gy.exact, gh.exact, y.exact,
            gdt.exact, gx.exact, ga.exact, gb.exact, gc.exact));
    // Gradients of b and c sum over the channels; steps of 300 weigh those of the rates.
    c.check("selectiveScan", 100 + 4 * n);
  }

  private static <A> void selective(
      Kernels<A> kernels, A work, int steps, int states, int n, List<A> p) {
    SelectiveSystem<A> system =
        new SelectiveSystem<>(
            p.get(0), p.get(1), p.get(2), p.get(3), p.get(4), p.get(5), steps, states, n);
    SelectiveGradients<A> gradients =
        new SelectiveGradients<>(
            p.get(6), p.get(7), p.get(9), p.get(10), p.get(11), p.get(12), p.get(13));
    kernels.selectiveScanPullback(system, gradients, p.get(8), work);
    kernels.selectiveScan(system, p.get(8));
  }

  private static void adamW(KernelCase c, int n) {
    Argument w = normal(c, 1, n);
    Argument g = normal(c, 2, n);
    Argument m = normal(c, 3, n);
    Argument v = c.uniform(1 + n + SLACK, 0.1, 1);
    AdamWStep step = new AdamWStep(0.5, 0.01, 0.9, 0.99, 1e-8, 0.1, 0.19, 0.02);
    c.tested().adamW(step, w.single, g.single, m.single, v.single, n);
    c.specification().adamW(step, w.exact, g.exact, m.exact, v.exact, n);
    c.check("adamW", 2);
  }
}
