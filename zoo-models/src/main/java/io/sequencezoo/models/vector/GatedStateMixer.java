package io.sequencezoo.models.vector;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.FusedParametrisation;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ElementwiseRecurrence;
import io.sequencezoo.core.dynamics.vector.GatedDrive;
import io.sequencezoo.core.dynamics.vector.GatedDrive.ReadOut;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Gate;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the gated linear recurrent units have in common: a gate between linear maps of the input and
 * the element-wise recurrence, and gates of what it puts out. The gate is all that tells them apart
 * there.
 */
abstract sealed class GatedStateMixer extends VectorStateMixer implements FusedParametrisation
    permits Gilr, Hgrn, MinimalUnit, QLstm, RgLru {
  private final ElementwiseRecurrence elementwise;
  private final ImmutableMap<String, Unary> readOuts;

  /**
   * A layer.
   *
   * @param readOuts activations of the gates of the outputs, by the names of the extras that they
   *     are made of, in the order in which they multiply
   */
  GatedStateMixer(
      String name,
      int width,
      int inner,
      ShortConvolutions convolutions,
      ImmutableMap<String, Unary> readOuts) {
    this(name, width, inner, convolutions, readOuts, new ElementwiseRecurrence());
  }

  private GatedStateMixer(
      String name,
      int width,
      int inner,
      ShortConvolutions convolutions,
      ImmutableMap<String, Unary> readOuts,
      ElementwiseRecurrence recurrence) {
    super(name, width, inner, convolutions, recurrence, 1);
    this.elementwise = recurrence;
    this.readOuts = readOuts;
  }

  /**
   * What the gates are made of.
   *
   * @param inputs of the gate
   * @param vectors of the gate
   * @param extras what the read-out needs besides
   * @param caches the next ones of the convolutions
   */
  record Preactivations(
      Gate gate,
      List<Variable> inputs,
      List<Variable> vectors,
      Map<String, Variable> extras,
      Map<String, Variable> caches) {}

  /** From {@code x [B, T, D]} to what the gates are made of. */
  abstract Preactivations preactivations(Context context, Variable x, State state);

  /** From gated outputs {@code [B, T, E]} to {@code [B, T, D]}. */
  abstract Variable project(Context context, Variable shown, Map<String, Variable> extras);

  private GatedDrive gated(Preactivations made) {
    return new GatedDrive(made.gate, made.inputs, made.vectors, readOuts(made.extras));
  }

  private List<ReadOut> readOuts(Map<String, Variable> extras) {
    return readOuts.entrySet().stream()
        .map(
            readOut ->
                new ReadOut(readOut.getValue(), Recurrence.required(extras, readOut.getKey())))
        .toList();
  }

  @Override
  public final Drive drive(Context context, Variable x, State state) {
    Preactivations made = preactivations(context, x, state);
    return new Drive(gated(made).coefficients(context.tape()), made.extras, made.caches);
  }

  @Override
  public final Variable readOut(Context context, Variable outputs, Drive drive) {
    Variable shown = GatedDrive.readOut(context.tape(), readOuts(drive.extras()), outputs);
    return project(context, shown, drive.extras());
  }

  @Override
  public final Evolution forward(Context context, Solver solver, Variable x, State state) {
    Preactivations made = preactivations(context, x, state);
    Variable h = state.parts().get(ElementwiseRecurrence.STATE);
    State before =
        h == null ? null : new State(Map.of(ElementwiseRecurrence.STATE, h), state.counts());
    Evolution evolution =
        elementwise.evolve(context.tape(), solver, gated(made), before, context.lengths());
    Map<String, Variable> parts = new LinkedHashMap<>(made.caches);
    parts.putAll(evolution.state().parts());
    return new Evolution(
        project(context, evolution.outputs(), made.extras),
        new State(parts, evolution.state().counts()));
  }
}
