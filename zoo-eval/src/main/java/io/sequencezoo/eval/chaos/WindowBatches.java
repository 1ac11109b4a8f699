package io.sequencezoo.eval.chaos;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.base.Supplier;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.data.ContinuousBatch;
import io.sequencezoo.datasets.chaos.Normals;
import io.sequencezoo.train.ForcedBatch;
import io.sequencezoo.train.TrainConfig;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.LongToDoubleFunction;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Windows of the training series that start anywhere, as drawn for the position of the batch, with
 * noise on what goes in.
 */
final class WindowBatches implements BatchSource<ForcedBatch> {
  private final ChaosTask task;
  private final Supplier<Windows> windows;
  private final int horizon;
  private final TrainConfig train;
  private final LongToDoubleFunction alpha;
  private final long batchesPerEpoch;
  private final String dataHash;
  private long position;

  /**
   * Batches from the start.
   *
   * @param horizon steps ahead that are to be told
   * @param alpha of {@link ForcedBatch} by position
   */
  WindowBatches(
      ChaosTask task,
      Supplier<Windows> windows,
      int horizon,
      TrainConfig train,
      LongToDoubleFunction alpha,
      long batchesPerEpoch,
      String dataHash) {
    this.task = task;
    this.windows = windows;
    this.horizon = horizon;
    this.train = train;
    this.alpha = alpha;
    this.batchesPerEpoch = batchesPerEpoch;
    this.dataHash = dataHash;
  }

  @Override
  public ForcedBatch next() {
    SplittableRandom random =
        new SplittableRandom(
            Hashing.murmur3_128()
                .newHasher()
                .putLong(train.seed())
                .putLong(position)
                .hash()
                .asLong());
    double[][] series = windows.get().train();
    int steps = task.window() + 1;
    double[][][] rows = new double[train.batch()][][];
    for (int b = 0; b < rows.length; b++) {
      int from = random.nextInt(series.length - steps + 1);
      rows[b] = Arrays.copyOfRange(series, from, from + steps);
    }
    ForcedBatch batch = new ForcedBatch(batch(rows, random), alpha.applyAsDouble(position));
    position++;
    return batch;
  }

  private ContinuousBatch batch(double[][][] rows, SplittableRandom random) {
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      var type = train.precision().dataType();
      ContinuousBatch exact =
          ContinuousBatch.ofSeries(Nd4j.createFromArray(rows).castTo(type), horizon, null);
      if (task.noise() == 0) {
        return exact;
      }
      INDArray inputs = exact.inputs();
      double[] noise = Normals.of(random, (int) inputs.length(), 0, task.noise());
      INDArray noisy =
          inputs.add(Nd4j.createFromArray(noise).castTo(type).reshape('c', inputs.shape()));
      return new ContinuousBatch(noisy, exact.targets(), exact.mask(), null);
    }
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public void seek(long to) {
    checkArgument(to >= 0, "batches: position must be at least 0, got %s", to);
    position = to;
  }

  @Override
  public long batchesPerEpoch() {
    return batchesPerEpoch;
  }

  @Override
  public String dataHash() {
    return dataHash;
  }
}
