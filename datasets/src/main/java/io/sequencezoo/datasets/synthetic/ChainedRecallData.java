package io.sequencezoo.datasets.synthetic;

import io.sequencezoo.datasets.icll.Split;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The examples of recall by several hops or with overwritten values: each depends on the
 * configuration's seed, its split and its number alone, and belongs to one split, by the hash of
 * its pairs and queries.
 */
public final class ChainedRecallData {
  /** Grows with every change of what is drawn. */
  public static final int GENERATOR_VERSION = 1;

  private final ChainedRecallConfig config;

  /** The data of a configuration. */
  public ChainedRecallData(ChainedRecallConfig config) {
    this.config = config;
  }

  /** The pairs that are shown in an example of a setting, new values included. */
  public int shown(RecallConfig.Setting setting) {
    return setting.pairs() * config.hops() + updates(setting);
  }

  private int updates(RecallConfig.Setting setting) {
    return (int) ChainedRecallConfig.updates(setting.pairs(), config.overwritten());
  }

  /** Example number {@code index} of a split. Labels stand where keys are asked for. */
  public SyntheticData.Example example(Split split, int index) {
    RecallConfig.Setting setting = config.setting(split, index);
    SplittableRandom random =
        ExampleHashes.random(
            GENERATOR_VERSION, ChainedRecallConfig.NAME, config.seed(), split, index);
    int[] labels = new int[setting.length()];
    int[] tokens;
    do {
      tokens = draw(random, setting, labels);
    } while (ExampleHashes.split(tokens) != split);
    if (config.randomBetween()) {
      for (int t = 2 * shown(setting); t < tokens.length; t++) {
        tokens[t] =
            labels[t] == SyntheticData.IGNORED ? random.nextInt(config.vocabulary()) : tokens[t];
      }
    }
    return new SyntheticData.Example(tokens, labels);
  }

  private int[] draw(SplittableRandom random, RecallConfig.Setting setting, int[] labels) {
    int chains = setting.pairs();
    int hops = config.hops();
    int half = config.vocabulary() / 2;
    int updates = updates(setting);
    int[] keys = random.ints(1, half).distinct().limit((long) chains * hops).toArray();
    int[] values =
        random.ints(half, config.vocabulary()).distinct().limit(chains + updates).toArray();
    int[] tokens = new int[setting.length()];
    int[] order = order(random, chains * hops);
    for (int place = 0; place < order.length; place++) {
      int link = order[place];
      boolean end = link % hops == hops - 1;
      tokens[2 * place] = keys[link];
      tokens[2 * place + 1] = end ? values[link / hops] : keys[link + 1];
    }
    int[] last = Arrays.copyOf(values, chains);
    int[] replaced = order(random, chains);
    for (int i = 0; i < updates; i++) {
      int chain = replaced[i];
      last[chain] = values[chains + i];
      int at = 2 * (order.length + i);
      tokens[at] = keys[chain * hops + hops - 1];
      tokens[at + 1] = last[chain];
    }
    Arrays.fill(labels, SyntheticData.IGNORED);
    int context = 2 * shown(setting);
    int[] slots =
        RecallData.slots(random, config.power(), (setting.length() - context) / 2, chains);
    for (int chain = 0; chain < chains; chain++) {
      int query = context + 2 * slots[chain];
      tokens[query] = keys[chain * hops];
      labels[query] = last[chain];
    }
    return tokens;
  }

  /** The numbers below a count in a random order. */
  private static int[] order(SplittableRandom random, int count) {
    int[] order = new int[count];
    for (int i = 1; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** A hash of everything that determines the data. */
  public String hash() {
    return ExampleHashes.ofData(ChainedRecallConfig.NAME, GENERATOR_VERSION, config);
  }
}
