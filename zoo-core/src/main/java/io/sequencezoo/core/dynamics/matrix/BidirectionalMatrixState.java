package io.sequencezoo.core.dynamics.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableSet;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.shape.Shapes;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A matrix per head that every position writes to before any position reads: linear attention that
 * looks both ways, in one pass over the sequence to sum and one to read.
 *
 * <pre>{@code
 * S = Σ_t k_t v_tᵀ                   z = Σ_t k_t
 * o_t = Sᵀ (scale q_t)               o_t = Sᵀ (scale q_t) / (zᵀ (scale q_t) + eps)
 * }</pre>
 *
 * <ul>
 *   <li>{@code q, k}: {@code [B, T, H, K]}; {@code v, o}: {@code [B, T, H, V]}
 * </ul>
 *
 * <p>Not a causal system: it has no state to hand over, no step and no linear form. Padded
 * positions write nothing and read zeros. Cost per token and head: 2 K V multiply-adds.
 */
public final class BidirectionalMatrixState extends Recurrence {
  private static final String NAME = "bidirectional_matrix_state";

  private final double scale;
  private final boolean normalised;
  private final double eps;

  private BidirectionalMatrixState(double scale, boolean normalised, double eps) {
    super(NAME, Family.MATRIX_STATE, MatrixStateRecurrence.QUERY, Solver.CHUNKED);
    this.scale = scale;
    this.normalised = normalised;
    this.eps = eps;
  }

  /** The plain form; queries are multiplied by {@code scale}. */
  public static BidirectionalMatrixState scaled(double scale) {
    return new BidirectionalMatrixState(scale, false, 0);
  }

  /** The form whose outputs are divided by {@code zᵀ (scale q_t) + eps}. */
  public static BidirectionalMatrixState normalised(double scale, double eps) {
    return new BidirectionalMatrixState(scale, true, eps);
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    Sizes.of(coefficients, normalised);
    return List.of();
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    Sizes shape = Sizes.of(coefficients, normalised);
    Variable v = coefficients.get(MatrixStateRecurrence.VALUE);
    Variable outputs = sum(Precision.of(v.type()), tape, shape, lengths, coefficients);
    return new Advance(outputs, Map.of());
  }

  private <A> Variable sum(
      Precision<A> precision,
      Tape tape,
      Sizes shape,
      int[] lengths,
      Map<String, Variable> coefficients) {
    return new BidirectionalSum<>(
            precision,
            shape,
            scale,
            eps,
            lengths,
            coefficients.get(MatrixStateRecurrence.QUERY),
            coefficients.get(MatrixStateRecurrence.KEY),
            coefficients.get(MatrixStateRecurrence.VALUE))
        .record(tape);
  }

  /** The sizes of one call. */
  record Sizes(int batch, int steps, int heads, int keys, int values, boolean normalised) {
    static Sizes of(Map<String, Variable> c, boolean normalised) {
      Set<String> names =
          ImmutableSet.of(
              MatrixStateRecurrence.QUERY, MatrixStateRecurrence.KEY, MatrixStateRecurrence.VALUE);
      checkArgument(
          c.keySet().equals(names),
          "%s: needs coefficients %s and no others, got %s",
          NAME,
          names,
          c.keySet());
      Variable q = c.get(MatrixStateRecurrence.QUERY);
      Variable k = c.get(MatrixStateRecurrence.KEY);
      Variable v = c.get(MatrixStateRecurrence.VALUE);
      Shapes.check(NAME + " q", q.operand(), "BTHK", -1, -1, -1, -1);
      Shapes.check(NAME + " k", k.operand(), "BTHK", q.shape());
      Shapes.check(NAME + " v", v.operand(), "BTHV", q.size(0), q.size(1), q.size(2), -1);
      return new Sizes(q.size(0), q.size(1), q.size(2), q.size(3), v.size(3), normalised);
    }

    /** V, and one for the normaliser. */
    int columns() {
      return normalised ? values + 1 : values;
    }

    int stateLength() {
      return keys * columns();
    }

    /**
     * Where the vectors of width {@code size} of position t of a head start in {@code [B,T,H,.]}.
     */
    long at(int row, int t, int head, int size) {
      return (((long) row * steps + t) * heads + head) * size;
    }
  }
}
