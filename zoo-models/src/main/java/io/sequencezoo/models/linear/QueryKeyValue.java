package io.sequencezoo.models.linear;

import com.google.common.collect.ImmutableMap;
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
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Queries, keys and values of a layer: projections {@code q}, {@code k}, {@code v} without bias,
 * each followed by a short convolution where there are any.
 */
final class QueryKeyValue {
  private final HeadSizes sizes;
  private final ImmutableMap<String, Integer> features;
  private final ShortConvolutions convolutions;

  /** Projections with convolutions over W tokens and SiLU, or none for W = 0. */
  QueryKeyValue(HeadSizes sizes, int convolution) {
    this(sizes, convolution, Unary.SILU);
  }

  /** The same with another activation of the convolutions, or null. */
  QueryKeyValue(HeadSizes sizes, int convolution, Unary activation) {
    this.sizes = sizes;
    this.features =
        ImmutableMap.of(
            MatrixStateRecurrence.QUERY,
            sizes.keyWidth(),
            MatrixStateRecurrence.KEY,
            sizes.keyWidth(),
            MatrixStateRecurrence.VALUE,
            sizes.valueWidth());
    this.convolutions = new ShortConvolutions(convolution, features, activation, false);
  }

  void declare(Declaration declaration, Initialiser initialiser) {
    features.forEach((name, f) -> declaration.weight(name, initialiser, sizes.width(), f));
    convolutions.declare(declaration, initialiser);
  }

  Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolutions.initialState(context, batch, type);
  }

  /**
   * The three, {@code [B, T, H K or H V]}, by their names.
   *
   * @param caches takes the next caches of the convolutions
   */
  Map<String, Variable> apply(
      Context context, Variable x, State state, Map<String, Variable> caches) {
    Map<String, Variable> all = new LinkedHashMap<>();
    features
        .keySet()
        .forEach(
            name -> {
              Variable projected = Dense.linear(context.tape(), x, context.parameter(name), null);
              all.put(name, convolutions.apply(context, name, projected, state, caches));
            });
    return all;
  }

  /** {@code [B, T, H N]} as {@code [B, T, H, N]}, without a copy. */
  Variable perHead(Tape tape, Variable x) {
    return perHead(tape, x, sizes.heads());
  }

  static Variable perHead(Tape tape, Variable x, int heads) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), heads, x.size(2) / heads);
  }

  /** {@code [B, T, H, N]} as {@code [B, T, H N]}, without a copy. */
  static Variable joined(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), (long) x.size(2) * x.size(3));
  }

  long stateBytes(DataType type) {
    return convolutions.stateBytes(type);
  }

  long multiplyAddsPerToken() {
    long projections = (long) sizes.width() * (2 * sizes.keyWidth() + sizes.valueWidth());
    return projections + convolutions.multiplyAddsPerToken();
  }
}
