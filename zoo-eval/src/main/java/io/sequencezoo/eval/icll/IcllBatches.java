package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.Lists;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.IcllData;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.PromptBatch;
import io.sequencezoo.datasets.icll.Split;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The training prompts as batches, each prompt once an epoch, the last batch of an epoch smaller
 * where the numbers don't divide.
 *
 * <p>Prompts have 10 to 950 tokens, so rows drawn at random are mostly padding. Therefore an
 * epoch's random order is cut into windows of a few batches, each window sorted by length and cut
 * into batches, and all batches shuffled. A window of one batch is the reference's plain shuffle.
 */
public final class IcllBatches implements BatchSource<TokenBatch> {
  private final IcllData data;
  private final int examples;
  private final int batch;
  private final int window;
  private final long seed;
  private final int[] lengths;
  private final String dataHash;
  private long position;
  private long orderedEpoch = -1;
  private List<List<Integer>> order;

  /**
   * The training split of some data.
   *
   * @param batch rows of a batch
   * @param window batches of a window, 1 for a plain shuffle
   * @param seed of the epochs' orders
   */
  public IcllBatches(IcllData data, int batch, int window, long seed) {
    checkArgument(batch >= 1, "icll: batch must be at least 1, got %s", batch);
    checkArgument(window >= 1, "icll: window must be at least 1, got %s", window);
    this.data = data;
    this.examples = data.config().examples(Split.TRAIN);
    this.batch = batch;
    this.window = window;
    this.seed = seed;
    this.lengths =
        IntStream.range(0, examples).map(i -> data.problem(Split.TRAIN, i).length()).toArray();
    this.dataHash =
        Hashing.sha256()
            .newHasher()
            .putString(data.hash(Split.TRAIN, examples), StandardCharsets.UTF_8)
            .putInt(batch)
            .putInt(window)
            .putLong(seed)
            .hash()
            .toString();
  }

  @Override
  public TokenBatch next() {
    long epoch = position / batchesPerEpoch();
    if (epoch != orderedEpoch) {
      order = order(epoch);
      orderedEpoch = epoch;
    }
    List<Integer> rows = order.get((int) (position % batchesPerEpoch()));
    position++;
    return tokens(rows.stream().map(row -> data.problem(Split.TRAIN, row)).toList());
  }

  /** Problems as right-padded rows, outside every workspace. */
  static TokenBatch tokens(List<Problem> problems) {
    PromptBatch prompts = new PromptBatch(problems);
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new TokenBatch(
          Nd4j.createFromArray(prompts.inputs()),
          Nd4j.createFromArray(prompts.labels()),
          prompts.lengths());
    }
  }

  private List<List<Integer>> order(long epoch) {
    SplittableRandom random =
        new SplittableRandom(
            Hashing.murmur3_128().newHasher().putLong(seed).putLong(epoch).hash().asLong());
    List<Integer> rows = shuffled(IntStream.range(0, examples).boxed().toList(), random);
    List<List<Integer>> batches = new ArrayList<>();
    for (List<Integer> part : Lists.partition(rows, batch * window)) {
      List<Integer> sorted = new ArrayList<>(part);
      if (window > 1) {
        sorted.sort(Comparator.comparingInt(row -> lengths[row]));
      }
      batches.addAll(Lists.partition(sorted, batch));
    }
    return shuffled(batches, random);
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
    checkArgument(position >= 0, "icll: position must be at least 0, got %s", position);
    this.position = position;
  }

  @Override
  public long batchesPerEpoch() {
    return (examples + batch - 1L) / batch;
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
      all += (long) rows.size() * rows.stream().mapToInt(row -> lengths[row]).max().getAsInt();
      valid += rows.stream().mapToInt(row -> lengths[row]).sum();
    }
    return 1 - (double) valid / all;
  }
}
