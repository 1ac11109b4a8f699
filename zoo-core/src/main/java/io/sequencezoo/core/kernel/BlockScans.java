package io.sequencezoo.core.kernel;

/**
 * The specification of {@link Kernels#blockScan} and {@link Kernels#blockMap} for every K, a row of
 * n channels at a time.
 */
final class BlockScans {
  private BlockScans() {}

  static <A> void scan(
      Kernels<A> k,
      boolean transposed,
      int blocks,
      A j,
      int jo,
      int js,
      A state,
      int so,
      int ss,
      A v,
      int vo,
      int vs,
      int steps,
      int n) {
    for (int step = 0; step < steps; step++) {
      int at = (transposed ? steps - 1 - step : step) * n;
      for (int row = 0; row < blocks; row++) {
        for (int column = 0; column < blocks; column++) {
          int plane = plane(transposed, blocks, row, column);
          k.multiplyAdd(j, jo + plane * js + at, state, so + column * ss, v, vo + row * vs + at, n);
        }
      }
      for (int row = 0; row < blocks; row++) {
        k.copy(v, vo + row * vs + at, state, so + row * ss, n);
      }
    }
  }

  static <A> void map(
      Kernels<A> k,
      boolean transposed,
      int blocks,
      A j,
      int jo,
      int js,
      A v,
      int vo,
      int vs,
      A map,
      int mo,
      int ms,
      int steps,
      int n) {
    int q = mo + blocks * blocks * ms;
    int work = q + blocks * ms;
    start(k, transposed, blocks, j, jo, js, v, vo, vs, map, mo, ms, steps, n);
    for (int step = 1; step < steps; step++) {
      int at = (transposed ? steps - 1 - step : step) * n;
      // The columns of P, and q as one more.
      for (int column = 0; column <= blocks; column++) {
        int from = column < blocks ? mo + column * ms : q;
        int stride = column < blocks ? blocks * ms : ms;
        for (int row = 0; row < blocks; row++) {
          int to = work + row * ms;
          if (column < blocks) {
            k.fill(map, to, n, 0);
          } else {
            k.copy(v, vo + row * vs + at, map, to, n);
          }
          for (int i = 0; i < blocks; i++) {
            int plane = plane(transposed, blocks, row, i);
            k.multiplyAdd(j, jo + plane * js + at, map, from + i * stride, map, to, n);
          }
        }
        for (int row = 0; row < blocks; row++) {
          k.copy(map, work + row * ms, map, from + row * stride, n);
        }
      }
    }
  }

  /** The map of the first step alone. */
  static <A> void start(
      Kernels<A> k,
      boolean transposed,
      int blocks,
      A j,
      int jo,
      int js,
      A v,
      int vo,
      int vs,
      A map,
      int mo,
      int ms,
      int steps,
      int n) {
    int at = transposed ? (steps - 1) * n : 0;
    for (int row = 0; row < blocks; row++) {
      for (int column = 0; column < blocks; column++) {
        int plane = plane(transposed, blocks, row, column);
        k.copy(j, jo + plane * js + at, map, mo + (row * blocks + column) * ms, n);
      }
      k.copy(v, vo + row * vs + at, map, mo + (blocks * blocks + row) * ms, n);
    }
  }

  /** The plane of entry (row, column) of the matrix, or of its transpose. */
  private static int plane(boolean transposed, int blocks, int row, int column) {
    return transposed ? column * blocks + row : row * blocks + column;
  }
}
