package io.sequencezoo.models.nonlinear;

import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellLayout;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellRecurrence;
import java.util.SplittableRandom;

/**
 * Recurrent highway network: a nonlinear system that takes L gated steps between two tokens, of
 * which the first alone sees the input.
 *
 * <pre>{@code
 * h = tanh(x_t W_H [l=1] + s R_H^l + b_H^l)
 * t = σ(x_t W_T [l=1] + s R_T^l + b_T^l)
 * s ← t h + (1 - t) s                               l = 1 ... L
 * y_t = s, or s W_o where H ≠ D
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code s}: {@code [B, H]} state, constant in T
 *   <li>{@code input [D, 2H]}: W_H, W_T; {@code recurrentl [H, 2H]} (l from 0; {@code recurrent}
 *       where L = 1): R_H, R_T; {@code bias [2H]}: the first layer's; {@code innerBias}: the
 *       others'
 *   <li>weights start uniform on ±0.04, b_H at 0 and b_T at the transform bias
 * </ul>
 *
 * <p>Cost per token: O(DH + L H²) time, O(H) memory. The carry is coupled, c = 1 - t, as in the
 * paper's experiments. Differs from the reference code: b_H starts at 0 instead of ±0.04, b_T
 * exactly at the transform bias.
 */
@Paper(
    key = "zilly2017rhn",
    arxiv = "1607.03474",
    equations = "6-9",
    title = "Recurrent Highway Networks",
    authors = "Zilly, Srivastava, Koutnik and Schmidhuber 2017")
@Source(
    repo = "jzilly/RecurrentHighwayNetworks",
    path = "rhn.py",
    commit = "b15e50564e0ad3b2bcdb30e53c13d253444b477d")
public final class Rhn extends RecurrentLayer {
  /** The reference's {@code init_scale}. */
  private static final double SCALE = 0.04;

  private final int depth;

  /** A layer of this width D, units H and depth L. */
  public Rhn(int width, int hidden, int depth, double transformBias, RecurrentDropout dropout) {
    super(
        RhnConfig.NAME,
        width,
        hidden,
        new CellRecurrence(CellLayout.highway(depth)),
        weights(depth, transformBias),
        dropout);
    this.depth = depth;
  }

  private static Weights weights(int depth, double transformBias) {
    return new Weights(
        Initialisers.uniform(-SCALE, SCALE),
        Initialisers.uniform(-SCALE, SCALE),
        byGate(0, transformBias),
        (shape, random) -> inner(shape, random, depth, transformBias),
        Initialisers.zeros());
  }

  private static double[] inner(
      long[] shape, SplittableRandom random, int depth, double transformBias) {
    double[] gates = new double[2 * (depth - 1)];
    for (int l = 0; l < depth - 1; l++) {
      gates[2 * l + 1] = transformBias;
    }
    return byGate(gates).values(shape, random);
  }

  /** One move per layer. */
  @Override
  int elementWise() {
    return depth;
  }
}
