package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.shape.Sizes;
import java.util.SplittableRandom;

/**
 * The log decay of Mamba-2 and its heirs: {@code g = -e^{log_rate} softplus(x W_step + step_bias)},
 * with one rate per head.
 */
record SoftplusDecay(
    int heads, int channels, Projection steps, Initialiser rates, Initialiser biases)
    implements Decay {
  private static final String BIAS = "step_bias";
  private static final String RATE = "log_rate";

  /** A decay per head: Gated DeltaNet's, with the first steps of Mamba. */
  static SoftplusDecay perHead(HeadSizes sizes) {
    return of(sizes, sizes.valueHeads(), 1, 0, 0, mambaBiases());
  }

  /** A decay per key channel, of rank V: Kimi Delta Attention's, with rates from 1. */
  static SoftplusDecay perChannel(HeadSizes sizes) {
    return of(sizes, sizes.valueHeads(), sizes.keys(), sizes.values(), 1, Initialisers.zeros());
  }

  /** The same with one decay per key head, and the first steps of Mamba: Gated DeltaNet-2's. */
  static SoftplusDecay perKeyChannel(HeadSizes sizes) {
    return of(sizes, sizes.heads(), sizes.keys(), sizes.values(), 1, mambaBiases());
  }

  private static SoftplusDecay of(
      HeadSizes sizes, int heads, int channels, int rank, double smallestRate, Initialiser biases) {
    int width = Sizes.product("matrix state: width of decays", heads, channels);
    return new SoftplusDecay(
        heads,
        channels,
        new Projection("step", sizes.width(), rank, width, false),
        (shape, random) -> logarithms((int) shape[0], smallestRate, random),
        biases);
  }

  /** Rates that start in (smallest, 16], as their logarithms. */
  private static double[] logarithms(int n, double smallest, SplittableRandom random) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      // 1 - u is never 0.
      values[i] = Math.log(smallest + (16 - smallest) * (1 - random.nextDouble()));
    }
    return values;
  }

  /** Mamba's start: steps log-uniform in [0.001, 0.1], through the inverse of the softplus. */
  private static Initialiser mambaBiases() {
    return (shape, random) -> {
      double[] values = new double[(int) shape[0]];
      for (int i = 0; i < values.length; i++) {
        double step = 1e-3 * Math.pow(1e2, random.nextDouble());
        values[i] = step + Math.log(-Math.expm1(-step));
      }
      return values;
    };
  }

  @Override
  public void declare(Declaration declaration, Initialiser initialiser) {
    steps.declare(declaration, initialiser);
    declaration.undecayed(RATE, rates, heads);
    declaration.undecayed(BIAS, biases, (long) heads * channels);
  }

  @Override
  public Variable apply(Stretch stretch) {
    Tape tape = stretch.tape();
    Variable positive = Activations.apply(tape, Unary.SOFTPLUS, steps.apply(stretch));
    Variable rate = Activations.apply(tape, Unary.EXP, stretch.context().parameter(RATE));
    Variable negative = Primitives.affine(tape, -1, rate, 0);
    if (channels == 1) {
      return Primitives.multiply(tape, positive, negative);
    }
    return Primitives.multiply(
        tape, Heads.split(tape, positive, heads), Primitives.reshape(tape, negative, heads, 1));
  }

  @Override
  public long multiplyAddsPerToken() {
    return steps.multiplyAddsPerToken();
  }
}
