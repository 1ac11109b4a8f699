package io.sequencezoo.datasets.synthetic;

import io.sequencezoo.datasets.icll.Split;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The examples of multi-query associative recall: each depends on the configuration's seed, its
 * split and its number alone. An example belongs to one split, by the hash of its pairs and
 * queries.
 */
public final class RecallData {
  /** Grows with every change of what is drawn. */
  public static final int GENERATOR_VERSION = 1;

  private final RecallConfig config;

  /** The data of a configuration. */
  public RecallData(RecallConfig config) {
    this.config = config;
  }

  /**
   * Example number {@code index} of a split. The label of a query stands where its key is, which is
   * the token that it is told after.
   */
  public SyntheticData.Example example(Split split, int index) {
    RecallConfig.Setting setting = config.setting(split, index);
    SplittableRandom random =
        ExampleHashes.random(GENERATOR_VERSION, "mqar", config.seed(), split, index);
    int[] labels = new int[setting.length()];
    int[] tokens;
    do {
      tokens = draw(random, setting, labels);
    } while (ExampleHashes.split(tokens) != split);
    if (config.randomBetween()) {
      for (int t = 2 * setting.pairs(); t < tokens.length; t++) {
        tokens[t] =
            labels[t] == SyntheticData.IGNORED ? random.nextInt(config.vocabulary()) : tokens[t];
      }
    }
    return new SyntheticData.Example(tokens, labels);
  }

  private int[] draw(SplittableRandom random, RecallConfig.Setting setting, int[] labels) {
    int half = config.vocabulary() / 2;
    int pairs = setting.pairs();
    int[] keys = random.ints(1, half).distinct().limit(pairs).toArray();
    int[] values = random.ints(half, config.vocabulary()).distinct().limit(pairs).toArray();
    int[] slots = slots(random, config.power(), (setting.length() - 2 * pairs) / 2, pairs);
    int[] tokens = new int[setting.length()];
    Arrays.fill(labels, SyntheticData.IGNORED);
    for (int i = 0; i < pairs; i++) {
      tokens[2 * i] = keys[i];
      tokens[2 * i + 1] = values[i];
      int query = 2 * pairs + 2 * slots[i];
      tokens[query] = keys[i];
      labels[query] = values[i];
    }
    return tokens;
  }

  /**
   * Different slots, drawn one after the other with probabilities in proportion to a i^(a-1) among
   * those that are left: the order in which exponential clocks of these rates ring.
   */
  static int[] slots(SplittableRandom random, double power, int count, int chosen) {
    double[] rings = new double[count];
    for (int i = 0; i < count; i++) {
      double rate = Math.pow(i + 1, power - 1);
      rings[i] = -Math.log1p(-random.nextDouble()) / rate;
    }
    return IntStream.range(0, count)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> rings[i]))
        .limit(chosen)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** A hash of everything that determines the data. */
  public String hash() {
    return ExampleHashes.ofData("mqar", GENERATOR_VERSION, config);
  }
}
