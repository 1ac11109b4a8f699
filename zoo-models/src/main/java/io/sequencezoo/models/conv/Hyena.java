package io.sequencezoo.models.conv;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
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
import io.sequencezoo.core.dynamics.attention.GatedConvolutionRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.shape.Sizes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Hyena: gates and long convolutions in turn. Every token is weighted by how long ago it was, with
 * weights that a small network makes from distances, and gated by what was and is there.
 *
 * <pre>{@code
 * (x_0, ..., x_{O-1}, v) = conv(u W_in + b_in)                       short, per feature
 * v ← f_o * (x_{O-1-o} ⊙ v) + bias_o ⊙ (x_{O-1-o} ⊙ v)               o = 0 ... O-2
 * y = (x_0 ⊙ v) W_out + b_out
 * f_o,s = net(s/(L-1), cos, sin of s/L) ⊙ (e^{-|δ| s/(L-1)} + shift)  see HyenaFilter
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code input}: {@code [D, (O+1) D]}, {@code output}: {@code [D, D]}, both with biases and
 *       PyTorch's start; {@code conv_input}: {@code [(O+1) D, W]}, with a bias
 *   <li>{@code filter_bias}: {@code [O-1, D]}, N(0, 1)
 *   <li>{@code filter_0, filter_1, ...}: {@code [E, F]}, then {@code [F, F]}, with biases; {@code
 *       filter_frequency}: ω, {@code [F]}; {@code filter_output}: {@code [F, (O-1) D]}
 *   <li>state {@code u}: {@code [B, n, O-1, D]}, what was convolved; {@code conv_input}: {@code [B,
 *       W-1, (O+1) D]}
 * </ul>
 *
 * <p>Cost per token of a sequence: the projections, one evaluation of the network, and (O-1) D per
 * token seen at most; a step evaluates the network for all positions so far. Differs from the
 * reference: positions are fixed, as with its lr_pos_emb of 0; no dropout. Numerical care: a
 * sequence longer than L is refused, since filters say nothing there.
 */
@Paper(
    key = "poli2023hyena",
    title = "Hyena Hierarchy: Towards Larger Convolutional Language Models",
    authors = "Poli et al. 2023",
    arxiv = "2302.10866")
@Source(
    repo = "berlino/seq_icl",
    path = "src/models/sequence/hyena.py",
    commit = "9b9223d15348b5a415fb453ed988ed5f7ab9fbdc")
public final class Hyena extends AbstractParametrisation {
  private static final String INPUT = "input";
  private static final String OUTPUT = "output";
  private static final String FILTER = "filter_";
  private static final String FILTER_BIAS = "filter_bias";
  private static final String FILTER_FREQUENCY = "filter_frequency";
  private static final String FILTER_OUTPUT = "filter_output";
  private static final String BIAS = "_bias";

  private final HyenaConfig config;
  private final int parts;
  private final ShortConvolutions convolutions;

  /** Hyena at a place of a model. */
  public Hyena(HyenaConfig config, MixerConfig.Place place) {
    super(HyenaConfig.NAME, place.width(), new GatedConvolutionRecurrence());
    this.config = config;
    this.parts = Sizes.product(name() + ": width of gates and values", config.order() + 1, width);
    this.convolutions =
        new ShortConvolutions(config.shortConvolution(), ImmutableMap.of(INPUT, parts), null, true);
  }

  private int stages() {
    return config.order() - 1;
  }

  /** Layers of sines. */
  private int layers() {
    return config.filterLayers() + 1;
  }

  @Override
  public void declare(Declaration declaration) {
    linear(declaration, INPUT, width, parts);
    convolutions.declareUniform(declaration);
    int f = config.filterWidth();
    for (int i = 0; i < layers(); i++) {
      linear(declaration, FILTER + i, i == 0 ? config.embedding() : f, f);
    }
    declaration.undecayed(FILTER_FREQUENCY, Initialisers.constant(config.frequency()), f);
    declaration.weight(FILTER_OUTPUT, Initialisers.fanInUniform(), f, (long) stages() * width);
    declaration.undecayed(FILTER_BIAS, Initialisers.normal(1), stages(), width);
    linear(declaration, OUTPUT, width, width);
  }

  /** PyTorch's linear layer. */
  private static void linear(Declaration declaration, String name, int in, int out) {
    double bound = 1 / Math.sqrt(in);
    Initialiser uniform = Initialisers.uniform(-bound, bound);
    declaration.weight(name, uniform, in, out);
    declaration.undecayed(name + BIAS, uniform, out);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolutions.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> last = new LinkedHashMap<>();
    Variable s = convolutions.apply(context, INPUT, affine(context, x, INPUT), state, last);
    long gates = (long) config.order() * width;
    Variable[] split = Primitives.split(tape, s, 2, gates, width);
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        GatedConvolutionRecurrence.GATES,
        Primitives.reshape(tape, split[0], x.size(0), x.size(1), config.order(), width));
    coefficients.put(GatedConvolutionRecurrence.VALUE, split[1]);
    coefficients.put(
        GatedConvolutionRecurrence.FILTER,
        x.size(1) == 1
            ? kept(context, tokens(context, x, state), x.type())
            : filters(context, tokens(context, x, state), x.type()));
    coefficients.put(GatedConvolutionRecurrence.BIAS, context.parameter(FILTER_BIAS));
    return new Drive(coefficients, Map.of(), last);
  }

  /** The most tokens of a row, those before included. */
  private int tokens(Context context, Variable x, State state) {
    int[] lengths = context.lengths();
    int most = 1;
    for (int b = 0; b < x.size(0); b++) {
      most = Math.max(most, state.counts()[b] + (lengths == null ? x.size(1) : lengths[b]));
    }
    checkArgument(
        most <= config.maxLength(),
        "%s: sequence must have at most maxLength %s tokens, got %s; set maxLength",
        name(),
        config.maxLength(),
        most);
    return most;
  }

  /** The same for a token: those of twice as many, made anew as seldom as a full cache grows. */
  private Variable kept(Context context, int n, DataType type) {
    int taps = (int) Math.min(config.maxLength(), 2L * Integer.highestOneBit(n));
    List<Variable> parameters = new ArrayList<>();
    for (int i = 0; i < layers(); i++) {
      parameters.add(context.parameter(FILTER + i));
      parameters.add(context.parameter(FILTER + i + BIAS));
    }
    parameters.add(context.parameter(FILTER_FREQUENCY));
    parameters.add(context.parameter(FILTER_OUTPUT));
    return context.tape()
        .fixed(
            taps,
            () -> new Variable[] {filters(context, taps, type)},
            parameters.toArray(Variable[]::new))[0];
  }

  /** {@code [O-1, n, D]}. */
  private Variable filters(Context context, int n, DataType type) {
    Tape tape = context.tape();
    List<HyenaFilter.Layer> layers = new ArrayList<>();
    for (int i = 0; i < layers(); i++) {
      String layer = FILTER + i;
      layers.add(new HyenaFilter.Layer(context.parameter(layer), context.parameter(layer + BIAS)));
    }
    Variable taps =
        HyenaFilter.apply(
            tape,
            tape.constant(HyenaFilter.positions(type, n, config.embedding(), config.maxLength())),
            tape.constant(HyenaFilter.shares(type, n, config.maxLength())),
            layers,
            context.parameter(FILTER_FREQUENCY),
            context.parameter(FILTER_OUTPUT),
            tape.constant(HyenaFilter.rates(type, stages() * width)),
            config.windowShift());
    // The reference's order: filters of a feature are side by side.
    Variable perFeature = Primitives.reshape(tape, taps, n, width, stages());
    return Primitives.permute(tape, perFeature, 2, 0, 1);
  }

  private static Variable affine(Context context, Variable x, String name) {
    return Dense.linear(context.tape(), x, context.parameter(name), context.parameter(name + BIAS));
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Variable y =
        Primitives.reshape(context.tape(), outputs, outputs.size(0), outputs.size(1), width);
    return affine(context, y, OUTPUT);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (long) consumed * stages() * width * type.width() + convolutions.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long f = config.filterWidth();
    long network =
        f * config.embedding() + config.filterLayers() * f * f + f * stages() * (long) width;
    // Gates, skips, and a tap for every token seen, its own included.
    long convolution =
        (long) config.order() * width
            + (long) stages() * width
            + (long) stages() * width * (position + 1L);
    return (long) width * (parts + width)
        + convolutions.multiplyAddsPerToken()
        + network
        + convolution;
  }
}
