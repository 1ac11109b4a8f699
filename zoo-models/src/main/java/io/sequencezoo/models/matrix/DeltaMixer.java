package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Norms;
import org.jspecify.annotations.Nullable;

/**
 * What the layers with a delta rule have in common: queries and keys of length 1, and rates.
 *
 * <pre>{@code
 * q, k, v = silu(conv(x W_q)), silu(conv(x W_k)), silu(conv(x W_v))
 * q, k    = q / √(Σq² + 1e-6), k / √(Σk² + 1e-6)          per head
 * beta    = σ(x W_beta), or 2 σ(x W_beta)
 * }</pre>
 *
 * <p>A rate of up to 2 makes eigenvalues {@code 1 - beta} of the transition negative, which state
 * tracking needs (Grazzi et al., arXiv 2411.12537).
 */
abstract class DeltaMixer extends MatrixStateMixer {
  /** The reference's l2norm. */
  private static final double KEY_EPS = 1e-6;

  private final DeltaConfig config;
  private final Projection rate;

  /**
   * A layer with a norm per head.
   *
   * @param decay of the state before its corrections, or null for none
   */
  DeltaMixer(HeadSizes sizes, DeltaConfig config, @Nullable Decay decay) {
    this(
        sizes,
        config,
        decay,
        new OutputStage(sizes, config.outputGate(), config.norm(), config.normEps()));
  }

  /** A layer with another output stage. */
  DeltaMixer(HeadSizes sizes, DeltaConfig config, @Nullable Decay decay, OutputStage output) {
    super(
        sizes,
        config,
        new QueryKeyValue(sizes, config.writes(), config.shortConvolution(), Unary.SILU),
        output,
        decay,
        MatrixStateRecurrence.delta(1 / Math.sqrt(sizes.keys())));
    this.config = config;
    this.rate =
        new Projection(
            MatrixStateRecurrence.BETA, sizes.width(), config.writes() * sizes.valueHeads());
  }

  @Override
  final void declareOwn(Declaration declaration, Initialiser initialiser) {
    rate.declare(declaration, initialiser);
  }

  @Override
  final void complete(Stretch stretch) {
    Tape tape = stretch.tape();
    activate(stretch, config.shortConvolution());
    stretch.map(MatrixStateRecurrence.QUERY, q -> unit(tape, q));
    stretch.map(MatrixStateRecurrence.KEY, k -> unit(tape, k));
    stretch.put(MatrixStateRecurrence.BETA, rates(stretch));
  }

  /** SiLU of queries, keys and values, which convolutions, where there are any, have done. */
  static void activate(Stretch stretch, int shortConvolution) {
    if (shortConvolution == 0) {
      stretch
          .coefficients()
          .replaceAll((name, value) -> Activations.apply(stretch.tape(), Unary.SILU, value));
    }
  }

  /** Vectors of length 1. */
  static Variable unit(Tape tape, Variable x) {
    return Norms.l2Norm(tape, x, KEY_EPS);
  }

  private Variable rates(Stretch stretch) {
    Tape tape = stretch.tape();
    Variable rates = Activations.apply(tape, Unary.SIGMOID, rate.apply(stretch));
    if (config.allowNegativeEigenvalues()) {
      rates = Primitives.affine(tape, 2, rates, 0);
    }
    return config.writes() == 1 ? rates : Heads.split(tape, rates, config.writes());
  }

  @Override
  final long ownMultiplyAdds() {
    // Recall of each write, and all writes but the first: one each per number of state.
    long corrections = (2L * config.writes() - 1) * stateNumbers();
    return rate.multiplyAddsPerToken() + corrections;
  }
}
