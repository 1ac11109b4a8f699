package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Scratch;

/**
 * The reflections of one head of keys of one row, joined in blocks. In a block of tokens with
 * directions W, strengths B and {@code L = tril(B W Wᵀ, -1)}:
 *
 * <pre>{@code
 * T = (I + L)^{-1} B    C = T tril(W Kᵀ, -1)
 * U = T W               through the whole block: q ← q - (q Wᵀ) U
 * K' = K - Cᵀ W         keys at the block's end
 * }</pre>
 *
 * <p>Derivation: docs/derivations/path.md.
 *
 * @param <A> the heap array type
 */
final class PathBlocks<A> {
  private static final int BLOCK = WholeRows.BLOCK;

  private final Kernels<A> kernels;
  private final Scratch<A> scratch;
  private final int total;
  private final int d;
  private final A keys;
  private final A directions;
  private final A betas;

  /** T and C of every block, {@code [total, BLOCK]}; U and K', {@code [total, K]}. */
  final A joint;

  final A corrections;
  final A through;
  final A atEnd;

  PathBlocks(WholeRows.Task<A> task) {
    this.kernels = task.kernels();
    this.scratch = task.scratch();
    this.total = task.total();
    this.d = task.keyDim();
    this.keys = task.parts().get(0);
    this.directions = task.parts().get(2);
    this.betas = task.parts().get(3);
    this.joint = scratch.take(total * BLOCK);
    this.corrections = scratch.take(total * BLOCK);
    this.through = scratch.take(total * d);
    this.atEnd = scratch.take(total * d);
    A overlaps = scratch.take(BLOCK * BLOCK);
    A products = scratch.take(BLOCK * BLOCK);
    for (int at = 0; at < total; at += BLOCK) {
      join(at, Math.min(BLOCK, total - at), overlaps, products);
    }
  }

  private void join(int at, int m, A overlaps, A products) {
    int from = at * d;
    int square = at * BLOCK;
    overlaps(from, m, overlaps);
    kernels.fill(joint, square, m * BLOCK, 0);
    for (int i = 0; i < m; i++) {
      double beta = kernels.get(betas, at + i);
      kernels.set(joint, square + i * BLOCK + i, beta);
      kernels.affine(beta, overlaps, i * BLOCK, 0, overlaps, i * BLOCK, m);
    }
    kernels.solveUnitLower(false, m, m, overlaps, 0, BLOCK, joint, square, BLOCK);
    kernels.gemm(
        false, true, m, m, d, 1, directions, from, d, keys, from, d, 0, products, 0, BLOCK);
    clearFromDiagonal(products, 0, m);
    kernels.gemm(
        false,
        false,
        m,
        m,
        m,
        1,
        joint,
        square,
        BLOCK,
        products,
        0,
        BLOCK,
        0,
        corrections,
        square,
        BLOCK);
    kernels.gemm(
        false, false, m, d, m, 1, joint, square, BLOCK, directions, from, d, 0, through, from, d);
    kernels.copy(keys, from, atEnd, from, m * d);
    kernels.gemm(
        true,
        false,
        m,
        d,
        m,
        -1,
        corrections,
        square,
        BLOCK,
        directions,
        from,
        d,
        1,
        atEnd,
        from,
        d);
  }

  /** {@code W Wᵀ}. */
  private void overlaps(int from, int m, A into) {
    kernels.gemm(
        false, true, m, m, d, 1, directions, from, d, directions, from, d, 0, into, 0, BLOCK);
  }

  /** Leaves what lies below the diagonal. */
  private void clearFromDiagonal(A square, int at, int m) {
    for (int i = 0; i < m; i++) {
      kernels.fill(square, at + i * BLOCK + i, m - i, 0);
    }
  }

  /**
   * From the gradients of what was joined to those of keys, directions and strengths, which are
   * added to. Those of T and C are overwritten.
   */
  void backward(A gJoint, A gCorrections, A gThrough, A gAtEnd, A gKeys, A gDirections, A gBetas) {
    A overlaps = scratch.take(BLOCK * BLOCK);
    A products = scratch.take(BLOCK * BLOCK);
    for (int at = 0; at < total; at += BLOCK) {
      int m = Math.min(BLOCK, total - at);
      int from = at * d;
      int square = at * BLOCK;
      // K' = K - Cᵀ W.
      kernels.add(gKeys, from, gAtEnd, from, gKeys, from, m * d);
      kernels.gemm(
          false,
          true,
          m,
          m,
          d,
          -1,
          directions,
          from,
          d,
          gAtEnd,
          from,
          d,
          1,
          gCorrections,
          square,
          BLOCK);
      kernels.gemm(
          false,
          false,
          m,
          d,
          m,
          -1,
          corrections,
          square,
          BLOCK,
          gAtEnd,
          from,
          d,
          1,
          gDirections,
          from,
          d);
      // U = T W.
      kernels.gemm(
          false,
          true,
          m,
          m,
          d,
          1,
          gThrough,
          from,
          d,
          directions,
          from,
          d,
          1,
          gJoint,
          square,
          BLOCK);
      kernels.gemm(
          true,
          false,
          m,
          d,
          m,
          1,
          joint,
          square,
          BLOCK,
          gThrough,
          from,
          d,
          1,
          gDirections,
          from,
          d);
      // C = T E, E = tril(W Kᵀ, -1).
      kernels.gemm(
          false, true, m, m, d, 1, directions, from, d, keys, from, d, 0, products, 0, BLOCK);
      clearFromDiagonal(products, 0, m);
      kernels.gemm(
          false,
          true,
          m,
          m,
          m,
          1,
          gCorrections,
          square,
          BLOCK,
          products,
          0,
          BLOCK,
          1,
          gJoint,
          square,
          BLOCK);
      kernels.gemm(
          true,
          false,
          m,
          m,
          m,
          1,
          joint,
          square,
          BLOCK,
          gCorrections,
          square,
          BLOCK,
          0,
          products,
          0,
          BLOCK);
      clearFromDiagonal(products, 0, m);
      kernels.gemm(
          false, false, m, d, m, 1, products, 0, BLOCK, keys, from, d, 1, gDirections, from, d);
      kernels.gemm(
          true, false, m, d, m, 1, products, 0, BLOCK, directions, from, d, 1, gKeys, from, d);
      throughSolve(at, m, overlaps, products, gJoint, gDirections, gBetas);
    }
  }

  /**
   * {@code (I + L) T = B}: with {@code Z = (I + L)^{-T} gT}, {@code gB = Z}, {@code gL = -Z Tᵀ}.
   */
  private void throughSolve(
      int at, int m, A overlaps, A products, A gJoint, A gDirections, A gBetas) {
    int from = at * d;
    int square = at * BLOCK;
    overlaps(from, m, overlaps);
    for (int i = 0; i < m; i++) {
      kernels.affine(kernels.get(betas, at + i), overlaps, i * BLOCK, 0, products, i * BLOCK, m);
    }
    kernels.solveUnitLower(true, m, m, products, 0, BLOCK, gJoint, square, BLOCK);
    kernels.gemm(
        false, true, m, m, m, -1, gJoint, square, BLOCK, joint, square, BLOCK, 0, products, 0,
        BLOCK);
    clearFromDiagonal(products, 0, m);
    for (int i = 0; i < m; i++) {
      double gBeta =
          kernels.get(gJoint, square + i * BLOCK + i)
              + kernels.dot(products, i * BLOCK, overlaps, i * BLOCK, i);
      kernels.set(gBetas, at + i, kernels.get(gBetas, at + i) + gBeta);
      double beta = kernels.get(betas, at + i);
      kernels.affine(beta, products, i * BLOCK, 0, products, i * BLOCK, i);
    }
    // L's products of directions are symmetric: both sides have a share.
    kernels.gemm(
        false, false, m, d, m, 1, products, 0, BLOCK, directions, from, d, 1, gDirections, from, d);
    kernels.gemm(
        true, false, m, d, m, 1, products, 0, BLOCK, directions, from, d, 1, gDirections, from, d);
  }
}
