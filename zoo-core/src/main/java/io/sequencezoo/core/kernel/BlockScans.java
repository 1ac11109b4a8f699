package io.sequencezoo.core.kernel;

/**
 * The specification of {@link Kernels#blockScan} and {@link Kernels#blockMap} for every K, a row of
 * n channels at a time.
 */
final class BlockScans {
  private BlockScans() {}

  static <A> void scan(
      ElementwiseKernels<A> k,
      boolean transposed,
      int blocks,
      Strided<A> j,
      Strided<A> state,
      Strided<A> v,
      int steps,
      int n) {
    for (int step = 0; step < steps; step++) {
      int at = (transposed ? steps - 1 - step : step) * n;
      for (int row = 0; row < blocks; row++) {
        for (int column = 0; column < blocks; column++) {
          int plane = plane(transposed, blocks, row, column);
          k.multiplyAdd(
              j.data(),
              j.plane(plane) + at,
              state.data(),
              state.plane(column),
              v.data(),
              v.plane(row) + at,
              n);
        }
      }
      for (int row = 0; row < blocks; row++) {
        k.copy(v.data(), v.plane(row) + at, state.data(), state.plane(row), n);
      }
    }
  }

  static <A> void map(
      ElementwiseKernels<A> k,
      boolean transposed,
      int blocks,
      Strided<A> j,
      Strided<A> v,
      Strided<A> map,
      int steps,
      int n) {
    A maps = map.data();
    int ms = map.stride();
    int q = map.plane(blocks * blocks);
    int work = q + blocks * ms;
    start(k, transposed, blocks, j, v, map, steps, n);
    for (int step = 1; step < steps; step++) {
      int at = (transposed ? steps - 1 - step : step) * n;
      // The columns of P, and q as one more.
      for (int column = 0; column <= blocks; column++) {
        int from = column < blocks ? map.plane(column) : q;
        int stride = column < blocks ? blocks * ms : ms;
        for (int row = 0; row < blocks; row++) {
          int to = work + row * ms;
          if (column < blocks) {
            k.fill(maps, to, n, 0);
          } else {
            k.copy(v.data(), v.plane(row) + at, maps, to, n);
          }
          for (int i = 0; i < blocks; i++) {
            int plane = plane(transposed, blocks, row, i);
            k.multiplyAdd(j.data(), j.plane(plane) + at, maps, from + i * stride, maps, to, n);
          }
        }
        for (int row = 0; row < blocks; row++) {
          k.copy(maps, work + row * ms, maps, from + row * stride, n);
        }
      }
    }
  }

  /** The map of the first step alone. */
  static <A> void start(
      ElementwiseKernels<A> k,
      boolean transposed,
      int blocks,
      Strided<A> j,
      Strided<A> v,
      Strided<A> map,
      int steps,
      int n) {
    int at = transposed ? (steps - 1) * n : 0;
    for (int row = 0; row < blocks; row++) {
      for (int column = 0; column < blocks; column++) {
        int plane = plane(transposed, blocks, row, column);
        k.copy(j.data(), j.plane(plane) + at, map.data(), map.plane(row * blocks + column), n);
      }
      k.copy(v.data(), v.plane(row) + at, map.data(), map.plane(blocks * blocks + row), n);
    }
  }

  /** The plane of entry (row, column) of the matrix, or of its transpose. */
  private static int plane(boolean transposed, int blocks, int row, int column) {
    return transposed ? column * blocks + row : row * blocks + column;
  }
}
