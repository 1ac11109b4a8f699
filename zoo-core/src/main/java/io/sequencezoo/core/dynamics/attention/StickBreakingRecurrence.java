package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.List;
import java.util.Map;

/**
 * Stick-breaking attention: from the newest key to the oldest, each takes the share of what is left
 * of a stick that its own logit says, so that nearer keys come first without any positions.
 *
 * <pre>{@code
 * K_t = K_{t-1} ∪ {k_t},  V_t = V_{t-1} ∪ {v_t}                    state
 * z_ts = scale q_t·k_s                                             logits
 * p_ts = σ(z_ts) Π_{s<j≤t} σ(-z_tj)    rem_t = Π_{j≤t} σ(-z_tj)    weights and what is left
 * y_t = Σ_{s≤t} p_ts v_s  [ + rem_t v_t ]                          read-out
 * }</pre>
 *
 * <ul>
 *   <li>{@code q}: {@code [B, T, HQ, K]}; query head j reads key head {@code ⌊j / (HQ/H)⌋}
 *   <li>{@code k}: {@code [B, T, H, K]}; {@code v}: {@code [B, T, H, V]}; {@code y}: {@code [B, T,
 *       HQ, V]}
 *   <li>s and j end at t - 1 where a token doesn't attend to itself
 *   <li>state {@code k}, {@code v}: {@code [B, n, H, ·]}
 * </ul>
 *
 * <p>Numerical care: products are sums of log sigmoids, and what is left is the product itself, not
 * one minus the sum of the weights.
 */
public final class StickBreakingRecurrence extends WholeRowRecurrence {
  private static final String NAME = "stick_breaking";

  private final boolean attendCurrent;
  private final boolean remainder;

  private StickBreakingRecurrence(double scale, boolean attendCurrent, boolean remainder) {
    super(NAME, scale);
    this.attendCurrent = attendCurrent;
    this.remainder = remainder;
  }

  /**
   * Attention to everything before, logits scaled by {@code K^-0.5}; what is left goes nowhere.
   *
   * @param attendCurrent whether a token attends to itself as well
   */
  public static StickBreakingRecurrence causal(boolean attendCurrent) {
    return new StickBreakingRecurrence(0, attendCurrent, false);
  }

  /** What is left goes to the token's own value. */
  public StickBreakingRecurrence withRemainder() {
    return new StickBreakingRecurrence(0, attendCurrent, true);
  }

  /** Logits are multiplied by scale instead of {@code K^-0.5}. */
  public StickBreakingRecurrence withScale(double scale) {
    checkArgument(scale > 0, "%s: scale must be positive, got %s", NAME, scale);
    return new StickBreakingRecurrence(scale, attendCurrent, remainder);
  }

  @Override
  List<Held> held(Map<String, Variable> coefficients) {
    return Held.KEYS_AND_VALUES;
  }

  @Override
  void check(AttentionShape shape, Map<String, Variable> coefficients) {}

  /** How many keys the query at this index shares the stick with. */
  int shared(int at) {
    return attendCurrent ? at + 1 : at;
  }

  /** Whether what is left goes to the token's own value. */
  boolean remainder() {
    return remainder;
  }

  @Override
  <A> void weights(
      Kernels<A> kernels, Scratch<A> scratch, double scale, A q, int n, Rows<A> held, A weights) {
    int d = held.sizes()[0];
    int last = shared(n - 1);
    A keys = held.parts().get(0);
    kernels.gemm(false, true, 1, n, d, scale, q, 0, d, keys, 0, d, 0, weights, 0, n);
    try (Scratch<double[]> doubles = Precision.DOUBLE.scratch()) {
      double[] p = doubles.zeros(n);
      kernels.widen(weights, 0, p, 0, last);
      double left = 1;
      for (int s = last - 1; s >= 0; s--) {
        double kept = 1 / (1 + Math.exp(p[s]));
        p[s] = left / (1 + Math.exp(-p[s]));
        left *= kept;
      }
      p[n - 1] += remainder ? left : 0;
      kernels.round(p, 0, weights, 0, n);
    }
  }

  @Override
  <A> RowWeights<A> rowWeights(WholeRows.Task<A> task) {
    return new StickWeights<>(this, task);
  }
}
