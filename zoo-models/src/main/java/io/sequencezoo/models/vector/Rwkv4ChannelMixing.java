package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ElementwiseRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.registry.MixerConfig.Place;
import io.sequencezoo.models.conv.TokenShift;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * RWKV-4's channel mixing: a gated network of squared ReLUs that also sees the token before, which
 * makes it a sequence mixer.
 *
 * <pre>{@code
 * x^i_t = x_t + μ_i ⊙ (x_{t-1} - x_t)                         i = k, r; optional
 * y_t = σ(x^r_t W_r) ⊙ (relu(x^k_t W_k)² W_v)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code shift}: {@code [B, 1, D]} the last token; {@code h}: {@code [B, D]}, the last
 *       output, which nothing reads: as a dynamical system it is the element-wise recurrence that
 *       forgets everything at once
 *   <li>{@code key [D, E]}: orthogonal; {@code value [E, D], receptance [D, D]}: zero; no biases
 *   <li>{@code mix_key, mix_receptance}: {@code μ [D]}, the share of the token before, both as
 *       {@link Rwkv4}'s of keys
 * </ul>
 *
 * <p>The published block is two layers, {@code [rwkv4, rwkv4_channel]} without a channel mixer of
 * the model's, under layer norms: {@code x + time(norm(x))}, then {@code x + channel(norm(x))}.
 * Cost per token: O(D E). Differs from the paper: nothing; where a model counts the two as two
 * layers, starts that depend on depth do so too. Numerical care: none.
 */
@Paper(
    key = "peng2023rwkv",
    title = "RWKV: Reinventing RNNs for the Transformer Era",
    authors = "Peng, Alcaide, Anthony et al. 2023",
    arxiv = "2305.13048",
    equations = "11-18")
@Source(
    repo = "BlinkDL/RWKV-LM",
    path = "RWKV-v4neo/src/model.py",
    commit = "524481d5099b38d9bc8ef1e89209161b86c8011b")
public final class Rwkv4ChannelMixing extends AbstractParametrisation {
  private static final String MIX = "mix_";
  private static final String KEY = "key";
  private static final String VALUE = "value";
  private static final String RECEPTANCE = "receptance";

  private final int inner;
  private final Place place;
  private final TokenShift shift;

  /**
   * A layer at a place of a model.
   *
   * @param inner E, the number of channels
   * @param shifts whether projections see the token before
   */
  Rwkv4ChannelMixing(Place place, int inner, boolean shifts) {
    super(Rwkv4ChannelConfig.NAME, place.width(), new ElementwiseRecurrence());
    this.inner = inner;
    this.place = place;
    this.shift = new TokenShift(place.width(), shifts);
  }

  @Override
  public void declare(Declaration declaration) {
    Rwkv4Start start = new Rwkv4Start(place);
    shift.declare(declaration, MIX + KEY, start.keyMix());
    shift.declare(declaration, MIX + RECEPTANCE, start.keyMix());
    declaration.weight(KEY, Initialisers.orthogonal(1), width, inner);
    declaration.weight(VALUE, Initialisers.zeros(), inner, width);
    declaration.weight(RECEPTANCE, Initialisers.zeros(), width, width);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return shift.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> next = new LinkedHashMap<>();
    Variable key = projected(context, KEY, x, state, next);
    Variable active = Activations.apply(tape, Unary.RELU_SQUARED, key);
    Variable value = VectorStateMixer.linear(context, active, VALUE);
    Variable receptance = projected(context, RECEPTANCE, x, state, next);
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        ElementwiseRecurrence.INPUT, Activations.gated(tape, Unary.SIGMOID, receptance, value));
    coefficients.put(ElementwiseRecurrence.DECAY, tape.constant(tape.zeros(x.type(), x.shape())));
    return new Drive(coefficients, Map.of(), next);
  }

  private Variable projected(
      Context context, String name, Variable x, State state, Map<String, Variable> next) {
    Variable mixed = shift.apply(context, MIX + name, x, state, next);
    return VectorStateMixer.linear(context, mixed, name);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return outputs;
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (long) width * type.width() + shift.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    return (2L * inner + width) * width + 2 * shift.multiplyAddsPerToken();
  }
}
