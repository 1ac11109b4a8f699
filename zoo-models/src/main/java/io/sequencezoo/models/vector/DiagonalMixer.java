package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What the time-invariant layers share: a diagonal system between the input and an {@link
 * OutputGate}, with a feedthrough {@code d [D]} from N(0, 1).
 */
abstract sealed class DiagonalMixer extends AbstractParametrisation permits Lru, S4d, S5 {
  /** The parameter of the feedthrough. */
  static final String FEEDTHROUGH = "d";

  private final long state;
  private final OutputGate output;
  private final Unary gelu;

  /**
   * A layer.
   *
   * @param state numbers of state
   * @param gelu the form of the output gate's GELU
   */
  DiagonalMixer(
      String name, int width, Recurrence recurrence, long state, OutputGate output, Unary gelu) {
    super(name, width, recurrence);
    this.state = state;
    this.output = output;
    this.gelu = gelu;
  }

  /** Declares what the system is made of, without the feedthrough. */
  abstract void declareSystem(Declaration declaration);

  @Override
  public final void declare(Declaration declaration) {
    declareSystem(declaration);
    declaration.undecayed(FEEDTHROUGH, Initialisers.normal(1), width);
    output.declare(declaration, width);
  }

  /** The coefficients of the recurrence that {@code u [B, T, D]} drives. */
  abstract Map<String, Variable> coefficients(Context context, Variable u);

  @Override
  public final Drive drive(Context context, Variable x, State state) {
    return new Drive(coefficients(context, x), Map.of(), Map.of());
  }

  @Override
  public final Variable readOut(Context context, Variable outputs, Drive drive) {
    // Systems of one channel each put out [B, T, D, 1].
    Variable y =
        outputs.rank() == 3
            ? outputs
            : Primitives.reshape(context.tape(), outputs, outputs.size(0), outputs.size(1), width);
    return output.apply(context, y, gelu);
  }

  @Override
  public final long stateBytes(int consumed, DataType type) {
    return state * type.width();
  }

  /** Multiply-adds of the system per token. */
  abstract long systemMultiplyAdds();

  @Override
  public final long multiplyAddsPerToken(int position) {
    return systemMultiplyAdds() + width + output.multiplyAdds(width);
  }
}
