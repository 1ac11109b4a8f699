package io.sequencezoo.models.memory;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.dynamics.memory.OptimiserMemoryRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.op.TaylorFeatures;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.models.matrix.HeadSizes;
import io.sequencezoo.models.matrix.OutputStage;
import io.sequencezoo.models.matrix.QueryKeyValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What the layers around memories have in common: queries, keys and values from the input, numbers
 * per head that each token sets, the weights that a memory starts from, and an output stage.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))    per head
 * q, k    = q / √(Σq² + 1e-6), k / √(Σk² + 1e-6), turned by position where asked for
 * theta   = step/n σ(x W_theta + b)                                    and so on: TokenRate
 * rho     = max(1/i + token_index_i, 0)                                of mini-batches: TokenIndex
 * o_t     = the memory, from learned weights start_W, start_b ...
 * y_t     = (rms(o_t) ⊙ silu(x_t W_g)) W_o
 * }</pre>
 *
 * <p>The step is divided by C, since C gradients at the same weights add up, but in mini-batches,
 * whose ρ averages; and by V where the network is normalised, as a mean over the values of a loss
 * would have it: a normalised output is √V long, whatever the weights.
 */
abstract class MemoryMixer extends AbstractParametrisation {
  /** The references' initializer_range. */
  static final Initialiser NORMAL = Initialisers.normal(0.02);

  /** The reference's l2norm. */
  static final double KEY_EPS = 1e-6;

  private static final double ROTARY_BASE = 10000;
  private static final String START = "start_";
  private static final String NORM_WEIGHT = "memory_norm";
  private static final String NORM_BIAS = "memory_norm_bias";

  private final HeadSizes sizes;

  /** K as the memory sees it. */
  private final int keys;

  private final MemoryConfig config;
  private final MemoryRule rule;
  private final OptimiserMemoryRecurrence memory;
  private final QueryKeyValue projections;
  private final List<TokenRate> rates;
  private final @Nullable TokenIndex index;
  private final OutputStage output;

  /**
   * A layer.
   *
   * @param config names it
   */
  MemoryMixer(HeadSizes sizes, MemoryConfig config) {
    this(sizes, config, new OptimiserMemoryRecurrence(config.rule()));
  }

  private MemoryMixer(HeadSizes sizes, MemoryConfig config, OptimiserMemoryRecurrence memory) {
    super(Registry.typeName(config.getClass()), sizes.width(), memory);
    this.sizes = sizes;
    this.keys =
        config.degree() == 1 ? sizes.keys() : TaylorFeatures.count(sizes.keys(), config.degree());
    this.config = config;
    this.rule = memory.rule();
    this.memory = memory;
    this.projections = new QueryKeyValue(sizes, 1, config.shortConvolution(), Unary.SILU);
    this.rates =
        TokenRate.of(rule, sizes.width(), sizes.heads(), sizes.values(), config.step() / shares());
    this.index = rule.algorithm().miniBatch() ? new TokenIndex(rule.chunk()) : null;
    this.output = new OutputStage(sizes, config.outputGate(), config.norm());
  }

  /** What the largest step is shared out to. */
  private double shares() {
    int chunk = rule.algorithm().miniBatch() ? 1 : rule.chunk();
    return (double) chunk * (rule.network().normalises() ? sizes.values() : 1);
  }

  /** Queries or keys {@code [B, T, H, K]} as the memory sees them. */
  Variable placed(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Variable unit = Norms.l2Norm(tape, x, KEY_EPS);
    return config.rotary()
        ? Rotary.rotate(
            tape, unit, state.counts(), Rotary.Convention.HALF_SPLIT, ROTARY_BASE, sizes.keys())
        : unit;
  }

  private Variable featured(Context context, Variable x) {
    return config.degree() == 1 ? x : TaylorFeatures.apply(context.tape(), x, 1, config.degree());
  }

  /** Declares the output stage. */
  void declareOutput(Declaration declaration) {
    output.declare(declaration, NORMAL);
  }

  /** What the output stage keeps of the input. */
  Map<String, Variable> outputExtras(Context context, Variable x) {
    return output.extras(context, x);
  }

  /** Multiply-adds per token of the output stage. */
  long outputMultiplyAdds() {
    return output.multiplyAddsPerToken();
  }

  final HeadSizes sizes() {
    return sizes;
  }

  private List<MemoryNetwork.Part> parts() {
    return rule.network().parts(keys, sizes.values());
  }

  @Override
  public final void declare(Declaration declaration) {
    projections.declare(declaration, NORMAL);
    rates.forEach(rate -> rate.declare(declaration, NORMAL));
    for (MemoryNetwork.Part part : parts()) {
      boolean isBias = part.name().startsWith("b");
      declaration.undecayed(
          START + part.name(),
          MemoryStart.of(part, rule.retention(), isBias),
          sizes.heads(),
          part.in(),
          part.out());
    }
    if (rule.network().normalises()) {
      declaration.undecayed(NORM_WEIGHT, Initialisers.ones(), sizes.heads(), sizes.values());
      declaration.undecayed(NORM_BIAS, Initialisers.zeros(), sizes.heads(), sizes.values());
    }
    if (index != null) {
      index.declare(declaration);
    }
    declareOutput(declaration);
  }

  @Override
  public final Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> state =
        new LinkedHashMap<>(projections.initialState(context, batch, type));
    Map<String, Variable> weights = new LinkedHashMap<>();
    parts().forEach(part -> weights.put(part.name(), context.parameter(START + part.name())));
    state.putAll(memory.startingFrom(context.tape(), batch, keys, sizes.values(), weights));
    return state;
  }

  @Override
  public final Drive drive(Context context, Variable x, State state) {
    Map<String, Variable> own = new LinkedHashMap<>();
    Map<String, Variable> coefficients = projections.apply(context, x, state, own);
    for (String name :
        new String[] {OptimiserMemoryRecurrence.QUERY, OptimiserMemoryRecurrence.KEY}) {
      coefficients.put(
          name, featured(context, placed(context, Recurrence.required(coefficients, name), state)));
    }
    for (TokenRate rate : rates) {
      coefficients.put(rate.projection().name(), rate.apply(context, x));
    }
    if (rule.network().normalises()) {
      coefficients.put(OptimiserMemoryRecurrence.NORM_WEIGHT, context.parameter(NORM_WEIGHT));
      coefficients.put(OptimiserMemoryRecurrence.NORM_BIAS, context.parameter(NORM_BIAS));
    }
    if (index != null) {
      coefficients.put(
          OptimiserMemoryRecurrence.LOOK, index.apply(context, x, state, sizes.heads()));
    }
    return new Drive(coefficients, outputExtras(context, x), own);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return output.apply(context, outputs, drive.extras());
  }

  @Override
  public final long stateBytes(int consumed, DataType type) {
    return memory.stateNumbers(sizes.heads(), keys, sizes.values()) * type.width()
        + projections.stateBytes(type);
  }

  @Override
  public final long multiplyAddsPerToken(int position) {
    long numbers = rates.stream().mapToLong(rate -> rate.projection().multiplyAddsPerToken()).sum();
    return projections.multiplyAddsPerToken()
        + numbers
        + memory.multiplyAdds(sizes.heads(), keys, sizes.values())
        + (config.rotary() ? 4L * sizes.keyWidth() : 0)
        + (config.degree() == 1 ? 0 : 2L * sizes.heads() * keys)
        + outputMultiplyAdds();
  }
}
