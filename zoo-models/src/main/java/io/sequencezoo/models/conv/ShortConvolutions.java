package io.sequencezoo.models.conv;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.ShortConvolution;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The optional short convolutions of a mixer, one per projection: each feature becomes a weighted
 * sum of its own last W values, so that what drives the recurrence knows the tokens just before.
 *
 * <pre>{@code
 * y_t = f(b + Σ_j w_j x_{t-W+1+j})                 feature by feature, w_{W-1} for the current token
 * }</pre>
 *
 * <ul>
 *   <li>{@code x, y}: {@code [B, T, F]}, a projection of F features
 *   <li>{@code f}: SiLU, or whatever else the mixer asks for
 *   <li>{@code conv_NAME}: {@code [F, W]} parameter; {@code conv_NAME_bias}: {@code [F]}, b, only
 *       where the mixer asks for it
 *   <li>state {@code conv_NAME}: {@code [B, W-1, F]}, the last inputs, zero before the first token
 * </ul>
 *
 * <p>Cost per token: W F time, (W-1) F memory. Differs from the source: nothing; numerical care:
 * none.
 */
@Source(
    repo = "fla-org/flash-linear-attention",
    path = "fla/layers/gla.py",
    commit = "bc3b101dcb713ddc5bd8924b66754eb68b5ccf89")
public final class ShortConvolutions {
  private static final String PREFIX = "conv_";
  private static final String BIAS = "_bias";

  private final int span;
  private final ImmutableMap<String, Integer> features;
  private final @Nullable Unary activation;
  private final boolean biased;

  /**
   * Convolutions over W tokens.
   *
   * @param span W, or 0 for none: projections then pass unchanged
   * @param features F of every projection that is convolved, by its name, in the order in which
   *     weights are declared
   */
  public ShortConvolutions(int span, ImmutableMap<String, Integer> features) {
    this(span, features, Unary.SILU, false);
  }

  /**
   * The same with another activation, or with biases.
   *
   * @param activation f; null for none
   */
  public ShortConvolutions(
      int span,
      ImmutableMap<String, Integer> features,
      @Nullable Unary activation,
      boolean biased) {
    this.activation = activation;
    this.biased = biased;
    this.span = span;
    this.features = span == 0 ? ImmutableMap.of() : features;
  }

  /** Refuses what can't be the width W of a convolution, nor 0 for none. */
  public static void checkSpan(String subject, int span) {
    checkArgument(
        span == 0 || span >= 2,
        "%s: shortConvolution must be a width of at least 2, or 0 for none, got %s",
        subject,
        span);
  }

  /** Declares the weights, and biases that start at zero where there are any. */
  public void declare(Declaration declaration, Initialiser weights) {
    declare(declaration, weights, Initialisers.zeros());
  }

  /** Declares both as PyTorch starts a depthwise convolution: uniform on ±1/√W. */
  public void declareUniform(Declaration declaration) {
    double bound = 1 / Math.sqrt(Math.max(1, span));
    Initialiser uniform = Initialisers.uniform(-bound, bound);
    declare(declaration, uniform, uniform);
  }

  private void declare(Declaration declaration, Initialiser weights, Initialiser biases) {
    features.forEach(
        (name, f) -> {
          declaration.weight(PREFIX + name, weights, f, span);
          if (biased) {
            declaration.undecayed(PREFIX + name + BIAS, biases, f);
          }
        });
  }

  /** The caches before the first token. */
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Tape tape = context.tape();
    Map<String, Variable> caches = new LinkedHashMap<>();
    features.forEach(
        (name, f) ->
            caches.put(PREFIX + name, tape.constant(tape.zeros(type, batch, span - 1, f))));
    return caches;
  }

  /**
   * The convolved projection, or the projection itself where there are no convolutions.
   *
   * @param state holds the caches so far
   * @param next takes the next cache
   */
  public Variable apply(
      Context context, String name, Variable projection, State state, Map<String, Variable> next) {
    if (!features.containsKey(name)) {
      return projection;
    }
    String cache = PREFIX + name;
    Variable[] convolved =
        ShortConvolution.apply(
            context.tape(),
            projection,
            context.parameter(cache),
            biased ? context.parameter(cache + BIAS) : null,
            state.get(cache),
            activation,
            context.lengths());
    next.put(cache, convolved[1]);
    return convolved[0];
  }

  /** Bytes of the caches per row. */
  public long stateBytes(DataType type) {
    return totalFeatures() * Math.max(0, span - 1) * type.width();
  }

  /** Multiply-adds per token. */
  public long multiplyAddsPerToken() {
    return totalFeatures() * span;
  }

  private long totalFeatures() {
    return features.values().stream().mapToLong(Integer::longValue).sum();
  }
}
