package io.sequencezoo.models.linear;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What the layers with matrix states have in common: queries, keys and values from the input, the
 * recurrence {@code S_t = A_t S_{t-1} + k_t v_tᵀ}, {@code o_t = S_tᵀ q_t}, and an output stage. A
 * member adds what makes its {@code A_t}: parameters, coefficients and their cost.
 */
abstract class MatrixStateMixer implements Parametrisation {
  /** The references' initializer_range. */
  private static final Initialiser NORMAL = Initialisers.normal(0.02);

  private final String name;
  private final HeadSizes sizes;
  private final QueryKeyValue projections;
  private final OutputStage output;
  private final Recurrence recurrence;

  /** A layer that divides queries by √K. */
  MatrixStateMixer(String name, HeadSizes sizes, QueryKeyValue projections, OutputStage output) {
    this(
        name,
        sizes,
        projections,
        output,
        MatrixStateRecurrence.scaled(1 / Math.sqrt(sizes.keys())));
  }

  /** A layer with another recurrence. */
  MatrixStateMixer(
      String name,
      HeadSizes sizes,
      QueryKeyValue projections,
      OutputStage output,
      Recurrence recurrence) {
    this.name = name;
    this.sizes = sizes;
    this.projections = projections;
    this.output = output;
    this.recurrence = recurrence;
  }

  /** Declares the member's own parameters; none where a member doesn't say. */
  void declareOwn(Declaration declaration, Initialiser initialiser) {}

  /** What projections and gate see of x; x itself where a member doesn't say. */
  Variable input(Context context, Variable x, State state, Map<String, Variable> own) {
    return x;
  }

  /** Completes the coefficients of the recurrence, so far {@code q}, {@code k} and {@code v}. */
  abstract void complete(Stretch stretch);

  /** Multiply-adds per token of what the member adds, its use of the state included. */
  abstract long ownMultiplyAdds();

  /** Numbers in the matrix state, H K V. */
  long stateNumbers() {
    return sizes.state();
  }

  final HeadSizes sizes() {
    return sizes;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final int width() {
    return sizes.width();
  }

  @Override
  public final Recurrence recurrence() {
    return recurrence;
  }

  @Override
  public final void declare(Declaration declaration) {
    projections.declare(declaration, NORMAL);
    declareOwn(declaration, NORMAL);
    output.declare(declaration, NORMAL);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return projections.initialState(context, batch, type);
  }

  @Override
  public final Drive drive(Context context, Variable x, State state) {
    Map<String, Variable> own = new LinkedHashMap<>();
    Variable seen = input(context, x, state, own);
    Map<String, Variable> coefficients = projections.apply(context, seen, state, own);
    complete(new Stretch(context, seen, state, coefficients, own));
    return new Drive(coefficients, output.extras(context, seen), own);
  }

  @Override
  public final Variable readOut(Context context, Variable outputs, Drive drive) {
    return output.apply(context, outputs, drive.extras());
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (isBidirectional() ? 0 : stateNumbers() * type.width()) + projections.stateBytes(type);
  }

  @Override
  public final long multiplyAddsPerToken(int position) {
    // Write and read: one each per number of state.
    return projections.multiplyAddsPerToken()
        + ownMultiplyAdds()
        + output.multiplyAddsPerToken()
        + 2 * stateNumbers();
  }
}
