package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.List;
import java.util.Map;

/**
 * PaTH attention: softmax attention in which the way from a key to a query passes a generalised
 * Householder reflection for every token between them, which the input sets, instead of a rotation
 * that the distance sets.
 *
 * <pre>{@code
 * K_t = K_{t-1} ∪ {k_t}, and so for v, w, beta, g                          state
 * P_ts = (I - beta_t w_t w_tᵀ) ... (I - beta_{s+1} w_{s+1} w_{s+1}ᵀ)       way
 * x_ts = scale (q_tᵀ P_ts k_s + Σ_{s<j≤t} g_j)                             logits
 * y_t = Σ_{s≤t} softmax_s(x_ts) v_s                                        read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code q}: {@code [B, T, HQ, K]}; query head j reads key head {@code ⌊j / (HQ/H)⌋}
 *   <li>{@code k, w}: {@code [B, T, H, K]}, w of unit length; {@code beta}: {@code [B, T, H]}, in
 *       [0, 2]; {@code v}: {@code [B, T, H, V]}; {@code y}: {@code [B, T, HQ, V]}
 *   <li>{@code g}: {@code [B, T, HQ]}, log forget gates, at most 0, that are scaled as well; absent
 *       where nothing is forgotten
 *   <li>state {@code k}, {@code v}, {@code w}: {@code [B, n, H, ·]}; {@code beta}: {@code [B, n, H,
 *       1]}; {@code g}: {@code [B, n, 1, HQ]}
 * </ul>
 *
 * <p>Over a sequence reflections are joined in blocks of 64, and queries travel block by block:
 * about four times the products of softmax attention. A step lets its query travel, so that what is
 * held never changes. Numerical care: sums of gates and softmax are formed in double.
 */
public final class PathRecurrence extends WholeRowRecurrence {
  /** Directions of the reflections, {@code [B, T, H, K]}. */
  public static final String DIRECTION = "w";

  /** Their strengths, {@code [B, T, H]}. */
  public static final String BETA = "beta";

  /** Log forget gates, {@code [B, T, HQ]}; may be absent. */
  public static final String FORGET = "g";

  private static final String NAME = "path";

  private static final ImmutableList<Held> UNGATED =
      ImmutableList.<Held>builder()
          .addAll(Held.KEYS_AND_VALUES)
          .add(new Held(DIRECTION, false), new Held(BETA, false))
          .build();

  private static final ImmutableList<Held> GATED =
      ImmutableList.<Held>builder().addAll(UNGATED).add(new Held(FORGET, true)).build();

  private PathRecurrence(double scale) {
    super(NAME, scale);
  }

  /** Attention to everything before, logits scaled by {@code K^-0.5}. */
  public static PathRecurrence causal() {
    return new PathRecurrence(0);
  }

  /** Logits are multiplied by scale instead of {@code K^-0.5}. */
  public PathRecurrence withScale(double scale) {
    checkArgument(scale > 0, "%s: scale must be positive, got %s", NAME, scale);
    return new PathRecurrence(scale);
  }

  @Override
  List<Held> held(Map<String, Variable> coefficients) {
    return coefficients.containsKey(FORGET) ? GATED : UNGATED;
  }

  @Override
  void check(AttentionShape shape, Map<String, Variable> coefficients) {
    int batch = shape.batch();
    int steps = shape.steps();
    checkSizes(coefficients, DIRECTION, "BTHK", batch, steps, shape.heads(), shape.keyDim());
    checkSizes(coefficients, BETA, "BTH", batch, steps, shape.heads());
    if (coefficients.containsKey(FORGET)) {
      checkSizes(coefficients, FORGET, "BTH", batch, steps, shape.queryHeads());
    }
  }

  /** The query travels from the newest token to the oldest, and meets each key on its way. */
  @Override
  <A> void weights(
      Kernels<A> kernels, Scratch<A> scratch, double scale, A q, int n, Rows<A> held, A weights) {
    int d = held.sizes()[0];
    A keys = held.parts().get(0);
    A directions = held.parts().get(2);
    A betas = held.parts().get(3);
    A gates = held.parts().size() > 4 ? held.parts().get(4) : null;
    A travelling = scratch.take(d);
    kernels.copy(q, 0, travelling, 0, d);
    try (Scratch<double[]> doubles = Precision.DOUBLE.scratch()) {
      double[] p = doubles.take(n);
      double forgotten = 0;
      double max = Double.NEGATIVE_INFINITY;
      for (int s = n - 1; s >= 0; s--) {
        p[s] = scale * (kernels.dot(travelling, 0, keys, s * d, d) + forgotten);
        max = Math.max(max, p[s]);
        double along = kernels.dot(travelling, 0, directions, s * d, d);
        kernels.axpy(-kernels.get(betas, s) * along, directions, s * d, travelling, 0, d);
        forgotten += gates == null ? 0 : kernels.get(gates, s);
      }
      double sum = 0;
      for (int s = 0; s < n; s++) {
        p[s] = Math.exp(p[s] - max);
        sum += p[s];
      }
      for (int s = 0; s < n; s++) {
        p[s] /= sum;
      }
      kernels.round(p, 0, weights, 0, n);
    }
  }

  @Override
  <A> RowWeights<A> rowWeights(WholeRows.Task<A> task) {
    return new PathWeights<>(task);
  }
}
