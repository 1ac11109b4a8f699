package io.sequencezoo.models.matrix;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.shape.Sizes;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Queries, keys and values of a layer: projections {@code q}, {@code k}, {@code v} without bias,
 * each followed by a short convolution where there are any.
 */
public final class QueryKeyValue {
  private final HeadSizes sizes;
  private final int writes;
  private final ImmutableMap<String, Integer> features;
  private final ShortConvolutions convolutions;

  /**
   * Projections.
   *
   * @param writes N, keys and values per token
   * @param convolution W, or 0 for none
   * @param activation of the convolutions, or null
   */
  public QueryKeyValue(HeadSizes sizes, int writes, int convolution, @Nullable Unary activation) {
    this(sizes, writes, convolution, activation, true);
  }

  /** The same where values may do without the convolution. */
  QueryKeyValue(
      HeadSizes sizes,
      int writes,
      int convolution,
      @Nullable Unary activation,
      boolean convolvesValues) {
    this.sizes = sizes;
    this.writes = writes;
    this.features =
        ImmutableMap.of(
            MatrixStateRecurrence.QUERY,
            sizes.keyWidth(),
            MatrixStateRecurrence.KEY,
            Sizes.product("matrix state: width of keys", writes, sizes.keyWidth()),
            MatrixStateRecurrence.VALUE,
            Sizes.product("matrix state: width of values", writes, sizes.valueWidth()));
    this.convolutions =
        new ShortConvolutions(
            convolution, convolvesValues ? features : withoutValues(features), activation, false);
  }

  private static ImmutableMap<String, Integer> withoutValues(
      ImmutableMap<String, Integer> features) {
    return ImmutableMap.copyOf(
        Maps.filterKeys(features, name -> !name.equals(MatrixStateRecurrence.VALUE)));
  }

  /** Declares the parameters. */
  public void declare(Declaration declaration, Initialiser initialiser) {
    features.forEach((name, f) -> declaration.weight(name, initialiser, sizes.width(), f));
    convolutions.declare(declaration, initialiser);
  }

  /** The caches of the convolutions before the first token. */
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolutions.initialState(context, batch, type);
  }

  /**
   * The three by their names: {@code q [B, T, G, K]}, {@code k [B, T, G, K]}, {@code v [B, T, H,
   * V]}, the last two {@code [B, T, N, ...]} for several writes.
   *
   * @param caches takes the next caches of the convolutions
   */
  public Map<String, Variable> apply(
      Context context, Variable x, State state, Map<String, Variable> caches) {
    Map<String, Variable> all = new LinkedHashMap<>();
    for (String name : features.keySet()) {
      Variable projected = Dense.linear(context.tape(), x, context.parameter(name), null);
      Variable convolved = convolutions.apply(context, name, projected, state, caches);
      all.put(name, perHead(context.tape(), name, convolved));
    }
    return all;
  }

  private Variable perHead(Tape tape, String name, Variable x) {
    int heads = name.equals(MatrixStateRecurrence.VALUE) ? sizes.valueHeads() : sizes.heads();
    return writes == 1 || name.equals(MatrixStateRecurrence.QUERY)
        ? Heads.split(tape, x, heads)
        : Primitives.reshape(
            tape, x, x.size(0), x.size(1), writes, heads, x.size(2) / (writes * heads));
  }

  /** Bytes of the caches per row. */
  public long stateBytes(DataType type) {
    return convolutions.stateBytes(type);
  }

  /** Multiply-adds per token. */
  public long multiplyAddsPerToken() {
    long width = features.values().stream().mapToLong(Integer::longValue).sum();
    return sizes.width() * width + convolutions.multiplyAddsPerToken();
  }
}
