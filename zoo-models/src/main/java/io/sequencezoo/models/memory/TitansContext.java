package io.sequencezoo.models.memory;

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
import io.sequencezoo.core.dynamics.memory.MemoryContextRecurrence;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork;
import io.sequencezoo.core.dynamics.memory.OptimiserMemoryRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.models.matrix.HeadSizes;
import io.sequencezoo.models.matrix.QueryKeyValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Titans with memory as context: attention within segments of C tokens that also sees learned
 * tokens and what a long-term memory recalls, a memory that learns what attention puts out.
 *
 * <pre>{@code
 * h_t = M(silu(x_t W_recall) of length 1)    at the weights before t's segment    (eq. 21)
 * y_t = Attn(p_1 ... p_P, h_s ..., x_s ...)  s of the segment up to t             (eqs. 22, 23)
 * M_t = the memory of Titans, k, v, θ, α, η from y_t                              (eq. 24)
 * o_t = rms(y_t) ⊙ σ(rms(M_t(q(y_t))))       each with a gain per channel         (eq. 25)
 * out = o_t W_output
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code out}: {@code [B, T, D]}
 *   <li>state: that of {@link MemoryContextRecurrence}, constant in T, and the last inputs of the
 *       convolutions
 *   <li>{@code recall, q, k, v, attended}: attention's projections {@code [D, D]}, k and v of h and
 *       of p as of x; {@code persistent [P, D]}; {@code memory_q, memory_k, memory_v [D, D]};
 *       {@code theta, alpha, eta [D, H]} and biases; {@code start_*, memory_norm, memory_norm_bias}
 *       as {@link OptimiserMemory}'s; {@code attended_norm, read_norm [D]}, eps 1e-5; {@code output
 *       [D, D]}
 * </ul>
 *
 * <p>Cost per token: constant, that of {@link Titans} and of attention to P + 2 C tokens. Differs
 * from the paper: h_s of tokens of the segment after t is not seen, since that would look ahead; no
 * convolutions on what the memory learns. Positions are told by the convolutions alone. Numerical
 * care: as {@link Titans}'s.
 */
@Paper(
    key = "behrouz2025titans",
    title = "Titans: Learning to Memorize at Test Time",
    authors = "Behrouz, Zhong and Mirrokni 2025",
    arxiv = "2501.00663",
    equations = "21-25")
@Source(
    repo = "lucidrains/titans-pytorch",
    path = "titans_pytorch/mac_transformer.py",
    commit = "cc016eb")
public final class TitansContext extends AbstractParametrisation {
  private static final double EPS = 1e-5;
  private static final String START = "start_";
  private static final String NORM_WEIGHT = "memory_norm";
  private static final String NORM_BIAS = "memory_norm_bias";
  private static final String PERSISTENT = "persistent";
  private static final String ATTENDED = "attended";
  private static final String ATTENDED_NORM = "attended_norm";
  private static final String READ_NORM = "read_norm";
  private static final String OUTPUT = "output";

  private final HeadSizes sizes;
  private final TitansContextConfig config;
  private final QueryKeyValue projections;
  private final ContextFeedback feedback;
  private final MemoryContextRecurrence memory;

  /** A layer. */
  TitansContext(HeadSizes sizes, TitansContextConfig config) {
    this(sizes, config, feedback(sizes, config));
  }

  private TitansContext(HeadSizes sizes, TitansContextConfig config, ContextFeedback feedback) {
    this(sizes, config, feedback, new MemoryContextRecurrence(config.rule(), feedback));
  }

  private TitansContext(
      HeadSizes sizes,
      TitansContextConfig config,
      ContextFeedback feedback,
      MemoryContextRecurrence memory) {
    super(TitansContextConfig.NAME, sizes.width(), memory);
    this.sizes = sizes;
    this.config = config;
    this.projections = new QueryKeyValue(sizes, 1, config.shortConvolution(), null);
    this.feedback = feedback;
    this.memory = memory;
  }

  private static ContextFeedback feedback(HeadSizes sizes, TitansContextConfig config) {
    // Gradients of a segment add up, and a normalised output is √V long: as in MemoryMixer.
    double step = config.step() / ((double) config.segment() * sizes.values());
    return new ContextFeedback(
        sizes, TokenRate.of(config.rule(), sizes.width(), sizes.heads(), sizes.values(), step));
  }

  private List<MemoryNetwork.Part> parts() {
    return config.rule().network().parts(sizes.keys(), sizes.values());
  }

  @Override
  public void declare(Declaration declaration) {
    projections.declare(declaration, MemoryMixer.NORMAL);
    for (String name : List.of(MemoryContextRecurrence.RECALL, ATTENDED, OUTPUT)) {
      declaration.weight(name, MemoryMixer.NORMAL, width, width);
    }
    if (config.persistent() > 0) {
      declaration.undecayed(PERSISTENT, Initialisers.normal(1), config.persistent(), width);
    }
    feedback.declare(declaration, MemoryMixer.NORMAL);
    for (MemoryNetwork.Part part : parts()) {
      declaration.undecayed(
          START + part.name(),
          MemoryStart.of(part, config.rule().retention(), false),
          sizes.heads(),
          part.in(),
          part.out());
    }
    declaration.undecayed(NORM_WEIGHT, Initialisers.ones(), sizes.heads(), sizes.values());
    declaration.undecayed(NORM_BIAS, Initialisers.zeros(), sizes.heads(), sizes.values());
    declaration.undecayed(ATTENDED_NORM, Initialisers.ones(), width);
    declaration.undecayed(READ_NORM, Initialisers.ones(), width);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> state =
        new LinkedHashMap<>(projections.initialState(context, batch, type));
    Map<String, Variable> weights = new LinkedHashMap<>();
    parts().forEach(part -> weights.put(part.name(), context.parameter(START + part.name())));
    state.putAll(memory.startingFrom(context.tape(), batch, sizes.keys(), weights));
    return state;
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> own = new LinkedHashMap<>();
    Map<String, Variable> coefficients = projections.apply(context, x, state, own);
    Variable recall =
        Activations.apply(
            tape,
            Unary.SILU,
            Dense.linear(tape, x, context.parameter(MemoryContextRecurrence.RECALL), null));
    coefficients.put(
        MemoryContextRecurrence.RECALL,
        Norms.l2Norm(tape, perHead(tape, recall), MemoryMixer.KEY_EPS));
    Variable keyMap = context.parameter(MemoryContextRecurrence.KEY);
    Variable valueMap = context.parameter(MemoryContextRecurrence.VALUE);
    coefficients.put(MemoryContextRecurrence.KEY_MAP, keyMap);
    coefficients.put(MemoryContextRecurrence.VALUE_MAP, valueMap);
    coefficients.put(MemoryContextRecurrence.OUTPUT_MAP, context.parameter(ATTENDED));
    if (config.persistent() > 0) {
      Variable tokens = context.parameter(PERSISTENT);
      coefficients.put(MemoryContextRecurrence.PERSISTENT_KEY, persistent(tape, tokens, keyMap));
      coefficients.put(
          MemoryContextRecurrence.PERSISTENT_VALUE, persistent(tape, tokens, valueMap));
    }
    coefficients.put(OptimiserMemoryRecurrence.NORM_WEIGHT, context.parameter(NORM_WEIGHT));
    coefficients.put(OptimiserMemoryRecurrence.NORM_BIAS, context.parameter(NORM_BIAS));
    feedback.weights().forEach(name -> coefficients.put(name, context.parameter(name)));
    return new Drive(coefficients, Map.of(), own);
  }

  private Variable perHead(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), sizes.heads(), sizes.keys());
  }

  /** {@code [P, D]} through a map, per head. */
  private Variable persistent(Tape tape, Variable tokens, Variable map) {
    Variable mapped = Dense.linear(tape, tokens, map, null);
    return Primitives.reshape(tape, mapped, tokens.size(0), sizes.heads(), sizes.keys());
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    long batch = outputs.size(0);
    long steps = outputs.size(1);
    Variable[] both =
        Primitives.split(
            tape,
            Primitives.reshape(tape, outputs, batch, steps, sizes.heads(), 2L * sizes.keys()),
            3,
            sizes.keys(),
            sizes.keys());
    Variable attended = Primitives.reshape(tape, both[0], batch, steps, width);
    Variable read = Primitives.reshape(tape, both[1], batch, steps, width);
    Variable gated =
        Activations.gated(
            tape,
            Unary.SIGMOID,
            Norms.rmsNorm(tape, read, context.parameter(READ_NORM), null, EPS, width),
            Norms.rmsNorm(tape, attended, context.parameter(ATTENDED_NORM), null, EPS, width));
    return Dense.linear(tape, gated, context.parameter(OUTPUT), null);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return memory.stateNumbers(sizes.heads(), sizes.keys()) * type.width()
        + projections.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    return projections.multiplyAddsPerToken()
        + 2L * width * width
        + feedback.multiplyAddsPerToken()
        + memory.multiplyAdds(sizes.heads(), sizes.keys(), config.persistent());
  }
}
