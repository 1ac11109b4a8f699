package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.cache.CacheBuilder;
import com.google.common.cache.CacheLoader;
import com.google.common.cache.LoadingCache;
import com.google.common.collect.Lists;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import com.google.common.primitives.Ints;
import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The training examples as batches, each example once an epoch, in an order of the epoch's own, the
 * last batch smaller where the numbers don't divide.
 *
 * <p>Where lengths differ much, rows drawn at random are mostly padding. Therefore an epoch's
 * random order may be cut into windows of a few batches, each window sorted by length and cut into
 * batches, and all batches shuffled. A window of one batch is not sorted; without windows the
 * batches stand in the order drawn.
 *
 * @param <B> the type of batch
 */
public final class EpochBatches<B> implements BatchSource<B> {
  /** Of tasks that are in use, so that the runs of a study don't hash the same examples anew. */
  private static final LoadingCache<Task, String> TRAIN_HASHES =
      CacheBuilder.newBuilder()
          .weakKeys()
          .build(CacheLoader.from((Task task) -> task.hash(Split.TRAIN)));

  private final Task task;
  private final Function<List<Integer>, B> made;
  private final int examples;
  private final int batch;
  private final @Nullable Integer window;
  private final long seed;
  private final String dataHash;
  private int @Nullable [] lengths;
  private long position;
  private long orderedEpoch = -1;
  private List<List<Integer>> order = List.of();

  /**
   * The training split of a task.
   *
   * @param batch rows of a batch
   * @param window batches of a window; null for none
   * @param seed of the epochs' orders
   * @param made makes a batch of some examples, by number
   */
  public EpochBatches(
      Task task, int batch, @Nullable Integer window, long seed, Function<List<Integer>, B> made) {
    checkArgument(batch >= 1, "batches: batch must be at least 1, got %s", batch);
    checkArgument(
        window == null || window >= 1, "batches: window must be at least 1, got %s", window);
    this.task = task;
    this.made = made;
    this.examples = task.examples(Split.TRAIN);
    this.batch = batch;
    this.window = window;
    this.seed = seed;
    Hasher hasher =
        Hashing.sha256()
            .newHasher()
            .putString(TRAIN_HASHES.getUnchecked(task), StandardCharsets.UTF_8)
            .putInt(batch);
    if (window != null) {
      hasher.putInt(window);
    }
    this.dataHash = hasher.putLong(seed).hash().toString();
  }

  /** Those of a task of tokens. */
  public static EpochBatches<TokenBatch> ofTokens(
      TokenTask task, int batch, @Nullable Integer window, long seed) {
    return new EpochBatches<>(task, batch, window, seed, rows -> task.batch(Split.TRAIN, rows));
  }

  @Override
  public B next() {
    long epoch = position / batchesPerEpoch();
    if (epoch != orderedEpoch) {
      order = order(epoch);
      orderedEpoch = epoch;
    }
    List<Integer> rows = order.get((int) (position % batchesPerEpoch()));
    position++;
    return made.apply(rows);
  }

  private List<List<Integer>> order(long epoch) {
    SplittableRandom random =
        new SplittableRandom(
            Hashing.murmur3_128().newHasher().putLong(seed).putLong(epoch).hash().asLong());
    List<Integer> rows = shuffled(IntStream.range(0, examples).boxed().toList(), random);
    if (window == null) {
      return Lists.partition(rows, batch);
    }
    List<List<Integer>> batches = new ArrayList<>();
    for (List<Integer> part : Lists.partition(rows, Ints.saturatedCast((long) batch * window))) {
      List<Integer> sorted = new ArrayList<>(part);
      if (window > 1) {
        sorted.sort(Comparator.comparingInt(row -> lengths()[row]));
      }
      batches.addAll(Lists.partition(sorted, batch));
    }
    return shuffled(batches, random);
  }

  private int[] lengths() {
    if (lengths == null) {
      lengths = IntStream.range(0, examples).map(i -> task.length(Split.TRAIN, i)).toArray();
    }
    return lengths;
  }

  private static <T> List<T> shuffled(List<T> items, SplittableRandom random) {
    List<T> shuffled = new ArrayList<>(items);
    for (int i = shuffled.size() - 1; i > 0; i--) {
      Collections.swap(shuffled, i, random.nextInt(i + 1));
    }
    return shuffled;
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
    return perEpoch(task, batch);
  }

  /** Batches of so many rows that the training examples of a task make. */
  public static long perEpoch(Task task, int batch) {
    return ((long) task.examples(Split.TRAIN) + batch - 1) / batch;
  }

  @Override
  public String dataHash() {
    return dataHash;
  }

  /** The share of an epoch's positions that are padding, for the choice of the window. */
  public double padding(long epoch) {
    long all = 0;
    long valid = 0;
    for (List<Integer> rows : order(epoch)) {
      all += (long) rows.size() * rows.stream().mapToInt(row -> lengths()[row]).max().getAsInt();
      valid += rows.stream().mapToInt(row -> lengths()[row]).sum();
    }
    return 1 - (double) valid / all;
  }
}
