package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.shape.Shapes;
import org.jspecify.annotations.Nullable;

/** Causal depthwise convolution over a few tokens. */
public final class ShortConvolution {
  private ShortConvolution() {}

  /**
   * {@code y_t = f(b + Σ_j w_j x_{t-W+1+j})}, feature by feature: the last weight multiplies the
   * current token, and the cache stands before the first.
   *
   * @param x {@code [B, T, D]}
   * @param weight {@code [D, W]}
   * @param bias {@code [D]}, or null
   * @param cache {@code [B, W-1, D]}, the last inputs, oldest first; null for zeros
   * @param activation f, or null for none
   * @param lengths valid positions per row, or null for all; outputs at padded positions are zero
   *     and take no gradient
   * @return y and the next cache: the last W-1 valid inputs of each row
   */
  public static Variable[] apply(
      Tape tape,
      Variable x,
      Variable weight,
      @Nullable Variable bias,
      @Nullable Variable cache,
      @Nullable Unary activation,
      int @Nullable [] lengths) {
    Shapes.check("short convolution", x.operand(), "BTD", -1, -1, -1);
    int d = x.size(2);
    Shapes.check("short convolution weight", weight.operand(), "DW", d, -1);
    int w = weight.size(1);
    checkArgument(w >= 1, "short convolution: weight must have W >= 1, got %s", w);
    checkArgument(
        bias == null || bias.length() == d,
        "short convolution: bias must have D=%s elements, got %s",
        d,
        bias == null ? 0 : bias.length());
    if (cache != null) {
      Shapes.check("short convolution cache", cache.operand(), "BWD", x.size(0), w - 1, d);
    }
    checkLengths(lengths, x.size(0), x.size(1));
    Tiles.checkSameType("short convolution", x, weight, bias, cache);
    return new CausalConvolution<>(
            Precision.of(x.type()), x, weight, bias, cache, activation, lengths)
        .record(tape);
  }

  private static void checkLengths(int @Nullable [] lengths, int batch, int steps) {
    if (lengths == null) {
      return;
    }
    checkArgument(
        lengths.length == batch,
        "short convolution: lengths must have one entry per row, got %s for B=%s",
        lengths.length,
        batch);
    for (int length : lengths) {
      checkArgument(
          length >= 0 && length <= steps,
          "short convolution: lengths must be in [0, T=%s], got %s",
          steps,
          length);
    }
  }
}
