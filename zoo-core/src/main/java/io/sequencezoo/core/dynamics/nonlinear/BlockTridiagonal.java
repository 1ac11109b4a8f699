package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.Scratch;

/**
 * The least-squares problems of one damped correction, {@code min Σ |δ_t - J_t δ_{t-1} - r_t|² + λ
 * Σ |δ_t|²}, of several lanes that don't meet and have a λ each, by their normal equations
 *
 * <pre>{@code
 * -J_t δ_{t-1} + ((1 + λ) I + J_{t+1}ᵀ J_{t+1}) δ_t - J_{t+1}ᵀ δ_{t+1} = r_t - J_{t+1}ᵀ r_{t+1}
 * }</pre>
 *
 * <p>which are symmetric and positive definite. With {@code S_t = L_t D_t L_tᵀ} the K x K blocks
 * that elimination leaves on the diagonal, {@code y_t} the right-hand sides, forwards in time
 *
 * <pre>{@code
 * V_t = J_t L_{t-1}⁻ᵀ     S_t = (1 + λ) I + J_{t+1}ᵀ J_{t+1} - V_t D_{t-1}⁻¹ V_tᵀ
 * u_t = D_t⁻¹ L_t⁻¹ (y_t + V_t u_{t-1})
 * }</pre>
 *
 * <p>and back {@code δ_t = L_t⁻ᵀ (u_t + D_t⁻¹ V_{t+1}ᵀ δ_{t+1})}. Lanes are the innermost index of
 * everything. One and two numbers per lane and position, by far the most frequent, are written out,
 * so that a position is one loop over its lanes.
 */
final class BlockTridiagonal {
  private final int steps;
  private final int size;
  private final int lanes;

  /** {@code [T][K][K][lanes]}: J, then V. */
  private final double[] jacobians;

  /** {@code [T][K][lanes]}: r, then u, then δ. */
  private final double[] vectors;

  /** {@code [T][K][K][lanes]}: L below the diagonal, the reciprocals of D on it. */
  private final double[] factors;

  /** Memory of the system is the scratch's; its contents are arbitrary. */
  BlockTridiagonal(Scratch<double[]> scratch, int steps, int size, int lanes) {
    this.steps = steps;
    this.size = size;
    this.lanes = lanes;
    int matrices = Math.multiplyExact(steps, size * size * lanes);
    this.jacobians = scratch.take(matrices);
    this.vectors = scratch.take(steps * size * lanes);
    this.factors = scratch.take(matrices);
  }

  /** {@code J [T][K][K][lanes]}, to be filled in; the first is never read. */
  double[] jacobians() {
    return jacobians;
  }

  /** {@code r [T][K][lanes]}, to be filled in; {@code δ} after {@link #solve}. */
  double[] vectors() {
    return vectors;
  }

  /**
   * Puts the corrections in place of the residuals, and destroys the Jacobians.
   *
   * @param lambda of lane l at {@code first + l}
   */
  void solve(double[] lambda, int first) {
    switch (size) {
      case 1 -> solveNumbers(lambda, first);
      case 2 -> solvePairs(lambda, first);
      default -> {
        for (int lane = 0; lane < lanes; lane++) {
          solveLane(lane, lambda[first + lane]);
        }
      }
    }
  }

  private void solveNumbers(double[] lambda, int first) {
    double[] j = jacobians;
    double[] v = vectors;
    double[] f = factors;
    for (int t = 0; t < steps; t++) {
      for (int at = t * lanes; at < (t + 1) * lanes; at++) {
        double s = 1 + lambda[first + at - t * lanes];
        double y = v[at];
        if (t + 1 < steps) {
          int next = at + lanes;
          s += j[next] * j[next];
          y -= j[next] * v[next];
        }
        if (t > 0) {
          s -= j[at] * j[at] * f[at - lanes];
          y += j[at] * v[at - lanes];
        }
        f[at] = 1 / s;
        v[at] = y * f[at];
      }
    }
    for (int at = (steps - 1) * lanes - 1; at >= 0; at--) {
      v[at] += f[at] * j[at + lanes] * v[at + lanes];
    }
  }

  private void solvePairs(double[] lambda, int first) {
    for (int t = 0; t < steps; t++) {
      for (int lane = 0; lane < lanes; lane++) {
        eliminatePair(t, lane, 1 + lambda[first + lane]);
      }
    }
    for (int t = steps - 1; t >= 0; t--) {
      for (int lane = 0; lane < lanes; lane++) {
        substitutePair(t, lane);
      }
    }
  }

  private void eliminatePair(int t, int lane, double damped) {
    double[] j = jacobians;
    double[] v = vectors;
    double[] f = factors;
    int m = 4 * t * lanes + lane;
    int at = 2 * t * lanes + lane;
    double s00 = damped;
    double s10 = 0;
    double s11 = damped;
    double y0 = v[at];
    double y1 = v[at + lanes];
    if (t + 1 < steps) {
      int n = m + 4 * lanes;
      double a = j[n];
      double b = j[n + lanes];
      double c = j[n + 2 * lanes];
      double d = j[n + 3 * lanes];
      s00 += a * a + c * c;
      s10 += a * b + c * d;
      s11 += b * b + d * d;
      double r0 = v[at + 2 * lanes];
      double r1 = v[at + 3 * lanes];
      y0 -= a * r0 + c * r1;
      y1 -= b * r0 + d * r1;
    }
    if (t > 0) {
      int p = m - 4 * lanes;
      double l = f[p + 2 * lanes];
      double v00 = j[m];
      double v01 = j[m + lanes] - l * v00;
      double v10 = j[m + 2 * lanes];
      double v11 = j[m + 3 * lanes] - l * v10;
      j[m + lanes] = v01;
      j[m + 3 * lanes] = v11;
      double w10 = v10 * f[p];
      double w11 = v11 * f[p + 3 * lanes];
      s00 -= v00 * v00 * f[p] + v01 * v01 * f[p + 3 * lanes];
      s10 -= w10 * v00 + w11 * v01;
      s11 -= w10 * v10 + w11 * v11;
      double u0 = v[at - 2 * lanes];
      double u1 = v[at - lanes];
      y0 += v00 * u0 + v01 * u1;
      y1 += v10 * u0 + v11 * u1;
    }
    double inverse = 1 / s00;
    double l = s10 * inverse;
    f[m] = inverse;
    f[m + 2 * lanes] = l;
    f[m + 3 * lanes] = 1 / (s11 - l * s10);
    v[at] = y0 * inverse;
    v[at + lanes] = (y1 - l * y0) * f[m + 3 * lanes];
  }

  private void substitutePair(int t, int lane) {
    double[] v = vectors;
    int m = 4 * t * lanes + lane;
    int at = 2 * t * lanes + lane;
    double d0 = v[at];
    double d1 = v[at + lanes];
    if (t + 1 < steps) {
      int n = m + 4 * lanes;
      double behind0 = v[at + 2 * lanes];
      double behind1 = v[at + 3 * lanes];
      d0 += factors[m] * (jacobians[n] * behind0 + jacobians[n + 2 * lanes] * behind1);
      d1 +=
          factors[m + 3 * lanes]
              * (jacobians[n + lanes] * behind0 + jacobians[n + 3 * lanes] * behind1);
    }
    v[at + lanes] = d1;
    v[at] = d0 - factors[m + 2 * lanes] * d1;
  }

  private int matrix(int t, int row, int column, int lane) {
    return ((t * size + row) * size + column) * lanes + lane;
  }

  private int vector(int t, int row, int lane) {
    return (t * size + row) * lanes + lane;
  }

  private void solveLane(int lane, double lambda) {
    for (int t = 0; t < steps; t++) {
      for (int i = 0; i < size; i++) {
        normal(t, i, lane, lambda);
      }
      if (t > 0) {
        eliminate(t, lane);
      }
      factorise(t, lane);
    }
    for (int t = steps - 1; t >= 0; t--) {
      substitute(t, lane);
    }
  }

  /**
   * Row i of {@code (1 + λ) I + JᵀJ} and of {@code r - Jᵀ r}, with what is behind as it was given.
   */
  private void normal(int t, int i, int lane, double lambda) {
    int n = t + 1 < steps ? size : 0;
    for (int column = 0; column <= i; column++) {
      double sum = column == i ? 1 + lambda : 0;
      for (int k = 0; k < n; k++) {
        sum += jacobians[matrix(t + 1, k, i, lane)] * jacobians[matrix(t + 1, k, column, lane)];
      }
      factors[matrix(t, i, column, lane)] = sum;
    }
    double sum = vectors[vector(t, i, lane)];
    for (int k = 0; k < n; k++) {
      sum -= jacobians[matrix(t + 1, k, i, lane)] * vectors[vector(t + 1, k, lane)];
    }
    vectors[vector(t, i, lane)] = sum;
  }

  /** {@code J ← V}, {@code S -= V D⁻¹ Vᵀ}, {@code y += V u}. */
  private void eliminate(int t, int lane) {
    for (int i = 0; i < size; i++) {
      double right = vectors[vector(t, i, lane)];
      for (int j = 0; j < size; j++) {
        double sum = jacobians[matrix(t, i, j, lane)];
        for (int k = 0; k < j; k++) {
          sum -= factors[matrix(t - 1, j, k, lane)] * jacobians[matrix(t, i, k, lane)];
        }
        jacobians[matrix(t, i, j, lane)] = sum;
        right += sum * vectors[vector(t - 1, j, lane)];
      }
      vectors[vector(t, i, lane)] = right;
      for (int j = 0; j <= i; j++) {
        double sum = factors[matrix(t, i, j, lane)];
        for (int k = 0; k < size; k++) {
          sum -=
              jacobians[matrix(t, i, k, lane)]
                  * factors[matrix(t - 1, k, k, lane)]
                  * jacobians[matrix(t, j, k, lane)];
        }
        factors[matrix(t, i, j, lane)] = sum;
      }
    }
  }

  /** {@code S = L D Lᵀ} in its place, {@code u = D⁻¹ L⁻¹ y}. */
  private void factorise(int t, int lane) {
    for (int i = 0; i < size; i++) {
      double pivot = factors[matrix(t, i, i, lane)];
      double right = vectors[vector(t, i, lane)];
      // L D first, since that needs no division.
      for (int k = 0; k < i; k++) {
        double sum = factors[matrix(t, i, k, lane)];
        for (int m = 0; m < k; m++) {
          sum -= factors[matrix(t, i, m, lane)] * factors[matrix(t, k, m, lane)];
        }
        factors[matrix(t, i, k, lane)] = sum;
        right -= sum * vectors[vector(t, k, lane)];
      }
      for (int k = 0; k < i; k++) {
        double product = factors[matrix(t, i, k, lane)];
        double l = product * factors[matrix(t, k, k, lane)];
        factors[matrix(t, i, k, lane)] = l;
        pivot -= product * l;
      }
      factors[matrix(t, i, i, lane)] = 1 / pivot;
      vectors[vector(t, i, lane)] = right / pivot;
    }
  }

  private void substitute(int t, int lane) {
    int n = t + 1 < steps ? size : 0;
    for (int i = size - 1; i >= 0; i--) {
      double behind = 0;
      for (int k = 0; k < n; k++) {
        behind += jacobians[matrix(t + 1, k, i, lane)] * vectors[vector(t + 1, k, lane)];
      }
      double sum = vectors[vector(t, i, lane)] + factors[matrix(t, i, i, lane)] * behind;
      for (int k = i + 1; k < size; k++) {
        sum -= factors[matrix(t, k, i, lane)] * vectors[vector(t, k, lane)];
      }
      vectors[vector(t, i, lane)] = sum;
    }
  }
}
