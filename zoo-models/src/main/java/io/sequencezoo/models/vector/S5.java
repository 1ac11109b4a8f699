package io.sequencezoo.models.vector;

import com.google.common.base.Suppliers;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.vector.DiagonalRecurrence;
import io.sequencezoo.core.kernel.Unary;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * S5: one time-invariant linear system with many inputs and outputs, driven by the whole token and
 * diagonal in the eigenvectors of HiPPO-LegS, that forgets at one learned rate per mode.
 *
 * <pre>{@code
 * λ = e^{ΛΔ}, γ = (λ - 1)/Λ        zero-order hold, or bilinear
 * x_t = λ ⊙ x_{t-1} + γ ⊙ (B u_t)  state     (eq. 5)
 * y_t = s Re(C x_t) + d ⊙ u_t      read-out, s = 2 with conjugate symmetry
 * }</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T, D]} input; the output passes an {@link OutputGate}
 *   <li>{@code x}: {@code [B, 2, P]} state, 2 P numbers per sequence, constant in T; P is half the
 *       state size with conjugate symmetry, which keeps one mode of every conjugate pair
 *   <li>{@code lambda [2, P]}, {@code log_step [P]}: continuous eigenvalues and log Δ, log-uniform
 *       on [.001, .1]
 *   <li>{@code b [D, 2P]}: {@code V⁻¹ B}, real parts, then imaginary ones; B is LeCun normal
 *   <li>{@code c [2P, D]}: {@code C V}, rows of real parts, then of imaginary ones; C is normal
 *       with variance 1/(state size) in both parts. The bidirectional form has as many rows again,
 *       which read the same system run against time
 *   <li>{@code d [D]}: feedthrough, N(0, 1)
 * </ul>
 *
 * <p>Cost per token: 4 P D multiply-adds for B and C, beside the gate's. Differs from the paper:
 * normal draws aren't truncated. Numerical care: discretisation and powers of λ are computed in
 * double from log λ.
 */
@Paper(
    key = "smith2023s5",
    title = "Simplified State Space Layers for Sequence Modeling",
    authors = "Smith, Warrington and Linderman 2023",
    arxiv = "2208.04933",
    equations = "5, 6")
@Source(
    repo = "lindermanlab/S5",
    path = "s5/ssm.py",
    commit = "3c18fdb6b06414da35e77b94b9cd855f6a95ef17")
public final class S5 extends DiagonalMixer {
  /** The reference's bound on real parts with clip_eigs. */
  private static final double LARGEST_REAL_PART = -1e-4;

  private final int modes;
  private final S5Config config;
  private final Supplier<Hippo> hippo;

  /** A layer of width D. */
  public S5(int width, S5Config config) {
    super(
        S5Config.NAME,
        width,
        config.bidirectional() ? DiagonalRecurrence.bidirectional() : DiagonalRecurrence.causal(),
        config.bidirectional() ? 0 : 2L * modes(config),
        config.output(),
        Unary.GELU_TANH);
    this.config = config;
    this.modes = modes(config);
    this.hippo = Suppliers.memoize(() -> Hippo.legs(config.stateSize() / config.blocks()));
  }

  private static int modes(S5Config config) {
    return config.conjugateSymmetry() ? config.stateSize() / 2 : config.stateSize();
  }

  @Override
  public boolean isBidirectional() {
    return config.bidirectional();
  }

  @Override
  void declareSystem(Declaration declaration) {
    Initialiser step =
        Initialisers.uniform(Math.log(config.smallestStep()), Math.log(config.largestStep()));
    declaration.undecayed("lambda", (shape, random) -> eigenvalues(), 2, modes);
    declaration.undecayed("log_step", step, modes);
    declaration.undecayed("b", this::write, width, 2L * modes);
    declaration.weight("c", this::read, (config.bidirectional() ? 4L : 2L) * modes, width);
  }

  private double[] eigenvalues() {
    double[] lambda = new double[2 * modes];
    int perBlock = modes / config.blocks();
    for (int i = 0; i < modes; i++) {
      lambda[i] = Hippo.REAL_PART;
      lambda[modes + i] = hippo.get().frequencies()[i % perBlock];
    }
    return lambda;
  }

  /** {@code V* B}, block by block; fan-in of B is the state size, as in the reference. */
  private double[] write(long[] shape, SplittableRandom random) {
    int states = config.stateSize();
    double[] b =
        Initialisers.normal(Math.sqrt(1.0 / states)).values(new long[] {states, width}, random);
    double[] out = new double[2 * modes * width];
    eigenvectors(
        (mode, state, re, im) -> {
          for (int i = 0; i < width; i++) {
            double drawn = b[state * width + i];
            out[i * 2 * modes + mode] += re * drawn;
            out[i * 2 * modes + modes + mode] -= im * drawn;
          }
        });
    return out;
  }

  /** {@code C V}, block by block, for each direction. */
  private double[] read(long[] shape, SplittableRandom random) {
    int states = config.stateSize();
    int directions = config.bidirectional() ? 2 : 1;
    double[] out = new double[directions * 2 * modes * width];
    Initialiser normal = Initialisers.normal(Math.sqrt(1.0 / states));
    for (int direction = 0; direction < directions; direction++) {
      double[] c = normal.values(new long[] {2, states, width}, random);
      int at = direction * 2 * modes * width;
      eigenvectors(
          (mode, state, re, im) -> {
            for (int i = 0; i < width; i++) {
              double real = c[state * width + i];
              double imaginary = c[(states + state) * width + i];
              out[at + mode * width + i] += real * re - imaginary * im;
              out[at + (modes + mode) * width + i] += real * im + imaginary * re;
            }
          });
    }
    return out;
  }

  /** Shows every number of the eigenvectors V of all blocks that isn't 0 by its block. */
  private void eigenvectors(EntryVisitor visitor) {
    int size = config.stateSize() / config.blocks();
    int perBlock = modes / config.blocks();
    for (int mode = 0; mode < modes; mode++) {
      int k = mode % perBlock;
      for (int j = 0; j < size; j++) {
        int state = mode / perBlock * size + j;
        visitor.visit(mode, state, hippo.get().re()[j][k], hippo.get().im()[j][k]);
      }
    }
  }

  /** Takes what state holds of a mode's eigenvector. */
  private interface EntryVisitor {
    void visit(int mode, int state, double re, double im);
  }

  @Override
  Map<String, Variable> coefficients(Context context, Variable u) {
    Tape tape = context.tape();
    Variable lambda = context.parameter("lambda");
    return new SsmOperators.S5System(
            config.discretisation(),
            config.clipEigenvalues()
                ? tape.fixed("clipped", () -> new Variable[] {clipped(tape, lambda)}, lambda)[0]
                : lambda,
            context.parameter("log_step"),
            context.parameter("b"),
            context.parameter("c"),
            context.parameter(FEEDTHROUGH),
            config.conjugateSymmetry() ? 2 : 1)
        .coefficients(tape, u);
  }

  private static Variable clipped(Tape tape, Variable lambda) {
    Variable re = Primitives.slice(tape, lambda, 0, 0, 1);
    Variable im = Primitives.slice(tape, lambda, 0, 1, 2);
    Variable stable = Primitives.clamp(tape, re, Double.NEGATIVE_INFINITY, LARGEST_REAL_PART);
    return Primitives.concat(tape, 0, stable, im);
  }

  @Override
  long systemMultiplyAdds() {
    int directions = config.bidirectional() ? 2 : 1;
    long products = 2L * modes * width * (1 + directions);
    // Four for the complex product of each mode.
    return products + directions * 4L * modes;
  }
}
