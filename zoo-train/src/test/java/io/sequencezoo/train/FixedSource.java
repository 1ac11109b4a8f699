package io.sequencezoo.train;

import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.data.TokenBatch;
import java.util.List;

/** The same batches over and over. */
final class FixedSource implements BatchSource<TokenBatch> {
  private final List<TokenBatch> batches;
  private long position;

  FixedSource(List<TokenBatch> batches) {
    this.batches = batches;
  }

  @Override
  public TokenBatch next() {
    return batches.get((int) (position++ % batches.size()));
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public void seek(long position) {
    this.position = position;
  }

  @Override
  public long batchesPerEpoch() {
    return batches.size();
  }

  @Override
  public String dataHash() {
    return "fixed";
  }
}
