package io.sequencezoo.models.depth;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.models.model.Stage;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A stage that repeats another one with shared parameters, {@code transition}. Every depth n, from
 * 1, has a state of its own, {@code depth.n}.
 */
public abstract class RepeatedTransition implements Stage {
  /** The path of the stage that is repeated. */
  protected static final String TRANSITION = "transition";

  /** The stage that is repeated. */
  protected final Stage transition;

  /** How often. */
  protected final int depth;

  /** A stage that is repeated so often. */
  protected RepeatedTransition(Stage transition, int depth) {
    this.transition = transition;
    this.depth = depth;
  }

  /** As {@link #forward}, or as {@link #step} where asked for. */
  protected abstract Evolution run(
      Context context, Variable x, @Nullable State initial, boolean step);

  /** The path of a depth's state. */
  protected static String path(int n) {
    return "depth." + n;
  }

  @Override
  public final Evolution forward(Context context, Variable x, @Nullable State initial) {
    return run(context, x, initial, false);
  }

  @Override
  public final Evolution step(Context context, Variable x, @Nullable State initial) {
    return run(context, x, initial, true);
  }

  @Override
  public final State initialState(Context context, int batch, DataType type) {
    Map<String, State> states = new LinkedHashMap<>();
    for (int n = 1; n <= depth; n++) {
      states.put(path(n), transition.initialState(context.child(TRANSITION), batch, type));
    }
    return State.of(states, new int[batch]);
  }

  @Override
  public final Map<String, SequenceMixer> mixers() {
    Map<String, SequenceMixer> mixers = new LinkedHashMap<>();
    transition.mixers().forEach((path, mixer) -> mixers.put(TRANSITION + "." + path, mixer));
    return mixers;
  }

  /** Of the full depth, where positions may halt before. */
  @Override
  public final long multiplyAddsPerToken(int position) {
    return depth * transition.multiplyAddsPerToken(position);
  }

  @Override
  public final long stateBytes(int consumed, DataType type) {
    return depth * transition.stateBytes(consumed, type);
  }
}
