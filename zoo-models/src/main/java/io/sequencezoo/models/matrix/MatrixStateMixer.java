package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What the layers with matrix states have in common: queries, keys and values from the input, the
 * recurrence {@code S_t = A_t S_{t-1} + k_t v_tᵀ}, {@code o_t = S_tᵀ q_t}, and an output stage. A
 * member adds what makes its {@code A_t}: a decay, or parameters, coefficients and their cost.
 */
abstract class MatrixStateMixer extends AbstractParametrisation {
  /** The references' initializer_range. */
  private static final Initialiser NORMAL = Initialisers.normal(0.02);

  private final HeadSizes sizes;
  private final QueryKeyValue projections;
  private final OutputStage output;
  private final @Nullable Decay decay;

  /** A layer with convolutions that have SiLU, a norm per head, and queries divided by √K. */
  MatrixStateMixer(HeadSizes sizes, MatrixStateConfig config, @Nullable Decay decay) {
    this(
        sizes,
        config,
        new QueryKeyValue(sizes, 1, config.shortConvolution(), Unary.SILU),
        new OutputStage(sizes, config.outputGate(), config.norm(), config.normEps()),
        decay,
        sumOfWrites(sizes));
  }

  /**
   * Any layer.
   *
   * @param config names it
   * @param decay null where the member has none, or completes it
   */
  MatrixStateMixer(
      HeadSizes sizes,
      MixerConfig config,
      QueryKeyValue projections,
      OutputStage output,
      @Nullable Decay decay,
      Recurrence recurrence) {
    super(Registry.typeName(config.getClass()), sizes.width(), recurrence);
    this.sizes = sizes;
    this.projections = projections;
    this.output = output;
    this.decay = decay;
  }

  /** The recurrence without corrections, queries divided by √K. */
  static MatrixStateRecurrence sumOfWrites(HeadSizes sizes) {
    return MatrixStateRecurrence.scaled(1 / Math.sqrt(sizes.keys()));
  }

  /** How weights start: as those of most references, unless a member says otherwise. */
  Initialiser initialiser() {
    return NORMAL;
  }

  /** Declares parameters beside projections, decay and output. */
  void declareOwn(Declaration declaration, Initialiser initialiser) {}

  /** What everything sees of x: x itself, unless a member says otherwise. */
  Variable input(Context context, Variable x, State state, Map<String, Variable> own) {
    return x;
  }

  /** Completes the coefficients of the recurrence, which are {@code q}, {@code k}, {@code v}. */
  void complete(Stretch stretch) {}

  /**
   * From what the recurrence put out, heads of V values: itself, unless a member says otherwise.
   */
  Variable read(Context context, Variable outputs, Drive drive) {
    return outputs;
  }

  /** Multiply-adds per token of what the member does beside projections, decay and output. */
  long ownMultiplyAdds() {
    return 0;
  }

  /** Numbers in the matrix state, H K V. */
  long stateNumbers() {
    return sizes.state();
  }

  final HeadSizes sizes() {
    return sizes;
  }

  @Override
  public final void declare(Declaration declaration) {
    Initialiser initialiser = initialiser();
    projections.declare(declaration, initialiser);
    declareOwn(declaration, initialiser);
    if (decay != null) {
      decay.declare(declaration, initialiser);
    }
    output.declare(declaration, initialiser);
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
    Map<String, Variable> extras = new LinkedHashMap<>();
    Stretch stretch = new Stretch(context, seen, state, coefficients, own, extras);
    complete(stretch);
    if (decay != null) {
      stretch.put(MatrixStateRecurrence.DECAY, decay.apply(stretch));
    }
    extras.putAll(output.extras(context, seen));
    return new Drive(coefficients, extras, own);
  }

  @Override
  public final Variable readOut(Context context, Variable outputs, Drive drive) {
    return output.apply(context, read(context, outputs, drive), drive.extras());
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (isBidirectional() ? 0 : stateNumbers() * type.width()) + projections.stateBytes(type);
  }

  @Override
  public final long multiplyAddsPerToken(int position) {
    long decaying = decay == null ? 0 : decay.multiplyAddsPerToken() + stateNumbers();
    // Write and read: one each per number of state.
    return projections.multiplyAddsPerToken()
        + ownMultiplyAdds()
        + decaying
        + output.multiplyAddsPerToken()
        + 2 * stateNumbers();
  }
}
