package io.sequencezoo.train;

import io.sequencezoo.core.data.TokenBatch;
import java.util.List;

/** The same batches over and over. */
final class FixedSource extends CountedSource<TokenBatch> {
  private final List<TokenBatch> batches;

  FixedSource(List<TokenBatch> batches) {
    this.batches = batches;
  }

  @Override
  TokenBatch batch(long number) {
    return batches.get((int) (number % batches.size()));
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
