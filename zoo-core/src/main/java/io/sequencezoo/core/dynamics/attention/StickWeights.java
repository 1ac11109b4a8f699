package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Unary;

/**
 * Blocks of stick-breaking weights. With {@code l_s = log σ(z_s)} and {@code m_s = log σ(-z_s) =
 * l_s - z_s}:
 *
 * <pre>{@code
 * p_s = e^{l_s + Σ_{j>s} m_j}    rem = e^{Σ_j m_j}
 * gz_s = gp_s p_s (1 - σ(z_s)) - σ(z_s) (grem rem + Σ_{r<s} gp_r p_r)
 * }</pre>
 *
 * @param <A> the heap array type
 */
final class StickWeights<A> implements RowWeights<A> {
  private final StickBreakingRecurrence kind;
  private final WholeRows.Task<A> task;
  private final Kernels<A> kernels;
  private final A logits;
  private final A row;
  private final double[] left = new double[WholeRows.BLOCK];

  /** A row of the logits, and of what is made of them, in double, where sums are formed. */
  private final double[] z;

  private final double[] p;
  private final double[] g;

  StickWeights(StickBreakingRecurrence kind, WholeRows.Task<A> task) {
    this.kind = kind;
    this.task = task;
    this.kernels = task.kernels();
    this.logits = task.scratch().take(WholeRows.BLOCK * task.total());
    this.row = task.scratch().take(task.total());
    this.z = new double[task.total()];
    this.p = new double[task.total()];
    this.g = new double[task.total()];
  }

  @Override
  public void forward(int group, int from, int to, A queries, A weights) {
    int d = task.keyDim();
    A keys = task.parts().get(0);
    for (int s = 0; s < to; s += WholeRows.KEYS) {
      int n = Math.min(WholeRows.KEYS, to - s);
      kernels.gemm(
          false,
          true,
          to - from,
          n,
          d,
          task.span().scale(),
          queries,
          0,
          d,
          keys,
          s * d,
          d,
          0,
          logits,
          s,
          to);
    }
    for (int r = 0; r < to - from; r++) {
      int n = kind.shared(from + r);
      int at = r * to;
      kernels.map(Unary.LOG_SIGMOID, logits, at, weights, at, n);
      kernels.widen(logits, at, z, 0, n);
      kernels.widen(weights, at, p, 0, n);
      double sum = 0;
      for (int s = n - 1; s >= 0; s--) {
        double share = p[s];
        p[s] = share + sum;
        sum += share - z[s];
      }
      kernels.round(p, 0, weights, at, n);
      kernels.map(Unary.EXP, weights, at, weights, at, n);
      kernels.fill(weights, at + n, to - n, 0);
      left[r] = kind.remainder() ? Math.exp(sum) : 0;
      if (kind.remainder()) {
        int own = at + from + r;
        kernels.set(weights, own, kernels.get(weights, own) + left[r]);
      }
    }
  }

  @Override
  public void backward(int group, int from, int to, A queries, A weights, A gWeights, A gQueries) {
    for (int r = 0; r < to - from; r++) {
      rowBackward(from + r, r, r * to, to, weights, gWeights);
    }
    int d = task.keyDim();
    int rows = to - from;
    double scale = task.span().scale();
    A keys = task.parts().get(0);
    A gKeys = task.gradients().get(0);
    for (int s = 0; s < to; s += WholeRows.KEYS) {
      int n = Math.min(WholeRows.KEYS, to - s);
      kernels.gemm(
          false,
          false,
          rows,
          d,
          n,
          scale,
          gWeights,
          s,
          to,
          keys,
          s * d,
          d,
          s == 0 ? 0 : 1,
          gQueries,
          0,
          d);
      kernels.gemm(
          true, false, n, d, rows, scale, gWeights, s, to, queries, 0, d, 1, gKeys, s * d, d);
    }
  }

  /** Turns the gradient of a row of weights into that of its logits. */
  private void rowBackward(int own, int r, int at, int to, A weights, A gWeights) {
    int n = kind.shared(own);
    double fromLeft = kind.remainder() ? kernels.get(gWeights, at + own) * left[r] : 0;
    kernels.widen(weights, at, p, 0, n);
    if (kind.remainder() && own < n) {
      p[own] -= left[r];
    }
    kernels.map(Unary.SIGMOID, logits, at, row, 0, n);
    kernels.widen(row, 0, z, 0, n);
    kernels.widen(gWeights, at, g, 0, n);
    double sum = fromLeft;
    for (int s = 0; s < n; s++) {
      double flow = g[s] * p[s];
      g[s] = flow * (1 - z[s]) - z[s] * sum;
      sum += flow;
    }
    kernels.round(g, 0, gWeights, at, n);
    kernels.fill(gWeights, at + n, to - n, 0);
  }

  @Override
  public void finish() {}
}
