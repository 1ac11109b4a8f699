package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.vector.DiagonalRecurrence;
import io.sequencezoo.core.kernel.Unary;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The linear recurrent unit: a discrete linear system of rotating, decaying modes, drawn on a ring
 * of the complex plane, each normalised so that white noise leaves its size.
 *
 * <pre>{@code
 * λ = exp(-e^ν + i e^θ)                 stable for any ν    (section 3.3)
 * x_t = λ ⊙ x_{t-1} + e^γ ⊙ (B u_t)     e^γ starts at √(1 - |λ|²)    (eq. 7)
 * y_t = Re(C x_t) + d ⊙ u_t
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T, D]} input; the output passes an {@link OutputGate}
 *   <li>{@code x}: {@code [B, 2, N]} state, 2 N numbers per sequence, constant in T
 *   <li>{@code modes [3, N]}: rows ν, θ and γ, where |λ| is uniform by area on the ring from rMin
 *       to rMax and the phase uniform on [0, maxPhase]; one parameter, since γ starts from ν
 *   <li>{@code b [D, 2N]}: N(0, 1/(2D)), real parts, then imaginary ones
 *   <li>{@code c [2N, D]}: N(0, 1/N), rows of real parts, then of imaginary ones
 *   <li>{@code d [D]}: feedthrough, N(0, 1)
 * </ul>
 *
 * <p>Cost per token: 4 N D multiply-adds for B and C, beside the gate's. Differs from the paper:
 * nothing. Numerical care: powers of λ are computed in double from its logarithm.
 */
@Paper(
    key = "orvieto2023lru",
    title = "Resurrecting Recurrent Neural Networks for Long Sequences",
    authors = "Orvieto, Smith, Gu, Fernando, Gulcehre, Pascanu and De 2023",
    arxiv = "2303.06349",
    equations = "5-7")
@Source(
    repo = "NicolasZucchet/minimal-LRU",
    path = "lru/model.py",
    commit = "bbd71b1104c399ec0d13819527d791949e66f599")
public final class Lru extends DiagonalMixer {
  private final int modes;
  private final LruConfig config;

  /** A layer of width D. */
  public Lru(int width, LruConfig config) {
    super(
        LruConfig.NAME,
        width,
        DiagonalRecurrence.causal(),
        2L * config.stateSize(),
        config.output(),
        Unary.GELU_TANH);
    this.modes = config.stateSize();
    this.config = config;
  }

  @Override
  void declareSystem(Declaration declaration) {
    declaration.undecayed("modes", this::ring, 3, modes);
    declaration.undecayed("b", Initialisers.normal(Math.sqrt(0.5 / width)), width, 2L * modes);
    declaration.weight("c", Initialisers.normal(Math.sqrt(1.0 / modes)), 2L * modes, width);
  }

  /** Lemma 3.2: {@code |λ|²} uniform from rMin² to rMax². */
  private double[] ring(long[] shape, SplittableRandom random) {
    double[] values = new double[3 * modes];
    double low = config.smallestRadius() * config.smallestRadius();
    double high = config.largestRadius() * config.largestRadius();
    for (int i = 0; i < modes; i++) {
      // nextDouble is below 1; 1 minus it is above 0, so that no logarithm is infinite.
      double square = low + (high - low) * random.nextDouble();
      square = Math.min(Math.max(square, Double.MIN_NORMAL), 1 - Math.ulp(1.0));
      values[i] = Math.log(-0.5 * Math.log(square));
      values[modes + i] = Math.log(config.largestPhase() * (1 - random.nextDouble()));
      values[2 * modes + i] = 0.5 * Math.log1p(-square);
    }
    return values;
  }

  @Override
  Map<String, Variable> coefficients(Context context, Variable u) {
    Tape tape = context.tape();
    Variable rows = context.parameter("modes");
    Variable b = context.parameter("b");
    Variable c = context.parameter("c");
    Variable[] system = tape.fixed(LruConfig.NAME, () -> system(tape, rows, b, c), rows, b, c);
    return Coefficients.ofMany(u, system, context.parameter(FEEDTHROUGH));
  }

  private Variable[] system(Tape tape, Variable rows, Variable b, Variable c) {
    Variable exponentials = Primitives.map(tape, Unary.EXP, rows);
    Variable decay = Primitives.slice(tape, exponentials, 0, 0, 1);
    Variable phase = Primitives.slice(tape, exponentials, 0, 1, 2);
    Variable norm = Primitives.slice(tape, exponentials, 0, 2, 3);
    Variable planes = Primitives.reshape(tape, b, 2L * width, modes);
    Variable scaled = Primitives.multiply(tape, planes, norm);
    return new Variable[] {
      Primitives.concat(tape, 0, Primitives.map(tape, Unary.NEGATE, decay), phase),
      Primitives.reshape(tape, scaled, width, 2L * modes),
      Coefficients.read(tape, c, modes, 1)
    };
  }

  @Override
  long systemMultiplyAdds() {
    // Four for the complex product of each mode.
    return 4L * modes * width + 4L * modes;
  }
}
