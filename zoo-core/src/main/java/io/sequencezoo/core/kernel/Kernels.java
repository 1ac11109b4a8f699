package io.sequencezoo.core.kernel;

/**
 * The arithmetic of one machine in one precision: loops over primitive arrays with offsets and
 * lengths, no tensors and no allocation.
 *
 * <p>Algorithms are written once against this interface, with {@code A} either {@code float[]} or
 * {@code double[]}. Three providers exist: scalar double (the readable specification), scalar float
 * and vector float. Outputs may be the same array and offset as an input; partial overlap is not
 * allowed. Matrices are row-major with a leading dimension.
 *
 * @param <A> the array type, {@code float[]} or {@code double[]}
 */
public interface Kernels<A> {

  /** A name for logs and results, such as {@code vector-512} or {@code scalar}. */
  String name();

  /** A new array of n zeros. */
  A allocate(int n);

  /** The number of elements of an array. */
  int length(A a);

  /** Reads one element, widened. */
  double get(A a, int i);

  /** Writes one element, rounded. */
  void set(A a, int i, double value);

  /** Copies n elements. */
  default void copy(A x, int xo, A y, int yo, int n) {
    System.arraycopy(x, xo, y, yo, n);
  }

  /** {@code y_i = value}. */
  void fill(A y, int yo, int n, double value);

  /** {@code y_i = x_i}, rounded to this precision. */
  void round(double[] x, int xo, A y, int yo, int n);

  /** {@code y_i = x_i}, widened. */
  void widen(A x, int xo, double[] y, int yo, int n);

  /**
   * {@code Y = Xᵀ}: X has rows of {@code columns} elements {@code ldx} apart, Y has rows {@code
   * ldy} apart. X and Y are different arrays.
   */
  void transpose(int rows, int columns, A x, int xo, int ldx, A y, int yo, int ldy);

  // Element-wise.

  /** {@code y_i = f(x_i)}. */
  void map(Unary f, A x, int xo, A y, int yo, int n);

  /** {@code gx_i = gy_i f'(x_i)}, where {@code y_i = f(x_i)} is given as well. */
  void mapPullback(Unary f, A x, int xo, A y, int yo, A gy, int gyo, A gx, int gxo, int n);

  /** {@code z_i = x_i + y_i}. */
  void add(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code z_i = x_i - y_i}. */
  void subtract(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code z_i = x_i y_i}. */
  void multiply(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code z_i = x_i / y_i}. */
  void divide(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code z_i += x_i y_i}. */
  void multiplyAdd(A x, int xo, A y, int yo, A z, int zo, int n);

  /** {@code y_i = alpha x_i + beta}. */
  void affine(double alpha, A x, int xo, double beta, A y, int yo, int n);

  /** {@code y_i += alpha x_i}. */
  void axpy(double alpha, A x, int xo, A y, int yo, int n);

  // Reductions. The order of summation is fixed for a provider and a length.

  /** {@code Σ x_i}. */
  double sum(A x, int xo, int n);

  /** {@code Σ x_i y_i}. */
  double dot(A x, int xo, A y, int yo, int n);

  /** {@code max x_i}, NaN if any is NaN, -infinity for n = 0. */
  double max(A x, int xo, int n);

  /** {@code max |x_i|}, NaN if any is NaN, 0 for n = 0. */
  double maxAbs(A x, int xo, int n);

  /** {@code y_i = e^{x_i - shift}}; returns {@code Σ y_i}. */
  double expShift(A x, int xo, double shift, A y, int yo, int n);

  /**
   * As {@link #expShift}, but exactly 0 where {@code x_i - shift < low}: weights too small to
   * count, whose products would be subnormal, which processors multiply a hundred times slower.
   */
  double expAbove(A x, int xo, double shift, double low, A y, int yo, int n);

  // Matrices.

  /**
   * {@code C = alpha op(A) op(B) + beta C} for matrices that fit a cache: op(A) is m x k, op(B) is
   * k x n, C is m x n. With beta = 0, C is not read.
   */
  void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      A a,
      int ao,
      int lda,
      A b,
      int bo,
      int ldb,
      double beta,
      A c,
      int co,
      int ldc);

  /** The length of the array that {@link #packB} fills for a k x n matrix. */
  default int packedLength(int n, int k) {
    return Math.multiplyExact(n, k);
  }

  /**
   * Copies op(B), k x n, once into the layout that {@link #gemmPacked} reads fastest; for a matrix
   * that many small products share, such as the recurrent weight of a cell.
   */
  default void packB(boolean transposeB, int n, int k, A b, int bo, int ldb, A packed) {
    for (int p = 0; p < k; p++) {
      if (transposeB) {
        for (int j = 0; j < n; j++) {
          set(packed, p * n + j, get(b, bo + j * ldb + p));
        }
      } else {
        copy(b, bo + p * ldb, packed, p * n, n);
      }
    }
  }

  /** {@code C = A B + beta C}, beta 0 or 1, with A m x k and B from {@link #packB}. */
  default void gemmPacked(
      int m, int n, int k, A a, int ao, int lda, A packed, double beta, A c, int co, int ldc) {
    gemm(false, false, m, n, k, 1, a, ao, lda, packed, 0, n, beta, c, co, ldc);
  }

  /**
   * {@code X = (I + L)^{-1} X}, or {@code (I + L)^{-T} X}, for the strictly lower triangular L, n x
   * n, whose diagonal and upper part are not read; X is n x m. For matrices of a few rows.
   */
  default void solveUnitLower(
      boolean transpose, int n, int m, A l, int lo, int ldl, A x, int xo, int ldx) {
    for (int p = 1; p < n; p++) {
      int i = transpose ? n - 1 - p : p;
      for (int q = 0; q < p; q++) {
        int j = transpose ? n - 1 - q : q;
        double factor = get(l, transpose ? lo + j * ldl + i : lo + i * ldl + j);
        axpy(-factor, x, xo + j * ldx, x, xo + i * ldx, m);
      }
    }
  }

  // Rows of normalised layers.

  /**
   * {@code y = (x - mean) rstd w + b}, {@code rstd = 1/√(var + eps)}; w and b may be null. Returns
   * rstd and leaves the mean in {@code stats[so]} and rstd in {@code stats[so + 1]}.
   */
  void layerNorm(A x, int xo, A w, A b, double eps, A y, int yo, A stats, int so, int n);

  /**
   * The pullback of {@link #layerNorm}: writes gx; adds to gw and gb where they are not null. stats
   * is what the forward pass left.
   */
  void layerNormPullback(
      A x, int xo, A w, A stats, int so, A gy, int gyo, A gx, int gxo, A gw, A gb, int n);

  /** {@code y = x rstd w + b}, {@code rstd = 1/√(mean(x²) + eps)}, left in {@code stats[so]}. */
  void rmsNorm(
      A x, int xo, A w, int wo, A b, int bo, double eps, A y, int yo, A stats, int so, int n);

  /** The pullback of {@link #rmsNorm}: writes gx; adds to gw and gb where they are not null. */
  void rmsNormPullback(
      A x,
      int xo,
      A w,
      int wo,
      A stats,
      int so,
      A gy,
      int gyo,
      A gx,
      int gxo,
      A gw,
      int gwo,
      A gb,
      int gbo,
      int n);

  // Nonlinear cells. A slot is a run of numbers, one per unit; slots lie stride apart.

  /**
   * One step of n units of a cell of this kind. Gates (slots from {@code work[go]}) come as
   * pre-activations and leave as activations, auxiliaries (from {@code work[ao]}) but for the first
   * are written for the pullback, and the state (from {@code state[so]}) moves on.
   *
   * @param parameters the cell's own parameters, from {@code po}; null for kinds without
   */
  default void cell(
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
    ScalarCells.cell(this, kind, work, go, ao, state, so, parameters, po, stride, n);
  }

  /**
   * The pullback of {@link #cell}: from what it left in work and the gradient of the next state in
   * gState, writes the gradient of the pre-activations to gGates and that of the state, as far as
   * it doesn't come through the recurrent products, to gState.
   */
  default void cellPullback(
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
    ScalarCells.pullback(
        this, kind, work, go, ao, gState, so, gGates, ggo, parameters, po, stride, n);
  }

  // Cells whose recurrent weights are diagonal: over whole sequences, all arrays from their first
  // element, rows of n channels or of the drive's 3 n without gaps; and one step from any state, on
  // runs of n numbers that may be channels of several positions, with the weights repeated.

  /**
   * All steps of n channels.
   *
   * @param a a row per weight
   * @param x a row per step and gate
   * @param h the state before the first step in row 0; writes rows 1 to {@code steps}
   * @param c the same of the second number of the state; null for kinds without
   */
  default void diagonalScan(DiagonalCell kind, A a, A x, A h, A c, int steps, int n) {
    ScalarDiagonalCells.scan(this, kind, a, x, h, c, steps, 0, n);
  }

  /**
   * The pullback of {@link #diagonalScan}, which evaluates the gates again: writes gx (may be x),
   * adds to ga.
   *
   * @param h all {@code steps + 1} rows; c likewise
   * @param gy gradients of rows 1 to {@code steps} of h
   * @param gh the gradient that reaches the last state from behind; on return, of row 0; gc
   *     likewise
   */
  default void diagonalScanPullback(
      DiagonalCell kind, A a, A x, A h, A c, A gy, A gh, A gc, A gx, A ga, int steps, int n) {
    ScalarDiagonalCells.scanPullback(this, kind, a, x, h, c, gy, gh, gc, gx, ga, steps, 0, n);
  }

  /**
   * One step from every state, and its slopes.
   *
   * @param a a plane per weight from the first element, {@code as} apart
   * @param h planes of the state; next likewise
   * @param x a plane per gate
   * @param j planes ∂h'/∂h, ∂h'/∂c, ∂c'/∂h, ∂c'/∂c, or the first alone
   */
  default void diagonalLinearise(
      DiagonalCell kind,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> next,
      Strided<A> j,
      int n) {
    ScalarDiagonalCells.linearise(this, kind, a, as, h, x, next, j, 0, n);
  }

  /**
   * The pullback of one step from every state: from the gradient g of the next state writes that of
   * x and adds to ga, which is laid out as a.
   */
  default void diagonalPullback(
      DiagonalCell kind,
      A a,
      int as,
      Strided<A> h,
      Strided<A> x,
      Strided<A> g,
      Strided<A> gx,
      A ga,
      int n) {
    ScalarDiagonalCells.pullback(this, kind, a, as, h, x, g, gx, ga, 0, n);
  }

  // Linear systems of K numbers per channel: plane p of a step is a row of n channels, rows of one
  // plane follow each other without gaps. Plane i K + j of the matrices is J_ij.

  /**
   * {@code h_t = J_t h_{t-1} + v_t} in place of v, or with {@code J_tᵀ} and from the last step to
   * the first.
   *
   * @param blocks K
   * @param state K rows: the state before, then that after
   */
  default void blockScan(
      boolean transposed,
      int blocks,
      Strided<A> j,
      Strided<A> state,
      Strided<A> v,
      int steps,
      int n) {
    BlockScans.scan(this, transposed, blocks, j, state, v, steps, n);
  }

  /**
   * What {@link #blockScan} makes of a state it is not given yet, {@code P state + q}, for at least
   * one step.
   *
   * @param map K (K + 2) rows: writes P, row by row, and q; the last K are destroyed
   */
  default void blockMap(
      boolean transposed,
      int blocks,
      Strided<A> j,
      Strided<A> v,
      Strided<A> map,
      int steps,
      int n) {
    BlockScans.map(this, transposed, blocks, j, v, map, steps, n);
  }

  // Diagonal systems.

  /**
   * Advances n complex numbers by {@code steps}: {@code h_t = λ h_{t-1} + x_t}. Complex rows are
   * two runs of n, real parts first. Row t of x lies at {@code xo + t stride} and of h at {@code ho
   * + t stride}; a negative stride goes back in time. On entry {@code state} is the state before
   * the first step, on return after the last. x and h may be the same array and offset.
   */
  void complexScan(
      A lambda, A x, int xo, A h, int ho, int stride, int steps, A state, int so, int n);

  // Scans over time. Rows of n channels follow each other without gaps.

  /**
   * {@code h_t = a_t h_{t-1} + x_t} channel by channel: writes {@code h_1 ... h_steps} into y,
   * which may be x. h holds n states from before the first step and is left with those after the
   * last.
   */
  void linearScan(A a, int ao, A x, int xo, A h, int ho, A y, int yo, int steps, int n);

  /**
   * The pullback of {@link #linearScan}, backwards through time with {@code G_t = gy_t + a_{t+1}
   * G_{t+1}}: writes {@code gx_t = G_t} (may be gy) and {@code ga_t = G_t h_{t-1}} (may be before).
   *
   * @param before {@code h_0 ... h_{steps-1}}, the states that the decays multiplied
   * @param gh the gradient that reaches the last state from behind; on return, of {@code h_0}
   */
  void linearScanPullback(
      A a,
      int ao,
      A before,
      int bo,
      A gy,
      int gyo,
      A gh,
      int gho,
      A ga,
      int gao,
      A gx,
      int gxo,
      int steps,
      int n);

  /** Runs a system into y, rows of n, and leaves the state after the last step in its h. */
  void selectiveScan(SelectiveSystem<A> system, A y);

  /** The length of the array that {@link #selectiveScanPullback} works in. */
  int selectiveScanWork(int steps, int states);

  /**
   * The pullback of {@link #selectiveScan}, which it runs once more: writes y and leaves h as it
   * is.
   *
   * @param work {@link #selectiveScanWork} elements, destroyed
   */
  void selectiveScanPullback(
      SelectiveSystem<A> system, SelectiveGradients<A> gradients, A y, A work);

  // Optimiser.

  /**
   * One step of Adam with decoupled weight decay (Loshchilov and Hutter, algorithm 2) on n
   * parameters: {@code m = b1 m + (1-b1) g}, {@code v = b2 v + (1-b2) g²}, {@code w -= lr decay w +
   * lr (m/(1-b1^t)) / (√(v/(1-b2^t)) + eps)}; g is first multiplied by gradientScale.
   */
  void adamW(AdamWStep step, A w, int wo, A g, int go, A m, int mo, A v, int vo, int n);
}
