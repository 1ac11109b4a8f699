package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What the layers have in common whose channels remember apart from each other, at rates that the
 * input sets: E channels between two linear maps, and short convolutions before the gates.
 */
abstract sealed class VectorStateMixer extends AbstractParametrisation
    permits GatedStateMixer, Mamba {
  /** What follows the name of a weight in that of its bias. */
  static final String BIAS = "_bias";

  /** E. */
  final int inner;

  /** Before the gates. */
  final ShortConvolutions convolutions;

  private final int states;

  /**
   * A layer.
   *
   * @param states numbers of state per channel
   */
  VectorStateMixer(
      String name,
      int width,
      int inner,
      ShortConvolutions convolutions,
      Recurrence recurrence,
      int states) {
    super(name, width, recurrence);
    this.inner = inner;
    this.convolutions = convolutions;
    this.states = states;
  }

  @Override
  public final Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolutions.initialState(context, batch, type);
  }

  @Override
  public final long stateBytes(int consumed, DataType type) {
    return (long) states * inner * type.width() + convolutions.stateBytes(type);
  }

  @Override
  public final long multiplyAddsPerToken(int position) {
    return multiplyAdds() + convolutions.multiplyAddsPerToken();
  }

  /** Multiply-adds per token, without the convolutions'. */
  abstract long multiplyAdds();

  /** {@code x W}. */
  static Variable linear(Context context, Variable x, String weight) {
    return Dense.linear(context.tape(), x, context.parameter(weight), null);
  }

  /** {@code x W + b}. */
  static Variable affine(Context context, Variable x, String weight) {
    return Dense.linear(
        context.tape(), x, context.parameter(weight), context.parameter(weight + BIAS));
  }
}
