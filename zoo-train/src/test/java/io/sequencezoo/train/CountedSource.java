package io.sequencezoo.train;

import io.sequencezoo.core.data.BatchSource;

/**
 * Batches that follow from their number.
 *
 * @param <B> their type
 */
abstract class CountedSource<B> implements BatchSource<B> {
  private long position;

  abstract B batch(long number);

  @Override
  public final B next() {
    return batch(position++);
  }

  @Override
  public final long position() {
    return position;
  }

  @Override
  public long batchesPerEpoch() {
    return 100;
  }

  @Override
  public final void seek(long to) {
    position = to;
  }
}
