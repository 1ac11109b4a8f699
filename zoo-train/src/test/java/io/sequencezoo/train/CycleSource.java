package io.sequencezoo.train;

import io.sequencezoo.core.data.TokenBatch;
import java.util.SplittableRandom;
import org.nd4j.linalg.factory.Nd4j;

/** Rows that count upwards modulo the vocabulary, with a wrong token now and then. */
final class CycleSource extends CountedSource<TokenBatch> {
  private final int rows;
  private final int steps;
  private final int vocabulary;
  private final long seed;

  CycleSource(int rows, int steps, int vocabulary, long seed) {
    this.rows = rows;
    this.steps = steps;
    this.vocabulary = vocabulary;
    this.seed = seed;
  }

  @Override
  TokenBatch batch(long number) {
    SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
    int[][] ids = new int[rows][steps];
    int[][] targets = new int[rows][steps];
    for (int r = 0; r < rows; r++) {
      int token = random.nextInt(vocabulary);
      for (int t = 0; t < steps; t++) {
        ids[r][t] = token;
        boolean noise = random.nextInt(20) == 0;
        token = noise ? random.nextInt(vocabulary) : (token + 1) % vocabulary;
        targets[r][t] = random.nextInt(10) == 0 ? TokenBatch.IGNORED : token;
      }
    }
    return new TokenBatch(Nd4j.createFromArray(ids), Nd4j.createFromArray(targets), null);
  }

  @Override
  public long batchesPerEpoch() {
    return 10;
  }

  @Override
  public String dataHash() {
    return "cycle-" + rows + "-" + steps + "-" + vocabulary + "-" + seed;
  }
}
