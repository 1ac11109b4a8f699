package io.sequencezoo.core.kernel;

import org.jspecify.annotations.Nullable;

/**
 * Rows of normalised layers, and the optimiser; see {@link Kernels}.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public interface RowKernels<A> {

  /**
   * {@code y = (x - mean) rstd w + b}, {@code rstd = 1/√(var + eps)}; w and b may be null. Returns
   * rstd and leaves the mean in {@code stats[so]} and rstd in {@code stats[so + 1]}.
   */
  void layerNorm(
      A x, int xo, @Nullable A w, @Nullable A b, double eps, A y, int yo, A stats, int so, int n);

  /**
   * The pullback of {@link #layerNorm}: writes gx; adds to gw and gb where they are not null. stats
   * is what the forward pass left.
   */
  void layerNormPullback(
      A x,
      int xo,
      @Nullable A w,
      A stats,
      int so,
      A gy,
      int gyo,
      A gx,
      int gxo,
      @Nullable A gw,
      @Nullable A gb,
      int n);

  /** {@code y = x rstd w + b}, {@code rstd = 1/√(mean(x²) + eps)}, left in {@code stats[so]}. */
  void rmsNorm(
      A x,
      int xo,
      @Nullable A w,
      int wo,
      @Nullable A b,
      int bo,
      double eps,
      A y,
      int yo,
      A stats,
      int so,
      int n);

  /** The pullback of {@link #rmsNorm}: writes gx; adds to gw and gb where they are not null. */
  void rmsNormPullback(
      A x,
      int xo,
      @Nullable A w,
      int wo,
      A stats,
      int so,
      A gy,
      int gyo,
      A gx,
      int gxo,
      @Nullable A gw,
      int gwo,
      @Nullable A gb,
      int gbo,
      int n);

  /**
   * One step of Adam with decoupled weight decay (Loshchilov and Hutter, algorithm 2) on n
   * parameters: {@code m = b1 m + (1-b1) g}, {@code v = b2 v + (1-b2) g²}, {@code w -= lr decay w +
   * lr (m/(1-b1^t)) / (√(v/(1-b2^t)) + eps)}; g is first multiplied by gradientScale.
   */
  void adamW(AdamWStep step, A w, A g, A m, A v, int n);
}
