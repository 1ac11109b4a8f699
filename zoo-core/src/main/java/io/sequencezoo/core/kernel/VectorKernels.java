package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.SPECIES;
import static io.sequencezoo.core.kernel.Lanes.all;
import static io.sequencezoo.core.kernel.Lanes.load;

import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * {@link Kernels} in single precision by the Vector API: a loop over whole vectors, then one over
 * the elements left.
 */
final class VectorKernels extends FloatArrays {
  private static final int SMALLEST_BITS = 128;

  VectorKernels() {
    if (SPECIES.vectorBitSize() < SMALLEST_BITS) {
      throw new UnsupportedOperationException(
          "vectors: must have at least 128 bits, got " + SPECIES.vectorBitSize());
    }
  }

  @Override
  public String name() {
    return "vector-" + SPECIES.vectorBitSize();
  }

  @Override
  public void transpose(
      int rows, int columns, float[] x, int xo, int ldx, float[] y, int yo, int ldy) {
    VectorPacking.transpose(x, xo, ldx, columns, rows, y, yo, ldy);
  }

  @Override
  public void map(Unary f, float[] x, int xo, float[] y, int yo, int n) {
    VectorUnary.map(f, x, xo, y, yo, n);
  }

  @Override
  public void mapPullback(
      Unary f,
      float[] x,
      int xo,
      float[] y,
      int yo,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      int n) {
    VectorUnary.mapPullback(f, x, xo, y, yo, gy, gyo, gx, gxo, n);
  }

  @Override
  public void add(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(x, xo + i).add(load(y, yo + i)).intoArray(z, zo + i);
    }
    for (; i < n; i++) {
      z[zo + i] = x[xo + i] + y[yo + i];
    }
  }

  @Override
  public void subtract(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(x, xo + i).sub(load(y, yo + i)).intoArray(z, zo + i);
    }
    for (; i < n; i++) {
      z[zo + i] = x[xo + i] - y[yo + i];
    }
  }

  @Override
  public void multiply(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(x, xo + i).mul(load(y, yo + i)).intoArray(z, zo + i);
    }
    for (; i < n; i++) {
      z[zo + i] = x[xo + i] * y[yo + i];
    }
  }

  @Override
  public void divide(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(x, xo + i).div(load(y, yo + i)).intoArray(z, zo + i);
    }
    for (; i < n; i++) {
      z[zo + i] = x[xo + i] / y[yo + i];
    }
  }

  @Override
  public void multiplyAdd(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(x, xo + i).fma(load(y, yo + i), load(z, zo + i)).intoArray(z, zo + i);
    }
    for (; i < n; i++) {
      z[zo + i] = Math.fma(x[xo + i], y[yo + i], z[zo + i]);
    }
  }

  @Override
  public void affine(double alpha, float[] x, int xo, double beta, float[] y, int yo, int n) {
    float scale = (float) alpha;
    float shift = (float) beta;
    FloatVector shifts = all(shift);
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(x, xo + i).fma(all(scale), shifts).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Math.fma(x[xo + i], scale, shift);
    }
  }

  @Override
  public void axpy(double alpha, float[] x, int xo, float[] y, int yo, int n) {
    float scale = (float) alpha;
    int i = 0;
    for (; i <= n - COUNT; i += COUNT) {
      load(x, xo + i).fma(all(scale), load(y, yo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Math.fma(x[xo + i], scale, y[yo + i]);
    }
  }

  @Override
  public double sum(float[] x, int xo, int n) {
    return VectorReductions.sum(x, xo, n);
  }

  @Override
  public double dot(float[] x, int xo, float[] y, int yo, int n) {
    return VectorReductions.dot(x, xo, y, yo, n);
  }

  @Override
  public double max(float[] x, int xo, int n) {
    return VectorReductions.max(x, xo, n);
  }

  @Override
  public double maxAbs(float[] x, int xo, int n) {
    return VectorReductions.maxAbs(x, xo, n);
  }

  @Override
  public double expShift(float[] x, int xo, double shift, float[] y, int yo, int n) {
    return VectorUnary.expShift(x, xo, (float) shift, y, yo, n);
  }

  @Override
  public double expAbove(float[] x, int xo, double shift, double low, float[] y, int yo, int n) {
    return VectorUnary.expAbove(x, xo, (float) shift, (float) low, y, yo, n);
  }

  @Override
  public void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      float[] a,
      int ao,
      int lda,
      float[] b,
      int bo,
      int ldb,
      double beta,
      float[] c,
      int co,
      int ldc) {
    VectorGemm.gemm(
        transposeA,
        transposeB,
        m,
        n,
        k,
        (float) alpha,
        a,
        ao,
        lda,
        b,
        bo,
        ldb,
        (float) beta,
        c,
        co,
        ldc);
  }

  @Override
  public int packedLength(int n, int k) {
    return VectorGemm.packedLength(n, k);
  }

  @Override
  public void packB(boolean transposeB, int n, int k, float[] b, int bo, int ldb, float[] packed) {
    VectorGemm.pack(transposeB, n, k, b, bo, ldb, packed);
  }

  @Override
  public void gemmPacked(
      int m,
      int n,
      int k,
      float[] a,
      int ao,
      int lda,
      float[] packed,
      double beta,
      float[] c,
      int co,
      int ldc) {
    VectorGemm.gemmPacked(m, n, k, a, ao, lda, packed, beta != 0, c, co, ldc);
  }

  @Override
  public void solveUnitLower(
      boolean transpose, int n, int m, float[] l, int lo, int ldl, float[] x, int xo, int ldx) {
    VectorTriangular.solve(transpose, n, m, l, lo, ldl, x, xo, ldx);
  }

  @Override
  public void layerNorm(
      float[] x,
      int xo,
      float @Nullable [] w,
      float @Nullable [] b,
      double eps,
      float[] y,
      int yo,
      float[] stats,
      int so,
      int n) {
    float mean = (float) (VectorReductions.sum(x, xo, n) / n);
    double variance = VectorReductions.squaredDeviation(x, xo, mean, n) / n;
    float rstd = (float) (1 / Math.sqrt(variance + eps));
    stats[so] = mean;
    stats[so + 1] = rstd;
    VectorRows.normalise(x, xo, mean, rstd, w, 0, b, 0, y, yo, n);
  }

  @Override
  public void layerNormPullback(
      float[] x,
      int xo,
      float @Nullable [] w,
      float[] stats,
      int so,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      float @Nullable [] gw,
      float @Nullable [] gb,
      int n) {
    float mean = stats[so];
    float rstd = stats[so + 1];
    VectorRows.normalisePullback(true, x, xo, mean, rstd, w, 0, gy, gyo, gx, gxo, gw, 0, gb, 0, n);
  }

  @Override
  public void rmsNorm(
      float[] x,
      int xo,
      float @Nullable [] w,
      int wo,
      float @Nullable [] b,
      int bo,
      double eps,
      float[] y,
      int yo,
      float[] stats,
      int so,
      int n) {
    double meanSquare = VectorReductions.dot(x, xo, x, xo, n) / n;
    float rstd = (float) (1 / Math.sqrt(meanSquare + eps));
    stats[so] = rstd;
    VectorRows.normalise(x, xo, 0, rstd, w, wo, b, bo, y, yo, n);
  }

  @Override
  public void rmsNormPullback(
      float[] x,
      int xo,
      float @Nullable [] w,
      int wo,
      float[] stats,
      int so,
      float[] gy,
      int gyo,
      float[] gx,
      int gxo,
      float @Nullable [] gw,
      int gwo,
      float @Nullable [] gb,
      int gbo,
      int n) {
    float rstd = stats[so];
    VectorRows.normalisePullback(
        false, x, xo, 0, rstd, w, wo, gy, gyo, gx, gxo, gw, gwo, gb, gbo, n);
  }

  @Override
  public void diagonalScan(
      DiagonalCell kind, float[] a, float[] x, float[] h, float[] c, int steps, int n) {
    switch (kind) {
      case GRU -> VectorDiagonalCells.gruScan(a, x, h, steps, n);
      case LSTM -> VectorDiagonalCells.lstmScan(a, x, h, c, steps, n);
    }
    ScalarDiagonalCells.scan(this, kind, a, x, h, c, steps, SPECIES.loopBound(n), n);
  }

  @Override
  public void diagonalScanPullback(
      DiagonalCell kind,
      float[] a,
      float[] x,
      float[] h,
      float[] c,
      float[] gy,
      float[] gh,
      float[] gc,
      float[] gx,
      float[] ga,
      int steps,
      int n) {
    switch (kind) {
      case GRU -> VectorDiagonalCells.gruScanPullback(a, x, h, gy, gh, gx, ga, steps, n);
      case LSTM -> VectorDiagonalCells.lstmScanPullback(a, x, h, c, gy, gh, gc, gx, ga, steps, n);
    }
    ScalarDiagonalCells.scanPullback(
        this, kind, a, x, h, c, gy, gh, gc, gx, ga, steps, SPECIES.loopBound(n), n);
  }

  @Override
  public void diagonalLinearise(
      DiagonalCell kind,
      float[] a,
      int as,
      Strided<float[]> h,
      Strided<float[]> x,
      Strided<float[]> next,
      Strided<float[]> j,
      int n) {
    switch (kind) {
      case GRU -> VectorDiagonalCells.gruLinearise(a, as, h, x, next, j, n);
      case LSTM -> VectorDiagonalCells.lstmLinearise(a, as, h, x, next, j, n);
    }
    ScalarDiagonalCells.linearise(this, kind, a, as, h, x, next, j, SPECIES.loopBound(n), n);
  }

  @Override
  public void diagonalPullback(
      DiagonalCell kind,
      float[] a,
      int as,
      Strided<float[]> h,
      Strided<float[]> x,
      Strided<float[]> g,
      Strided<float[]> gx,
      float[] ga,
      int n) {
    switch (kind) {
      case GRU -> VectorDiagonalCells.gruPullback(a, as, h, x, g, gx, ga, n);
      case LSTM -> VectorDiagonalCells.lstmPullback(a, as, h, x, g, gx, ga, n);
    }
    ScalarDiagonalCells.pullback(this, kind, a, as, h, x, g, gx, ga, SPECIES.loopBound(n), n);
  }

  @Override
  public void blockScan(
      boolean transposed,
      int blocks,
      Strided<float[]> j,
      Strided<float[]> state,
      Strided<float[]> v,
      int steps,
      int n) {
    switch (blocks) {
      case 1 -> VectorBlockScans.scanOnes(transposed, j, state, v, steps, n);
      case 2 -> VectorBlockScans.scanPairs(transposed, j, state, v, steps, n);
      default -> BlockScans.scan(this, transposed, blocks, j, state, v, steps, n);
    }
  }

  @Override
  public void blockMap(
      boolean transposed,
      int blocks,
      Strided<float[]> j,
      Strided<float[]> v,
      Strided<float[]> map,
      int steps,
      int n) {
    if (blocks > 2) {
      BlockScans.map(this, transposed, blocks, j, v, map, steps, n);
      return;
    }
    BlockScans.start(this, transposed, blocks, j, v, map, steps, n);
    if (blocks == 1) {
      VectorBlockScans.mapOnes(transposed, j, v, map, steps, n);
    } else {
      VectorBlockScans.mapPairs(transposed, j, v, map, steps, n);
    }
  }

  @Override
  public void cell(
      CellKind kind,
      float[] work,
      int go,
      int ao,
      float[] state,
      int so,
      float[] parameters,
      int po,
      int stride,
      int n) {
    int whole = SPECIES.loopBound(n);
    VectorCells.cell(kind, work, go, ao, state, so, parameters, po, stride, whole);
    ScalarCells.cell(
        this,
        kind,
        work,
        go + whole,
        ao + whole,
        state,
        so + whole,
        parameters,
        po + whole,
        stride,
        n - whole);
  }

  @Override
  public void cellPullback(
      CellKind kind,
      float[] work,
      int go,
      int ao,
      float[] gState,
      int so,
      float[] gGates,
      int ggo,
      float[] parameters,
      int po,
      int stride,
      int n) {
    int whole = SPECIES.loopBound(n);
    VectorCells.pullback(
        kind, work, go, ao, gState, so, gGates, ggo, parameters, po, stride, whole);
    ScalarCells.pullback(
        this,
        kind,
        work,
        go + whole,
        ao + whole,
        gState,
        so + whole,
        gGates,
        ggo + whole,
        parameters,
        po + whole,
        stride,
        n - whole);
  }

  @Override
  public void complexScan(
      float[] lambda,
      float[] x,
      int xo,
      float[] h,
      int ho,
      int stride,
      int steps,
      float[] state,
      int so,
      int n) {
    VectorScan.complex(lambda, x, xo, h, ho, stride, steps, state, so, n);
  }

  @Override
  public void linearScan(float[] a, float[] x, float[] h, int ho, float[] y, int steps, int n) {
    VectorElementwiseScan.linearScan(a, x, h, ho, y, steps, n);
  }

  @Override
  public void linearScanPullback(
      float[] a, float[] before, float[] gy, float[] gh, int gho, int steps, int n) {
    VectorElementwiseScan.linearScanPullback(a, before, gy, gh, gho, steps, n);
  }

  @Override
  public void selectiveScan(SelectiveSystem<float[]> system, float[] y) {
    VectorSelectiveScan.scan(system, y);
  }

  @Override
  public int selectiveScanWork(int steps, int states) {
    return VectorSelectiveScan.work(steps, states);
  }

  @Override
  public void selectiveScanPullback(
      SelectiveSystem<float[]> system,
      SelectiveGradients<float[]> gradients,
      float[] y,
      float[] work) {
    VectorSelectiveScan.pullback(system, gradients, y, work);
  }

  @Override
  public void adamW(AdamWStep step, float[] w, float[] g, float[] m, float[] v, int n) {
    VectorRows.adamW(step, w, g, m, v, n);
  }
}
