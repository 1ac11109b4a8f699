package io.sequencezoo.core.dynamics.nonlinear;

import java.util.Arrays;

/** Stretches of positions cut into chunks of equal length, the last of each shorter. */
final class ChunkGrid {
  private final int[] from;
  private final int[] to;
  private final boolean[] opens;
  private final int[] stretch;

  private ChunkGrid(int[] from, int[] to, boolean[] opens, int[] stretch) {
    this.from = from;
    this.to = to;
    this.opens = opens;
    this.stretch = stretch;
  }

  static ChunkGrid of(int[] from, int[] to, int chunk) {
    int most = 0;
    for (int i = 0; i < from.length; i++) {
      most += (int) (((long) to[i] - from[i] + chunk - 1) / chunk);
    }
    int[] starts = new int[most];
    int[] ends = new int[most];
    int[] stretch = new int[most];
    boolean[] opens = new boolean[most + 1];
    Arrays.fill(opens, most, most + 1, true);
    int n = 0;
    for (int i = 0; i < from.length; i++) {
      for (int at = from[i]; at < to[i]; at = ends[n++]) {
        starts[n] = at;
        ends[n] = to[i] - at > chunk ? at + chunk : to[i];
        opens[n] = at == from[i];
        stretch[n] = i;
      }
    }
    return new ChunkGrid(starts, ends, opens, stretch);
  }

  int size() {
    return from.length;
  }

  int from(int chunk) {
    return from[chunk];
  }

  int to(int chunk) {
    return to[chunk];
  }

  /** The index of the stretch that it is part of. */
  int stretch(int chunk) {
    return stretch[chunk];
  }

  /** Whether nothing of its stretch comes before it, or behind it when going backwards. */
  boolean isFirst(int chunk, boolean backwards) {
    return backwards ? opens[chunk + 1] : opens[chunk];
  }

  /** Whether nothing of its stretch comes behind it, or before it when going backwards. */
  boolean isLast(int chunk, boolean backwards) {
    return isFirst(chunk, !backwards);
  }
}
