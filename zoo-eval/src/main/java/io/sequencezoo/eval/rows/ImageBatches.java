package io.sequencezoo.eval.rows;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.Lists;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.data.ClassBatch;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Training images, each once an epoch, in an order of the epoch's own. */
final class ImageBatches implements BatchSource<ClassBatch> {
  private final int examples;
  private final int batch;
  private final long seed;
  private final String trainHash;
  private final Function<List<Integer>, ClassBatch> images;
  private long position;
  private long orderedEpoch = -1;
  private List<List<Integer>> order;

  /**
   * The images of a training split.
   *
   * @param trainHash of what determines them
   * @param images makes a batch of some, by number
   */
  ImageBatches(
      int examples,
      int batch,
      long seed,
      String trainHash,
      Function<List<Integer>, ClassBatch> images) {
    this.examples = examples;
    this.batch = batch;
    this.seed = seed;
    this.trainHash = trainHash;
    this.images = images;
  }

  @Override
  public ClassBatch next() {
    long epoch = position / batchesPerEpoch();
    if (epoch != orderedEpoch) {
      order = order(epoch);
      orderedEpoch = epoch;
    }
    List<Integer> own = order.get((int) (position % batchesPerEpoch()));
    position++;
    return images.apply(own);
  }

  private List<List<Integer>> order(long epoch) {
    long mixed = Hashing.murmur3_128().newHasher().putLong(seed).putLong(epoch).hash().asLong();
    List<Integer> shuffled = new ArrayList<>(IntStream.range(0, examples).boxed().toList());
    Collections.shuffle(shuffled, new Random(mixed));
    return Lists.partition(shuffled, batch);
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public void seek(long position) {
    checkArgument(position >= 0, "batches: position must be at least 0, got %s", position);
    this.position = position;
  }

  @Override
  public long batchesPerEpoch() {
    return ((long) examples + batch - 1) / batch;
  }

  @Override
  public String dataHash() {
    return Hashing.sha256()
        .newHasher()
        .putString(trainHash, StandardCharsets.UTF_8)
        .putInt(batch)
        .putLong(seed)
        .hash()
        .toString();
  }
}
