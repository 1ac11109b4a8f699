package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;

/**
 * Blocks of PaTH's weights. A block of queries Q meets the keys of its own block by
 *
 * <pre>{@code
 * M = tril(Q Wᵀ)    X = Q Kᵀ - M C    q ← q - (M T) W
 * }</pre>
 *
 * <p>and then travels through the blocks before it, {@code X = Q K'ᵀ}, {@code Q ← Q - (Q Wᵀ) U}; C,
 * T, U and K' are {@link PathBlocks}'.
 *
 * @param <A> the heap array type
 */
final class PathWeights<A> implements RowWeights<A> {
  private static final int BLOCK = WholeRows.BLOCK;

  private final WholeRows.Task<A> task;
  private final Kernels<A> kernels;
  private final double scale;
  private final int d;
  private final int group;
  private final A keys;
  private final A directions;
  private final PathBlocks<A> blocks;

  /** {@code Q Wᵀ} of the queries in their own block, on and below the diagonal. */
  private final A own;

  private final A products;
  private final A other;

  /** The queries as they come to every block, {@code [blocks, BLOCK, K]}. */
  private final A travelled;

  private final A gQuery;
  private final A gJoint;
  private final A gCorrections;
  private final A gThrough;
  private final A gAtEnd;

  /** Sums of the log gates up to each token, and the gradients of these sums, per query head. */
  private final double[][] forgotten;

  private final double[][] gForgotten;
  private final double[] row;

  PathWeights(WholeRows.Task<A> task) {
    this.task = task;
    this.kernels = task.kernels();
    this.scale = task.span().scale();
    this.d = task.keyDim();
    this.group = task.span().shape().group();
    this.keys = task.parts().get(0);
    this.directions = task.parts().get(2);
    this.blocks = new PathBlocks<>(task);
    int total = task.total();
    boolean backward = task.gradients() != null;
    this.own = task.scratch().take(BLOCK * BLOCK);
    this.products = task.scratch().take(BLOCK * BLOCK);
    this.other = task.scratch().take(BLOCK * BLOCK);
    this.travelled = task.scratch().take((total / BLOCK + 1) * BLOCK * d);
    this.gQuery = backward ? task.scratch().take(BLOCK * d) : null;
    this.gJoint = backward ? task.scratch().zeros(total * BLOCK) : null;
    this.gCorrections = backward ? task.scratch().zeros(total * BLOCK) : null;
    this.gThrough = backward ? task.scratch().zeros(total * d) : null;
    this.gAtEnd = backward ? task.scratch().zeros(total * d) : null;
    boolean gated = task.parts().size() > 4;
    this.forgotten = gated ? new double[group][total] : null;
    this.gForgotten = gated && backward ? new double[group][total] : null;
    this.row = new double[total];
    for (int g = 0; gated && g < group; g++) {
      double sum = 0;
      for (int s = 0; s < total; s++) {
        sum += kernels.get(task.parts().get(4), s * group + g);
        forgotten[g][s] = sum;
      }
    }
  }

  @Override
  public void forward(int g, int from, int to, A queries, A weights) {
    int rows = to - from;
    int at = (to - 1) / BLOCK * BLOCK;
    int first = at / BLOCK;
    int m = to - at;
    A q = travelled;
    ownProducts(from, to, queries);
    kernels.gemm(
        false, true, rows, m, d, scale, queries, 0, d, keys, at * d, d, 0, weights, at, to);
    kernels.gemm(
        false,
        false,
        rows,
        m,
        m,
        -scale,
        own,
        0,
        BLOCK,
        blocks.corrections,
        at * BLOCK,
        BLOCK,
        1,
        weights,
        at,
        to);
    if (first > 0) {
      int into = (first - 1) * BLOCK * d;
      kernels.gemm(
          false,
          false,
          rows,
          m,
          m,
          1,
          own,
          0,
          BLOCK,
          blocks.joint,
          at * BLOCK,
          BLOCK,
          0,
          products,
          0,
          BLOCK);
      kernels.copy(queries, 0, q, into, rows * d);
      kernels.gemm(
          false, false, rows, d, m, -1, products, 0, BLOCK, directions, at * d, d, 1, q, into, d);
    }
    for (int block = first - 1; block >= 0; block--) {
      int here = block * BLOCK * d;
      kernels.gemm(
          false,
          true,
          rows,
          BLOCK,
          d,
          scale,
          q,
          here,
          d,
          blocks.atEnd,
          here,
          d,
          0,
          weights,
          block * BLOCK,
          to);
      if (block > 0) {
        int next = here - BLOCK * d;
        kernels.gemm(
            false, true, rows, BLOCK, d, 1, q, here, d, directions, here, d, 0, products, 0, BLOCK);
        kernels.copy(q, here, q, next, rows * d);
        kernels.gemm(
            false,
            false,
            rows,
            d,
            BLOCK,
            -1,
            products,
            0,
            BLOCK,
            blocks.through,
            here,
            d,
            1,
            q,
            next,
            d);
      }
    }
    for (int r = 0; r < rows; r++) {
      softmax(g, from + r, r * to, to, weights);
    }
  }

  /** {@code tril(Q Wᵀ)} of a block of queries and the directions of its own block. */
  private void ownProducts(int from, int to, A queries) {
    int at = (to - 1) / BLOCK * BLOCK;
    int m = to - at;
    kernels.gemm(
        false, true, to - from, m, d, 1, queries, 0, d, directions, at * d, d, 0, own, 0, BLOCK);
    clearAbove(own, from, to);
  }

  private void clearAbove(A square, int from, int to) {
    int at = (to - 1) / BLOCK * BLOCK;
    for (int r = 0; r < to - from; r++) {
      int seen = from + r + 1 - at;
      kernels.fill(square, r * BLOCK + seen, to - at - seen, 0);
    }
  }

  private void softmax(int g, int query, int at, int to, A weights) {
    int n = query + 1;
    if (forgotten != null) {
      double[] sums = forgotten[g];
      kernels.widen(weights, at, row, 0, n);
      for (int s = 0; s < n; s++) {
        row[s] += scale * (sums[query] - sums[s]);
      }
      kernels.round(row, 0, weights, at, n);
    }
    double max = kernels.max(weights, at, n);
    double sum = kernels.expAbove(weights, at, max, BlockwiseForward.NEGLIGIBLE, weights, at, n);
    kernels.affine(1 / sum, weights, at, 0, weights, at, n);
    kernels.fill(weights, at + n, to - n, 0);
  }

  @Override
  public void backward(int g, int from, int to, A queries, A weights, A gWeights, A gQueries) {
    int rows = to - from;
    for (int r = 0; r < rows; r++) {
      softmaxBackward(g, from + r, r * to, to, weights, gWeights);
    }
    int at = (to - 1) / BLOCK * BLOCK;
    int first = at / BLOCK;
    kernels.fill(gQuery, 0, rows * d, 0);
    for (int block = 0; block < first; block++) {
      blockBackward(block, rows, to, gWeights);
    }
    ownBackward(from, to, first > 0, queries, gWeights, gQueries);
  }

  /** {@code gX = scale P ⊙ (gP - P·gP)}. */
  private void softmaxBackward(int g, int query, int at, int to, A weights, A gWeights) {
    int n = query + 1;
    double mean = kernels.dot(weights, at, gWeights, at, n);
    kernels.affine(scale, gWeights, at, -scale * mean, gWeights, at, n);
    kernels.multiply(weights, at, gWeights, at, gWeights, at, n);
    kernels.fill(gWeights, at + n, to - n, 0);
    if (gForgotten != null) {
      // The sum at the query has no gradient: those of its logits add up to zero.
      kernels.widen(gWeights, at, row, 0, n);
      for (int s = 0; s < n; s++) {
        gForgotten[g][s] -= row[s];
      }
    }
  }

  /** Takes gQuery from behind an earlier block to before it. */
  private void blockBackward(int block, int rows, int to, A gWeights) {
    int here = block * BLOCK * d;
    int column = block * BLOCK;
    A q = travelled;
    if (block > 0) {
      kernels.gemm(
          false,
          true,
          rows,
          BLOCK,
          d,
          1,
          gQuery,
          0,
          d,
          blocks.through,
          here,
          d,
          0,
          other,
          0,
          BLOCK);
      kernels.gemm(
          false, true, rows, BLOCK, d, 1, q, here, d, directions, here, d, 0, products, 0, BLOCK);
      kernels.gemm(
          true, false, BLOCK, d, rows, -1, products, 0, BLOCK, gQuery, 0, d, 1, gThrough, here, d);
      kernels.gemm(
          true,
          false,
          BLOCK,
          d,
          rows,
          -1,
          other,
          0,
          BLOCK,
          q,
          here,
          d,
          1,
          task.gradients().get(2),
          here,
          d);
      kernels.gemm(
          false, false, rows, d, BLOCK, -1, other, 0, BLOCK, directions, here, d, 1, gQuery, 0, d);
    }
    kernels.gemm(
        true, false, BLOCK, d, rows, 1, gWeights, column, to, q, here, d, 1, gAtEnd, here, d);
    kernels.gemm(
        false,
        false,
        rows,
        d,
        BLOCK,
        1,
        gWeights,
        column,
        to,
        blocks.atEnd,
        here,
        d,
        1,
        gQuery,
        0,
        d);
  }

  private void ownBackward(int from, int to, boolean travels, A queries, A gWeights, A gQueries) {
    int rows = to - from;
    int at = (to - 1) / BLOCK * BLOCK;
    int m = to - at;
    int here = at * d;
    int square = at * BLOCK;
    A gDirections = task.gradients().get(2);
    kernels.copy(gQuery, 0, gQueries, 0, rows * d);
    kernels.gemm(false, false, rows, d, m, 1, gWeights, at, to, keys, here, d, 1, gQueries, 0, d);
    kernels.gemm(
        true,
        false,
        m,
        d,
        rows,
        1,
        gWeights,
        at,
        to,
        queries,
        0,
        d,
        1,
        task.gradients().get(0),
        here,
        d);
    // other becomes the gradient of M.
    kernels.gemm(
        false,
        true,
        rows,
        m,
        m,
        -1,
        gWeights,
        at,
        to,
        blocks.corrections,
        square,
        BLOCK,
        0,
        other,
        0,
        BLOCK);
    kernels.gemm(
        true,
        false,
        m,
        m,
        rows,
        -1,
        own,
        0,
        BLOCK,
        gWeights,
        at,
        to,
        1,
        gCorrections,
        square,
        BLOCK);
    if (travels) {
      kernels.gemm(
          false, true, rows, m, d, -1, gQuery, 0, d, directions, here, d, 0, products, 0, BLOCK);
      kernels.gemm(
          false,
          true,
          rows,
          m,
          m,
          1,
          products,
          0,
          BLOCK,
          blocks.joint,
          square,
          BLOCK,
          1,
          other,
          0,
          BLOCK);
      kernels.gemm(
          true, false, m, m, rows, 1, own, 0, BLOCK, products, 0, BLOCK, 1, gJoint, square, BLOCK);
      kernels.gemm(
          false,
          false,
          rows,
          m,
          m,
          1,
          own,
          0,
          BLOCK,
          blocks.joint,
          square,
          BLOCK,
          0,
          products,
          0,
          BLOCK);
      kernels.gemm(
          true, false, m, d, rows, -1, products, 0, BLOCK, gQuery, 0, d, 1, gDirections, here, d);
    }
    clearAbove(other, from, to);
    kernels.gemm(
        false, false, rows, d, m, 1, other, 0, BLOCK, directions, here, d, 1, gQueries, 0, d);
    kernels.gemm(
        true, false, m, d, rows, 1, other, 0, BLOCK, queries, 0, d, 1, gDirections, here, d);
  }

  @Override
  public void finish() {
    blocks.backward(
        gJoint,
        gCorrections,
        gThrough,
        gAtEnd,
        task.gradients().get(0),
        task.gradients().get(2),
        task.gradients().get(3));
    for (int g = 0; gForgotten != null && g < group; g++) {
      double sum = 0;
      for (int s = task.total() - 1; s >= 0; s--) {
        sum += gForgotten[g][s];
        kernels.set(task.gradients().get(4), s * group + g, sum);
      }
    }
  }
}
