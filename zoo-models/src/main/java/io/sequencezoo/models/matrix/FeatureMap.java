package io.sequencezoo.models.matrix;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.TaylorFeatures;
import org.jspecify.annotations.Nullable;

/** What linear attention puts queries and keys through, in place of the softmax's exponential. */
public enum FeatureMap {
  /** Nothing. */
  @JsonProperty("identity")
  IDENTITY(null),
  /** {@code elu(x) + 1}, positive. */
  @JsonProperty("elu_plus_one")
  ELU_PLUS_ONE(Unary.ELU_PLUS_ONE),
  /** {@code max(x, 0)}. */
  @JsonProperty("relu")
  RELU(Unary.RELU),
  /** Features whose products are the exponential's Taylor polynomial: {@link TaylorFeatures}. */
  @JsonProperty("taylor")
  TAYLOR(null);

  private final @Nullable Unary function;

  FeatureMap(@Nullable Unary function) {
    this.function = function;
  }

  /** Features of one head with K keys. */
  int features(int keys, int order) {
    return this == TAYLOR ? TaylorFeatures.count(keys, order) : keys;
  }

  /**
   * From {@code [B, T, H, K]} to features.
   *
   * @param scale multiplies x first, where the map isn't homogeneous; only Taylor features use it
   */
  Variable apply(Tape tape, Variable x, double scale, int order) {
    if (this == TAYLOR) {
      return TaylorFeatures.apply(tape, x, scale, order);
    }
    return function == null ? x : Activations.apply(tape, function, x);
  }

  /** Whether sums of products of features can't be negative, so that outputs can be divided by. */
  boolean isPositive(int order) {
    // Of odd order the polynomial has a real zero.
    return this == ELU_PLUS_ONE || this == RELU || (this == TAYLOR && order % 2 == 0);
  }
}
