package io.sequencezoo.core.block;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Lengths;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.shape.Shapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A sequence mixer: a {@link Parametrisation} driving its recurrence.
 *
 * <pre>{@code
 * c_t = π(x)_t           parametrise
 * h_t = F(h_{t-1}; c_t)  evolve
 * y_t = G(h_t; c_t)      read out
 * }</pre>
 */
public final class SequenceMixer implements Block {
  private final Parametrisation parametrisation;
  private final Solver solver;

  /** A mixer that picks its solver by shape. */
  public SequenceMixer(Parametrisation parametrisation) {
    this(parametrisation, Solver.AUTO);
  }

  /** A mixer with a fixed solver. */
  public SequenceMixer(Parametrisation parametrisation, Solver solver) {
    checkArgument(
        solver == Solver.AUTO || parametrisation.recurrence().solvers().contains(solver),
        "%s: solver must be AUTO or one of %s, got %s",
        parametrisation.name(),
        parametrisation.recurrence().solvers(),
        solver);
    this.parametrisation = parametrisation;
    this.solver = solver;
  }

  /** The architecture. */
  public Parametrisation parametrisation() {
    return parametrisation;
  }

  @Override
  public void declare(Declaration declaration) {
    parametrisation.declare(declaration);
  }

  /**
   * Maps {@code x [B, T, D]} to {@code y [B, T, D]} and the state after the last valid token of
   * each row. Packed sequences ({@link Context#withSequences}) come as {@code [1, N, D]} and have
   * one row of the states each.
   *
   * @param initial the state to continue from; null at the start of a sequence
   */
  public Evolution forward(Context context, Variable x, @Nullable State initial) {
    checkInput(context, x, initial);
    return context.pass(
        x, in -> evolve(context, in, initial), () -> untouched(context, x, initial));
  }

  private Evolution evolve(Context context, Variable x, @Nullable State initial) {
    PackedSequences sequences = context.sequences();
    if (sequences != null) {
      return packed(context, sequences, x, initial);
    }
    Lengths.of(parametrisation.name(), context.lengths(), x.size(0), x.size(1));
    State state = initial != null ? initial : ownInitialState(context, x);
    Variable valid = PaddedRows.cleared(context.tape(), x, context.lengths());
    if (parametrisation instanceof FusedParametrisation fused && !context.isIntercepted()) {
      return fused.forward(context, solver, valid, state);
    }
    Parametrisation.Drive drive = drive(context, valid, state);
    State before = recurrentPart(drive, state, x.type());
    Evolution evolution =
        parametrisation
            .recurrence()
            .evolve(context.tape(), solver, drive.coefficients(), before, context.lengths());
    return finish(context, drive, evolution);
  }

  /**
   * Maps one token {@code x [B, 1, D]}, in time independent of the tokens before where declared.
   */
  public Evolution step(Context context, Variable x, @Nullable State initial) {
    checkInput(context, x, initial);
    checkNotPacked(context, "step");
    checkNotPadded(context, x, "step");
    checkArgument(
        x.size(1) == 1, "%s: step takes T=1, got T=%s", parametrisation.name(), x.size(1));
    return context.pass(
        x, in -> advance(context, in, initial), () -> untouched(context, x, initial));
  }

  /**
   * {@link #forward} of a mixer within another, or {@link #step} where the other takes one: a token
   * of every row that nobody differentiates.
   */
  public Evolution within(Context context, Variable x, @Nullable State initial) {
    boolean token =
        x.size(1) == 1
            && !context.tape().isRecording()
            && context.lengths() == null
            && context.sequences() == null
            && parametrisation.recurrence() instanceof CausalRecurrence;
    return token ? step(context, x, initial) : forward(context, x, initial);
  }

  private Evolution advance(Context context, Variable x, @Nullable State initial) {
    State state = initial != null ? initial : ownInitialState(context, x);
    Parametrisation.Drive drive = drive(context, x, state);
    State before = recurrentPart(drive, state, x.type());
    Evolution evolution = causal().step(context.tape(), drive.coefficients(), before);
    return finish(context, drive, evolution);
  }

  /** The linear system that row and head of the recurrence are along the input x. */
  public LinearSystem linearize(
      Context context, Variable x, @Nullable State initial, int row, int head) {
    checkInput(context, x, initial);
    checkNotPacked(context, "linearize");
    checkNotPadded(context, x, "linearize");
    State state = initial != null ? initial : ownInitialState(context, x);
    Parametrisation.Drive drive = parametrisation.drive(context, x, state);
    State before = recurrentPart(drive, state, x.type());
    return causal().linearize(drive.coefficients(), before, row, head);
  }

  /** The state before the first token: own parts and the recurrence's. */
  public State initialState(Context context, int batch, DataType type) {
    Tape tape = context.tape();
    Variable probe = tape.constant(tape.zeros(type, batch, 1, parametrisation.width()));
    State own = ownInitialState(context, probe);
    // Sizes alone are asked for: any token does.
    Context any = context.withTokens(() -> tape.zeros(DataType.INT32, batch, 1));
    Parametrisation.Drive drive = parametrisation.drive(any, probe, own);
    State recurrent = parametrisation.recurrence().initialState(drive.coefficients(), type);
    Map<String, Variable> parts = new LinkedHashMap<>(own.parts());
    // A parametrisation may start the recurrence from weights of its own.
    recurrent.parts().forEach(parts::putIfAbsent);
    return new State(parts, new int[batch]);
  }

  /** Runs the padded batches of packed sequences one after the other. */
  private Evolution packed(
      Context context, PackedSequences sequences, Variable x, @Nullable State initial) {
    sequences.checkRow(x);
    List<Variable> outputs = new ArrayList<>();
    List<State> states = new ArrayList<>();
    for (PackedSequences.Batch batch : sequences.batches()) {
      State before = initial == null ? null : PackedStates.rows(context.tape(), initial, batch);
      Variable padded = sequences.unpack(context.tape(), x, batch);
      Evolution evolution = evolve(context.ofBatch(batch), padded, before);
      outputs.add(evolution.outputs());
      states.add(evolution.state());
    }
    return new Evolution(
        sequences.pack(context.tape(), outputs),
        PackedStates.join(context.tape(), sequences, states));
  }

  private CausalRecurrence causal() {
    Recurrence recurrence = parametrisation.recurrence();
    checkArgument(
        recurrence instanceof CausalRecurrence,
        "%s: sees whole sequences, it can't go token by token and has no linear form; use forward",
        parametrisation.name());
    return (CausalRecurrence) recurrence;
  }

  private void checkNotPacked(Context context, String what) {
    checkArgument(
        context.sequences() == null,
        "%s: %s takes rows of their own, got packed sequences",
        parametrisation.name(),
        what);
  }

  private void checkNotPadded(Context context, Variable x, String what) {
    int[] lengths = context.lengths();
    checkArgument(
        lengths == null || Arrays.equals(lengths, Lengths.of(what, null, x.size(0), x.size(1))),
        "%s: %s takes rows without padding, got lengths %s; leave lengths out",
        parametrisation.name(),
        what,
        Arrays.toString(lengths));
  }

  private void checkInput(Context context, Variable x, @Nullable State initial) {
    String name = parametrisation.name();
    Shapes.check(name, x.operand(), "BTD", -1, -1, parametrisation.width());
    Shapes.checkNotEmpty(name, x.operand(), "BTD");
    DataType type = context.parameterType();
    checkArgument(
        x.type() == type,
        "%s: input must be %s as parameters are, got %s; use castTo",
        name,
        type,
        x.type());
    if (initial != null) {
      checkState(context, x, initial);
    }
  }

  private void checkState(Context context, Variable x, State state) {
    int rows = context.sequences() == null ? x.size(0) : context.sequences().count();
    checkArgument(
        state.count() == rows,
        "%s: state must have B=%s rows, got %s",
        parametrisation.name(),
        rows,
        state.count());
    state
        .parts()
        .forEach(
            (name, part) ->
                checkArgument(
                    part.rank() > 0
                        && part.size(0) == rows
                        && (!part.type().isFPType() || part.type() == x.type()),
                    "%s: state %s must have B=%s rows of %s, got %s%s",
                    parametrisation.name(),
                    name,
                    rows,
                    x.type(),
                    part.type(),
                    Arrays.toString(part.shape())));
  }

  private State ownInitialState(Context context, Variable x) {
    return new State(
        parametrisation.initialState(context, x.size(0), x.type()), new int[x.size(0)]);
  }

  private State recurrentPart(Parametrisation.Drive drive, State state, DataType type) {
    Map<String, Variable> parts = new LinkedHashMap<>(state.parts());
    parts.keySet().removeAll(drive.ownState().keySet());
    return parts.isEmpty()
        ? new State(
            parametrisation.recurrence().initialState(drive.coefficients(), type).parts(),
            state.counts())
        : new State(parts, state.counts());
  }

  /** The state of a mixer that is skipped. */
  private State untouched(Context context, Variable x, @Nullable State initial) {
    if (initial != null) {
      return initial;
    }
    int rows = context.sequences() == null ? x.size(0) : context.sequences().count();
    return initialState(context, rows, x.type());
  }

  private Parametrisation.Drive drive(Context context, Variable x, State state) {
    Parametrisation.Drive drive = parametrisation.drive(context, x, state);
    return context.isIntercepted()
        ? new Parametrisation.Drive(
            passEach(context, "drive.", drive.coefficients()), drive.extras(), drive.ownState())
        : drive;
  }

  private static Map<String, Variable> passEach(
      Context context, String prefix, Map<String, Variable> values) {
    Map<String, Variable> passed = new LinkedHashMap<>();
    values.forEach((name, value) -> passed.put(name, context.pass(prefix + name, value)));
    return passed;
  }

  private Evolution finish(Context context, Parametrisation.Drive drive, Evolution evolution) {
    Variable outputs = context.pass("evolve", evolution.outputs());
    Variable y =
        context.pass("read_out", outputs, read -> parametrisation.readOut(context, read, drive));
    Map<String, Variable> parts = new LinkedHashMap<>(drive.ownState());
    Map<String, Variable> left = evolution.state().parts();
    parts.putAll(context.isIntercepted() ? passEach(context, "state.", left) : left);
    return new Evolution(y, new State(parts, evolution.state().counts()));
  }
}
