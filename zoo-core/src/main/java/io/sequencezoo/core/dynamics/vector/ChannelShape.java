package io.sequencezoo.core.dynamics.vector;

/**
 * Sizes of a batch of channel-wise systems, and how they are cut.
 *
 * @param batch B
 * @param steps T
 * @param channels D
 * @param modes N, complex numbers of state per channel
 * @param lengths valid positions of each row
 */
record ChannelShape(int batch, int steps, int channels, int modes, int[] lengths) {
  /** Steps of a chunk: as long as what is read and written of a state of usual size. */
  static final int CHUNK = 64;

  /** Channels of a task: a run of memory long enough to be copied fast. */
  private static final int GROUP = 32;

  /** Tokens of a task: what is set up for a channel pays within this, and its tiles fit a cache. */
  private static final int TOKENS = 1 << 13;

  /** L, the steps of a chunk, for short sequences no longer than needed. */
  int chunk() {
    return Math.min(CHUNK, Math.max(8, (steps + 7) / 8 * 8));
  }

  /** J, chunks of a row; the last one may be partly empty. */
  int chunks() {
    return Math.max(1, (steps + chunk() - 1) / chunk());
  }

  /** Steps with the empty part of the last chunk. */
  int padded() {
    return chunks() * chunk();
  }

  /** Numbers of state of a channel: 2N. */
  int width() {
    return 2 * modes;
  }

  int group() {
    return Math.min(GROUP, channels);
  }

  int groups() {
    return (channels + group() - 1) / group();
  }

  /** Rows of the batch that a task takes. */
  int rows() {
    return Math.max(1, Math.min(batch, TOKENS / padded()));
  }

  int rowGroups() {
    return (batch + rows() - 1) / rows();
  }
}
