package io.sequencezoo.train;

import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.data.TokenBatch;

/** Batches that follow from their number. */
abstract class CountedSource implements BatchSource<TokenBatch> {
  private long position;

  abstract TokenBatch batch(long number);

  @Override
  public final TokenBatch next() {
    return batch(position++);
  }

  @Override
  public final long position() {
    return position;
  }

  @Override
  public final void seek(long to) {
    position = to;
  }
}
