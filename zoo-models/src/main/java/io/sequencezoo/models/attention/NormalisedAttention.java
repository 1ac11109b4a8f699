package io.sequencezoo.models.attention;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.shape.Sizes;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Normalised attention: linear attention without feature maps, whose weights the input divides by a
 * number per token and head, as softmax's denominator does, but of the current token alone. So it
 * forgets nothing, and its state has constant size.
 *
 * <pre>{@code
 * q, k, v, n = x W_q + b_q, x W_k + b_k, x W_v + b_v, x W_n + b_n
 * S_t = S_{t-1} + k_t v_tᵀ                           state
 * o_t = S_tᵀ q_t / η(n_t)                            read-out, η = exp, softplus or sigmoid
 *     = Σ_{s≤t} (q_t·k_s / η(n_t)) v_s
 * y_t = o_t W_o + b_o
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code S}: {@code [B, H, K, V]} state, constant in T
 *   <li>{@code query, key}: {@code [D, H K]}; {@code value}: {@code [D, H V]}, {@code H V = D};
 *       {@code normaliser}: {@code [D, H]}; {@code output}: {@code [D, D]}, N(0, .02), the last
 *       over √(2 layers); {@code _bias} of each, zero at first
 * </ul>
 *
 * <p>Cost per token: projections and 2 H K V multiply-adds, O(H K V) memory. In the common form of
 * the paper, {@code Λ_t = η_{t-1}/η_t}, {@code B_t = k_t/η_t}; a change of coordinates by {@code
 * η_t} moves the normaliser to {@code C_t = q_t/η_t}, which has no first step to except. Numerical
 * care: the logits q·k aren't scaled, as in the reference; η near zero makes large outputs, and
 * where 1/η leaves the range of numbers, q/η is made in two factors ({@link Normaliser}).
 */
@Paper(
    key = "sieber2024dsf",
    title =
        "Understanding the differences in Foundation Models: Attention, State Space Models, and"
            + " Recurrent Neural Networks",
    authors = "Sieber, Amo Alonso, Didier, Zeilinger and Orvieto 2024",
    arxiv = "2405.15731")
@Source(
    repo = "IntelligentControlSystems/dsf-mqar",
    path = "zoology/mixers/attention.py",
    commit = "c918352b037f7ab20b97114c21b7d8733259a689")
public final class NormalisedAttention extends AbstractParametrisation {
  /** The reference model's initializer_range. */
  private static final double DEVIATION = 0.02;

  private static final String QUERY = "query";
  private static final String KEY = "key";
  private static final String VALUE = "value";
  private static final String NORMALISER = "normaliser";

  private final NormalisedAttentionConfig config;
  private final int layers;
  private final int heads;
  private final int keys;
  private final int values;

  /** Attention at a place of a model. */
  public NormalisedAttention(NormalisedAttentionConfig config, MixerConfig.Place place) {
    super(NormalisedAttentionConfig.NAME, place.width(), MatrixStateRecurrence.scaled(1));
    this.config = config;
    this.layers = place.layers();
    this.heads = config.heads();
    this.values = config.valueDimFor(width);
    this.keys = config.keyDim() == 0 ? values : config.keyDim();
  }

  @Override
  public void declare(Declaration declaration) {
    projection(declaration, QUERY, Sizes.product(name() + ": width of queries", heads, keys));
    projection(declaration, KEY, Sizes.product(name() + ": width of keys", heads, keys));
    projection(declaration, VALUE, heads * values);
    projection(declaration, NORMALISER, heads);
    declaration.weight(
        "output", Initialisers.normal(DEVIATION / Math.sqrt(2.0 * layers)), width, width);
    declaration.undecayed("output_bias", Initialisers.zeros(), width);
  }

  private void projection(Declaration declaration, String name, int features) {
    declaration.weight(name, Initialisers.normal(DEVIATION), width, features);
    if (config.bias()) {
      declaration.undecayed(name + "_bias", Initialisers.zeros(), features);
    }
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Variable q = perHead(tape, projected(context, x, QUERY));
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        MatrixStateRecurrence.QUERY,
        config.normaliser().divide(tape, q, projected(context, x, NORMALISER)));
    coefficients.put(MatrixStateRecurrence.KEY, perHead(tape, projected(context, x, KEY)));
    coefficients.put(MatrixStateRecurrence.VALUE, perHead(tape, projected(context, x, VALUE)));
    return new Drive(coefficients, Map.of(), Map.of());
  }

  private Variable projected(Context context, Variable x, String name) {
    Variable bias = config.bias() ? context.parameter(name + "_bias") : null;
    return Dense.linear(context.tape(), x, context.parameter(name), bias);
  }

  private Variable perHead(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), heads, x.size(2) / heads);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable o = Primitives.reshape(tape, outputs, outputs.size(0), outputs.size(1), width);
    return Dense.linear(tape, o, context.parameter("output"), context.parameter("output_bias"));
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (long) heads * keys * values * type.width();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long projections = (long) width * (2L * heads * keys + 2L * width + heads);
    // Write and read, and the division of queries.
    return projections + 2L * heads * keys * values + (long) heads * keys;
  }
}
