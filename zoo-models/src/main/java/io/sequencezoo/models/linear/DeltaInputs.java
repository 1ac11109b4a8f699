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
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.core.shape.Sizes;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What drives the delta rule of a layer, but for its decay: projections without bias through a
 * short convolution and SiLU, queries and keys of length 1, and rates.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))
 * q, k    = q / √(Σq² + 1e-6), k / √(Σk² + 1e-6)          per head
 * beta    = σ(x W_beta), or 2 σ(x W_beta)
 * }</pre>
 *
 * <p>A rate of up to 2 makes eigenvalues {@code 1 - beta} of the transition negative, which state
 * tracking needs (Grazzi et al., arXiv 2411.12537).
 */
final class DeltaInputs {
  /** The reference's l2norm. */
  private static final double NORM_EPS = 1e-6;

  private static final String RATE = MatrixStateRecurrence.BETA;

  private final DeltaSizes sizes;
  private final ImmutableMap<String, Integer> features;
  private final ShortConvolutions convolutions;
  private final double largestRate;

  DeltaInputs(DeltaSizes sizes, int convolution, boolean allowNegativeEigenvalues) {
    this.sizes = sizes;
    this.features =
        ImmutableMap.of(
            MatrixStateRecurrence.QUERY,
            sizes.keyWidth(),
            MatrixStateRecurrence.KEY,
            Sizes.product("delta rule: width of keys", sizes.writes(), sizes.keyWidth()),
            MatrixStateRecurrence.VALUE,
            Sizes.product("delta rule: width of values", sizes.writes(), sizes.valueWidth()));
    this.convolutions = new ShortConvolutions(convolution, features);
    this.largestRate = allowNegativeEigenvalues ? 2 : 1;
  }

  void declare(Declaration declaration, Initialiser initialiser) {
    features.forEach((name, f) -> declaration.weight(name, initialiser, sizes.width(), f));
    convolutions.declare(declaration, initialiser);
    declaration.weight(
        RATE, initialiser, sizes.width(), (long) sizes.writes() * sizes.valueHeads());
  }

  Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolutions.initialState(context, batch, type);
  }

  /**
   * The coefficients {@code q, k, v, beta} of the recurrence.
   *
   * @param caches takes the next caches of the convolutions
   */
  Map<String, Variable> apply(
      Context context, Variable x, State state, Map<String, Variable> caches) {
    Tape tape = context.tape();
    Map<String, Variable> all = new LinkedHashMap<>();
    for (String name : features.keySet()) {
      Variable projected = Dense.linear(tape, x, context.parameter(name), null);
      Variable convolved = convolutions.apply(context, name, projected, state, caches);
      all.put(
          name,
          convolved == projected ? Activations.apply(tape, Unary.SILU, projected) : convolved);
    }
    Variable q = all.get(MatrixStateRecurrence.QUERY);
    Variable k = all.get(MatrixStateRecurrence.KEY);
    Variable v = all.get(MatrixStateRecurrence.VALUE);
    q = Primitives.reshape(tape, q, q.size(0), q.size(1), sizes.heads(), sizes.keys());
    all.put(MatrixStateRecurrence.QUERY, Norms.l2Norm(tape, q, NORM_EPS));
    k = perWrite(tape, k, sizes.heads(), sizes.keys());
    all.put(MatrixStateRecurrence.KEY, Norms.l2Norm(tape, k, NORM_EPS));
    all.put(MatrixStateRecurrence.VALUE, perWrite(tape, v, sizes.valueHeads(), sizes.values()));
    all.put(RATE, rates(context, x));
    return all;
  }

  private Variable perWrite(Tape tape, Variable x, int heads, int size) {
    return sizes.writes() == 1
        ? Primitives.reshape(tape, x, x.size(0), x.size(1), heads, size)
        : Primitives.reshape(tape, x, x.size(0), x.size(1), sizes.writes(), heads, size);
  }

  private Variable rates(Context context, Variable x) {
    Tape tape = context.tape();
    Variable logits = Dense.linear(tape, x, context.parameter(RATE), null);
    Variable rates = Activations.apply(tape, Unary.SIGMOID, logits);
    if (largestRate != 1) {
      rates = Primitives.affine(tape, largestRate, rates, 0);
    }
    return sizes.writes() == 1
        ? rates
        : Primitives.reshape(tape, rates, x.size(0), x.size(1), sizes.writes(), sizes.valueHeads());
  }

  long stateBytes(DataType type) {
    return convolutions.stateBytes(type);
  }

  long multiplyAddsPerToken() {
    long perWrite = (long) sizes.keyWidth() + sizes.valueWidth() + sizes.valueHeads();
    long projections = sizes.width() * (sizes.keyWidth() + sizes.writes() * perWrite);
    return projections + convolutions.multiplyAddsPerToken();
  }
}
