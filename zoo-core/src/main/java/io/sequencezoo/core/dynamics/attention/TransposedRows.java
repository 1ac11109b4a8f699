package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Scratch;

/**
 * Keys or values of a head by feature, in blocks of {@link #BLOCK}: the right factor of logits,
 * which all blocks of queries share. A block has its features in rows, {@code [size][BLOCK]}.
 *
 * @param <A> the heap array type
 */
final class TransposedRows<A> {
  /** Vectors of a block: a product's widest panel in single precision. */
  private static final int BLOCK = 64;

  private final Kernels<A> kernels;
  private final int size;
  private final A data;

  /** Copies n packed vectors of so many features. */
  TransposedRows(Kernels<A> kernels, Scratch<A> scratch, A rows, int n, int size) {
    this.kernels = kernels;
    this.size = size;
    this.data = scratch.take((n + BLOCK - 1) / BLOCK * BLOCK * size);
    for (int from = 0; from < n; from += BLOCK) {
      int count = Math.min(BLOCK, n - from);
      kernels.transpose(count, size, rows, from * size, size, data, from * size, BLOCK);
    }
  }

  /**
   * {@code C = A Xᵀ} where the band sees any of it; the rest is left as it is.
   *
   * @param offset the vector that the band's key 0 is
   * @param a packed queries
   * @param c a row per query, a number per key of the band
   */
  void multiply(Band band, int offset, A a, A c) {
    int width = band.to() - band.from();
    int begin = band.from() - offset;
    for (int at = begin; at < begin + width; ) {
      int inside = at % BLOCK;
      int n = Math.min(BLOCK - inside, begin + width - at);
      int block = (at - inside) * size + inside;
      int left = at - begin;
      int key = offset + at;
      new Band(band.visibility(), band.at(), band.rows(), key, key + n, band.total())
          .byQuery(
              (row, rows, first, keys) ->
                  kernels.gemm(
                      false,
                      false,
                      rows,
                      keys,
                      size,
                      1,
                      a,
                      row * size,
                      size,
                      data,
                      block + first,
                      BLOCK,
                      0,
                      c,
                      row * width + left + first,
                      width));
      at += n;
    }
  }
}
