package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Interceptor;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Embedding;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.core.shape.Shapes;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A model: what goes in, a stack of stages, what comes out. Everything else is the same for every
 * model, and is here.
 *
 * <pre>{@code
 * x = input(u)
 * x = stage_l(x)     for every stage l
 * y = head(norm(x))
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T]} tokens or {@code [B, T, F]} numbers; packed sequences ({@link
 *       Context#withSequences}) come as {@code [1, N]} or {@code [1, N, F]}
 *   <li>{@code y}: {@code [B, T, V]}
 *   <li>a state has a child per stage, {@code layers.i}
 * </ul>
 */
public interface Model extends Block {
  /** What this model was made of. */
  ModelConfig config();

  /** What goes in. */
  Input input();

  /** What is in between. */
  Stack stack();

  /** What comes out. */
  Head head();

  @Override
  default void declare(Declaration declaration) {
    input().declare(declaration);
    stack().declare(declaration);
    head().declare(declaration);
  }

  /** The sequence mixers, by their path. */
  default Map<String, SequenceMixer> mixers() {
    return stack().mixers();
  }

  /** Multiply-adds of a token at a position, forward, as blocks declare them. */
  default long multiplyAddsPerToken(int position) {
    return stack().multiplyAddsPerToken(position);
  }

  /** The outputs {@code [B, T, V]} from the start of a sequence. */
  default Variable forward(Context context, INDArray input) {
    return evolve(context, input, null).outputs();
  }

  /**
   * The outputs {@code [B, T, V]}, and the state left behind.
   *
   * @param initial the state to continue from; null at the start of a sequence
   */
  default Evolution evolve(Context context, INDArray input, @Nullable State initial) {
    Evolution hidden = hidden(context, input, rows(context, input, initial), initial, false);
    return new Evolution(out(context, hidden.outputs()), hidden.state());
  }

  /**
   * As {@link #evolve}, but the outputs {@code [B, V]} after the last valid token of each row
   * alone.
   */
  default Evolution prefill(Context context, INDArray input, @Nullable State initial) {
    Rows rows = rows(context, input, initial);
    int[] last = rows.last();
    Evolution hidden = hidden(context, input, rows, initial, false);
    Variable positions = flat(context, hidden.outputs());
    Variable stream = Embedding.lookup(context.tape(), positions, Nd4j.createFromArray(last));
    return new Evolution(out(context, stream), hidden.state());
  }

  /**
   * The outputs {@code [B, V]} after one more token per row, in time and memory that don't depend
   * on the tokens before where the mixers' states are constant.
   *
   * @param input {@code [B, 1]} or {@code [B, 1, F]}
   */
  default Evolution step(Context context, INDArray input, @Nullable State initial) {
    Evolution hidden = hidden(context, input, rows(context, input, initial), initial, true);
    return new Evolution(out(context, flat(context, hidden.outputs())), hidden.state());
  }

  /** The state before the first token of each row. */
  default State initialState(Context context, int batch, DataType type) {
    return stack().initialState(context, batch, type);
  }

  /**
   * The linear system that a head of a mixer's recurrence is along one row of input, from the start
   * of a sequence; of a mixer that is passed several times, the first time.
   *
   * @param mixer its path, one of {@link #mixers}
   */
  default LinearSystem linearize(Context context, INDArray input, String mixer, int head) {
    SequenceMixer block = mixers().get(mixer);
    checkArgument(
        block != null, "%s: mixer must be one of %s, got %s", name(), mixers().keySet(), mixer);
    checkArgument(
        input.size(0) == 1, "%s: linearize takes one row, got B=%s", name(), input.size(0));
    Variable[] stream = new Variable[1];
    Interceptor finder =
        (place, in, inner) -> {
          if (stream[0] == null && place.equals(mixer)) {
            stream[0] = in;
          }
          return inner.apply(in);
        };
    evolve(context.intercepted(finder), input, null);
    return block.linearize(context.child(mixer), stream[0], null, 0, head);
  }

  /**
   * The linear system of the i-th mixer; see {@link #linearize(Context, INDArray, String, int)}.
   */
  default LinearSystem linearize(Context context, INDArray input, int i, int head) {
    return linearize(context, input, path(i), head);
  }

  /** The i-th sequence mixer. */
  default SequenceMixer mixer(int i) {
    SequenceMixer mixer = mixers().get(path(i));
    checkArgument(
        mixer != null, "%s: mixer must be one of %s, got %s", name(), mixers().keySet(), path(i));
    return mixer;
  }

  /** The context of the i-th sequence mixer, to look at it alone. */
  default Context mixerContext(Context context, int i) {
    return context.child(path(i));
  }

  private String path(int i) {
    List<String> paths = List.copyOf(mixers().keySet());
    checkArgument(
        i >= 0 && i < paths.size(),
        "%s: mixer must be in [0, %s), got %s",
        name(),
        paths.size(),
        i);
    return paths.get(i);
  }

  private String name() {
    return Registry.typeName(config().getClass());
  }

  private Rows rows(Context context, INDArray input, @Nullable State initial) {
    long[] shape = input().shape(-1, -1);
    String axes = "BTF".substring(0, shape.length);
    Shapes.check(name() + " input", input, axes, shape);
    Shapes.checkNotEmpty(name() + " input", input, axes);
    return Rows.of(name(), context, input, initial);
  }

  private Evolution hidden(
      Context context, INDArray input, Rows rows, @Nullable State initial, boolean step) {
    context.offerTokens(input().tokens(input));
    Variable x = input().forward(context, input, rows);
    return stack().run(context, x, rows, initial, step);
  }

  private Variable out(Context context, Variable stream) {
    return context.pass("head", stream, x -> head().forward(context, x));
  }

  private static Variable flat(Context context, Variable stream) {
    int width = stream.size(-1);
    long positions = stream.length() / width;
    return Primitives.reshape(context.tape(), stream, positions, width);
  }
}
