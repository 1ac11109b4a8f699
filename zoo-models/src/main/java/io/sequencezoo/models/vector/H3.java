package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ChannelRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * H3: linear attention whose keys are shifted by a small system, so that a token is written under
 * what came before it, and whose products of keys and values are remembered by S4D's systems.
 *
 * <pre>{@code
 * q = x W_q + b_q,  k = x W_k + b_k,  v = x W_v + b_v
 * κ_t = C_s s_t + D_s k_t                       s: ShiftSystem
 * u_t = κ_t ⊗ v_t per head                      P x P channels, each with a system of its head
 * h_t = λ ⊙ h_{t-1} + u_t 1,  m_t = 2 Re Σ_n C_n B_n γ_n h_{t,n} + D u_t
 * y_t = (Σ_a q_t[a] m_t[a, ·]) W_o + b_o
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; D/P heads
 *   <li>{@code query, key, value, output}: {@code [D, D]}, with biases; PyTorch's start
 *   <li>{@code shift_b}: {@code [D, N_s]}, writes into place 0 at first; {@code shift_c}: {@code
 *       [D, N_s]}, uniform on ±1/√N_s; {@code shift_d}: {@code [D]}, N(0, 1)
 *   <li>{@code log_step}: {@code [D/P]}, log-uniform; {@code log_a_real, a_imag}: {@code [D/P,
 *       N/2]}, log .5 and πn; {@code b, c}: {@code [D/P, 2, N/2]}, one, and complex normal; {@code
 *       d}: {@code [D/P]}, N(0, 1)
 *   <li>state {@code shift}: {@code [B, D, N_s]}; {@code x}: {@code [B, D P, 2, N/2]}
 * </ul>
 *
 * <p>Cost per token: the projections, N_s per feature and 3 N per channel. Differs from the
 * reference: features of outputs are ordered as those of inputs, [head, part], where its heads of
 * several features put the parts first. Numerical care: as {@link S4d}.
 */
@Paper(
    key = "fu2023h3",
    title = "Hungry Hungry Hippos: Towards Language Modeling with State Space Models",
    authors = "Fu et al. 2023",
    arxiv = "2212.14052")
@Source(
    repo = "berlino/seq_icl",
    path = "src/models/sequence/h3.py",
    commit = "9b9223d15348b5a415fb453ed988ed5f7ab9fbdc")
public final class H3 extends AbstractParametrisation {
  private static final String SHIFT = "shift";
  private static final String QUERY = "query";
  private static final String BIAS = "_bias";
  private static final String[] PROJECTIONS = {QUERY, "key", "value", "output"};

  private final H3Config config;
  private final int heads;
  private final int pairs;

  /** H3 at a place of a model. */
  public H3(H3Config config, MixerConfig.Place place) {
    super(H3Config.NAME, place.width(), new ChannelRecurrence());
    checkArgument(
        width % config.headDim() == 0,
        "%s: width %s must be divisible by headDim %s; use 1",
        name(),
        width,
        config.headDim());
    this.config = config;
    this.heads = width / config.headDim();
    this.pairs = config.stateSize() / 2;
  }

  /** Channels of diagonal systems. */
  private long channels() {
    return (long) width * config.headDim();
  }

  @Override
  public void declare(Declaration declaration) {
    double bound = 1 / Math.sqrt(width);
    Initialiser uniform = Initialisers.uniform(-bound, bound);
    for (String projection : PROJECTIONS) {
      declaration.weight(projection, uniform, width, width);
      declaration.undecayed(projection + BIAS, uniform, width);
    }
    int places = config.shiftSize();
    double reach = 1 / Math.sqrt(places);
    declaration.undecayed("shift_b", H3::firstPlace, width, places);
    declaration.undecayed("shift_c", Initialisers.uniform(-reach, reach), width, places);
    declaration.undecayed("shift_d", Initialisers.normal(1), width);
    declaration.undecayed(
        "log_step",
        Initialisers.uniform(Math.log(config.smallestStep()), Math.log(config.largestStep())),
        heads);
    declaration.undecayed("log_a_real", Initialisers.constant(Math.log(0.5)), heads, pairs);
    declaration.undecayed("a_imag", this::frequencies, heads, pairs);
    declaration.undecayed("b", this::realOnes, heads, 2, pairs);
    declaration.undecayed("c", Initialisers.normal(Math.sqrt(0.5)), heads, 2, pairs);
    declaration.undecayed("d", Initialisers.normal(1), heads);
  }

  /** One in the first place of every row. */
  private static double[] firstPlace(long[] shape, SplittableRandom random) {
    double[] values = new double[(int) (shape[0] * shape[1])];
    for (int i = 0; i < values.length; i += (int) shape[1]) {
      values[i] = 1;
    }
    return values;
  }

  private double[] frequencies(long[] shape, SplittableRandom random) {
    double[] one = S4dInit.LIN.frequencies(pairs);
    double[] all = new double[heads * pairs];
    for (int i = 0; i < all.length; i++) {
      all[i] = one[i % pairs];
    }
    return all;
  }

  private double[] realOnes(long[] shape, SplittableRandom random) {
    double[] values = new double[heads * 2 * pairs];
    for (int i = 0; i < values.length; i++) {
      values[i] = i / pairs % 2 == 0 ? 1 : 0;
    }
    return values;
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Tape tape = context.tape();
    return Map.of(SHIFT, tape.constant(tape.zeros(type, batch, width, config.shiftSize())));
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Variable[] shifted =
        new ShiftSystem(
                context.parameter("shift_b"),
                context.parameter("shift_c"),
                context.parameter("shift_d"))
            .apply(tape, affine(context, x, "key"), state.get(SHIFT), context.lengths());
    Map<String, Variable> coefficients =
        new SsmOperators.H3System(
                config.discretisation(),
                context.parameter("log_step"),
                context.parameter("log_a_real"),
                context.parameter("a_imag"),
                context.parameter("b"),
                context.parameter("c"),
                context.parameter("d"))
            .coefficients(tape, shifted[0], affine(context, x, "value"));
    return new Drive(
        coefficients, Map.of(QUERY, affine(context, x, QUERY)), Map.of(SHIFT, shifted[1]));
  }

  private static Variable affine(Context context, Variable x, String name) {
    return Dense.linear(context.tape(), x, context.parameter(name), context.parameter(name + BIAS));
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable y = SsmOperators.h3Read(tape, outputs, drive.extra(QUERY), heads);
    return affine(context, Primitives.reshape(tape, y, y.size(0), y.size(1), width), "output");
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return ((long) width * config.shiftSize() + channels() * 2 * pairs) * type.width();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    // Per feature a write and a read for each place, and the skip; per channel the product of key
    // and value, six for every pair, the skip and the query.
    long shift = (2L * config.shiftSize() + 1) * width;
    return 4L * width * width + shift + channels() * (6L * pairs + 3);
  }
}
