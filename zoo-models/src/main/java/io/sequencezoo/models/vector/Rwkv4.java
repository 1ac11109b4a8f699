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
import org.nd4j.linalg.factory.Nd4j;

/**
 * RWKV-4's time mixing: every channel averages its values so far by exponential weights that decay
 * at a rate of the channel's own, the new token by a weight of its own.
 *
 * <pre>{@code
 * x^i_t = x_t + μ_i ⊙ (x_{t-1} - x_t)                         i = k, v, r; optional
 * k, v, r = x^k W_k, x^v W_v, x^r W_r
 * o_t = (Σ_{s<t} e^{k_s - (t-1-s) e^w} v_s + e^{u + k_t} v_t) / (the same with 1 for v)
 * y_t = (σ(r_t) ⊙ o_t) W_o
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, 2 E]} state, numerators and denominators over {@code e^p}; {@code p
 *       [B, E]}: the largest exponent, -1e38 at first; {@code shift [B, 1, D]}: the last token
 *   <li>{@code key, value, receptance [D, E], output [E, D]}: projections without bias; the value's
 *       orthogonal, the others zero
 *   <li>{@code decay} w, {@code bonus} u: {@code [E]}; {@code mix_k, mix_v, mix_r}: {@code μ [D]},
 *       the share of the token before; by channel and layer, not decayed
 * </ul>
 *
 * <p>Cost per token: O(D E) time, O(E) memory. Differs from the paper: nothing; its channel mixing
 * is {@link Rwkv4ChannelMixing}. Numerical care: no exponential exceeds 1; the decay is {@code
 * -e^w}, which some copies turn into growth for want of the minus sign.
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
public final class Rwkv4 extends AbstractParametrisation {
  private static final String MIX = "mix_";
  private static final String KEY = "key";
  private static final String VALUE = "value";
  private static final String RECEPTANCE = "receptance";
  private static final String OUTPUT = "output";
  private static final String DECAY = "decay";
  private static final String BONUS = "bonus";
  private static final String PAST = "past";
  private static final String OWN = "own";
  private static final String START = "start";

  /** The largest exponent, a part of the state. */
  private static final String LARGEST = "p";

  private final int inner;
  private final Place place;
  private final TokenShift shift;

  /**
   * A layer at a place of a model.
   *
   * @param inner E, the number of channels
   * @param shifts whether projections see the token before
   */
  public Rwkv4(Place place, int inner, boolean shifts) {
    super(Rwkv4Config.NAME, place.width(), new ElementwiseRecurrence());
    this.inner = inner;
    this.place = place;
    this.shift = new TokenShift(place.width(), shifts);
  }

  @Override
  public void declare(Declaration declaration) {
    Rwkv4Start start = new Rwkv4Start(place);
    shift.declare(declaration, MIX + KEY, start.keyMix());
    shift.declare(declaration, MIX + VALUE, start.valueMix());
    shift.declare(declaration, MIX + RECEPTANCE, start.receptanceMix());
    declaration.weight(KEY, Initialisers.zeros(), width, inner);
    declaration.weight(VALUE, Initialisers.orthogonal(1), width, inner);
    declaration.weight(RECEPTANCE, Initialisers.zeros(), width, inner);
    declaration.undecayed(DECAY, start.decay(), inner);
    declaration.undecayed(BONUS, start.bonus(), inner);
    declaration.weight(OUTPUT, Initialisers.zeros(), inner, width);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> parts = new LinkedHashMap<>(shift.initialState(context, batch, type));
    parts.put(
        LARGEST,
        context.tape().constant(Nd4j.valueArrayOf(new long[] {batch, inner}, Wkv.EMPTY, type)));
    return parts;
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> next = new LinkedHashMap<>();
    Variable k = projected(context, KEY, x, state, next);
    Variable v = projected(context, VALUE, x, state, next);
    Wkv wkv =
        Wkv.of(
            tape,
            k,
            v,
            context.parameter(DECAY),
            context.parameter(BONUS),
            state.get(LARGEST),
            context.lengths());
    next.put(LARGEST, wkv.last());
    Map<String, Variable> extras = new LinkedHashMap<>();
    extras.put(VALUE, v);
    extras.put(PAST, wkv.past());
    extras.put(OWN, wkv.own());
    extras.put(RECEPTANCE, projected(context, RECEPTANCE, x, state, next));
    Variable h = state.parts().get(ElementwiseRecurrence.STATE);
    extras.put(START, h != null ? h : tape.constant(tape.zeros(x.type(), x.size(0), 2L * inner)));
    return new Drive(wkv.coefficients(), extras, next);
  }

  private Variable projected(
      Context context, String name, Variable x, State state, Map<String, Variable> next) {
    Variable mixed = shift.apply(context, MIX + name, x, state, next);
    return VectorStateMixer.linear(context, mixed, name);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable read =
        Wkv.read(
            tape,
            outputs,
            drive.extra(START),
            drive.extra(PAST),
            drive.extra(OWN),
            drive.extra(VALUE),
            context.lengths());
    Variable gated = Activations.gated(tape, Unary.SIGMOID, drive.extra(RECEPTANCE), read);
    return VectorStateMixer.linear(context, gated, OUTPUT);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return 3L * inner * type.width() + shift.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    // Decay and read of numerator and denominator.
    return 4L * width * inner + 3 * shift.multiplyAddsPerToken() + 4L * inner;
  }
}
