package io.sequencezoo.core.dynamics.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ElementwiseRecurrence;
import java.util.Arrays;
import java.util.Map;

/**
 * What stands beside the keys' state in a ridge regression: {@code (H_t + diag(λ_t)) x_t = q_t}.
 */
interface Ridge {
  /** λ is the coefficient {@link RidgeRecurrence#RIDGE}, {@code [H, K]}. */
  Ridge GIVEN = new Given();

  /** Whether λ is the coefficient. */
  boolean isGiven();

  /**
   * λ of all tokens: {@code [H, K]}, or one number per token and head {@code [B, T, H]}.
   *
   * @param keys the state of keys with keys before them, transposed
   */
  Variable of(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State keys, int[] lengths);

  /** Writes λ of one head after one token, K numbers, from its {@code H [K, K]}. */
  void fill(double[] h, int keys, double[] lambda);

  /** See {@link #GIVEN}. */
  final class Given implements Ridge {
    private Given() {}

    @Override
    public boolean isGiven() {
      return true;
    }

    @Override
    public Variable of(
        Tape tape, Solver solver, Map<String, Variable> coefficients, State keys, int[] lengths) {
      return coefficients.get(RidgeRecurrence.RIDGE);
    }

    @Override
    public void fill(double[] h, int keys, double[] lambda) {
      throw new IllegalStateException("ridge: is given, it doesn't follow from the keys");
    }
  }

  /**
   * A share of the size of H, so that the system's condition is at most {@code 1 + 1/share}: {@code
   * λ_t = share ‖H_t‖}, in the norm of Frobenius. Over a sequence, without a matrix per token,
   *
   * <pre>{@code
   * ‖H_t‖² = e^{2 g_t} ‖H_{t-1}‖² + beta_t (2 k_t · H_t k_t - beta_t (k_t · k_t)²)
   * }</pre>
   *
   * <p>which adds what isn't negative.
   *
   * @param share positive
   */
  record Relative(double share) implements Ridge {
    /** Keeps the root of an empty state differentiable. */
    private static final double FLOOR = 1e-20;

    public Relative {
      checkArgument(
          share > 0 && share < Double.POSITIVE_INFINITY,
          "ridge: share of the keys' size must be positive, got %s",
          share);
    }

    @Override
    public boolean isGiven() {
      return false;
    }

    @Override
    public Variable of(
        Tape tape, Solver solver, Map<String, Variable> coefficients, State keys, int[] lengths) {
      Variable k = coefficients.get(RidgeRecurrence.KEY);
      Variable beta = coefficients.get(RidgeRecurrence.BETA);
      Variable image =
          RidgeRecurrence.image(tape, solver, coefficients, k, keys, lengths).outputs();
      Variable crossed = dot(tape, k, image);
      Variable square = dot(tape, k, k);
      Variable own = Primitives.multiply(tape, beta, Primitives.multiply(tape, square, square));
      Variable added =
          Primitives.multiply(
              tape, beta, Primitives.subtract(tape, Primitives.affine(tape, 2, crossed, 0), own));
      Variable twice = Primitives.affine(tape, 2, coefficients.get(RidgeRecurrence.DECAY), 0);
      Variable squares =
          new ElementwiseRecurrence()
              .evolve(
                  tape,
                  Solver.AUTO,
                  Map.of(
                      ElementwiseRecurrence.INPUT, added, ElementwiseRecurrence.LOG_DECAY, twice),
                  new State(Map.of(ElementwiseRecurrence.STATE, before(tape, keys)), keys.counts()),
                  lengths)
              .outputs();
      Variable floored = Primitives.affine(tape, 1, squares, FLOOR);
      return Primitives.affine(tape, share, Primitives.power(tape, floored, 0.5), 0);
    }

    private static Variable dot(Tape tape, Variable x, Variable y) {
      return Primitives.sum(tape, Primitives.multiply(tape, x, y), 3, false);
    }

    /** {@code ‖H‖² [B, H]} before the first token. */
    private static Variable before(Tape tape, State keys) {
      Variable h = keys.get(MatrixStateRecurrence.STATE);
      Variable flat =
          Primitives.reshape(tape, h, h.size(0), h.size(1), (long) h.size(2) * h.size(3));
      return Primitives.sum(tape, Primitives.multiply(tape, flat, flat), 2, false);
    }

    @Override
    public void fill(double[] h, int keys, double[] lambda) {
      double square = FLOOR;
      for (int i = 0; i < keys * keys; i++) {
        square += h[i] * h[i];
      }
      Arrays.fill(lambda, 0, keys, share * Math.sqrt(square));
    }
  }
}
