package io.sequencezoo.datasets.mad;

import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.ExampleHashes;
import io.sequencezoo.datasets.synthetic.SizedData;
import io.sequencezoo.datasets.synthetic.Sizes;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The examples of a {@link MadTask}: each depends on the configuration's seed, its split and its
 * number alone. An example belongs to one split, by the hash of its tokens.
 *
 * <p>In training on recall, every next token is to be told, as in the code of Poli et al.; in
 * validation and tests the values of keys that came before. Differs from that code: the pair that
 * is asked for at the end of fuzzy recall always came before, and where blanks stand is drawn with
 * the example's own random numbers; compression is told by the model itself, one token after the
 * other from its state at the sign, where the published form has a decoder of its own behind the
 * last vector. Attention can therefore look back, and only recurrences have to compress.
 */
public final class MadData implements SizedData {
  /** Grows with every change of what is drawn. */
  public static final int GENERATOR_VERSION = 1;

  private static final int X = SyntheticData.IGNORED;

  private final MadConfig config;

  /** The data of a configuration. */
  public MadData(MadConfig config) {
    this.config = config;
  }

  @Override
  public Sizes sizes() {
    return config;
  }

  @Override
  public int vocabulary() {
    return config.vocabulary();
  }

  @Override
  public int size(Split split, int index) {
    return split == Split.TEST ? config.tested(index) : config.length();
  }

  @Override
  public int length(Split split, int index) {
    int size = size(split, index);
    boolean compressed = config.task() == MadTask.COMPRESSION;
    return compressed ? 2 * (size - 1) : pairs() ? size - 1 : size;
  }

  private boolean pairs() {
    return config.task() == MadTask.IN_CONTEXT_RECALL || config.task() == MadTask.NOISY_RECALL;
  }

  private boolean recall() {
    return pairs() || config.task() == MadTask.FUZZY_RECALL;
  }

  @Override
  public SyntheticData.Example example(Split split, int index) {
    return example(split, index, recall() && split == Split.TRAIN);
  }

  @Override
  public SyntheticData.Example scored(Split split, int index) {
    return example(split, index, false);
  }

  /** An example; for recall with every next token as its label, or those that tests count. */
  private SyntheticData.Example example(Split split, int index, boolean everyNext) {
    SplittableRandom random =
        ExampleHashes.random(
            GENERATOR_VERSION, "mad " + config.task().label(), config.seed(), split, index);
    int size = size(split, index);
    SyntheticData.Example drawn;
    do {
      drawn =
          switch (config.task()) {
            case IN_CONTEXT_RECALL, NOISY_RECALL -> pairs(random, size);
            case FUZZY_RECALL -> new FuzzyRecall(config, random, split == Split.TRAIN).draw(size);
            case SELECTIVE_COPYING -> copying(random, size);
            case COMPRESSION -> compression(random, size);
            case MEMORISATION -> memorisation(random, size);
          };
    } while (ExampleHashes.split(drawn.tokens()) != split);
    return recall() ? shifted(drawn, everyNext) : drawn;
  }

  /** Inputs without the last token, and what comes next as labels. */
  private static SyntheticData.Example shifted(SyntheticData.Example whole, boolean everyNext) {
    int[] next = everyNext ? whole.tokens() : whole.labels();
    return new SyntheticData.Example(
        Arrays.copyOf(whole.tokens(), whole.tokens().length - 1),
        Arrays.copyOfRange(next, 1, next.length));
  }

  /** A sequence of keys and values, or noise in place of a pair; values count that came before. */
  private SyntheticData.Example pairs(SplittableRandom random, int size) {
    int meaning = config.vocabulary() - config.noiseTokens();
    int keys = meaning / 2;
    int[] values = new int[keys];
    Arrays.fill(values, X);
    int[] tokens = new int[size];
    int[] labels = new int[size];
    Arrays.fill(labels, X);
    int last = size / 2 - 1;
    int certain = random.nextInt(last);
    for (int pair = 0; pair <= last; pair++) {
      int at = 2 * pair;
      if (pair < last && pair != certain && random.nextDouble() < config.noise()) {
        tokens[at] = meaning + random.nextInt(config.noiseTokens());
        tokens[at + 1] = meaning + random.nextInt(config.noiseTokens());
        continue;
      }
      int key = pair < last ? random.nextInt(keys) : known(random, values);
      boolean before = values[key] != X;
      if (!before) {
        values[key] = random.nextInt(keys, meaning);
      }
      tokens[at] = key;
      tokens[at + 1] = values[key];
      labels[at + 1] = before ? values[key] : X;
    }
    return new SyntheticData.Example(tokens, labels);
  }

  private static int known(SplittableRandom random, int[] values) {
    int[] known = IntStream.range(0, values.length).filter(key -> values[key] != X).toArray();
    return known[random.nextInt(known.length)];
  }

  /** Tokens among blanks, a sign, and as many blanks at which they are to be told. */
  private SyntheticData.Example copying(SplittableRandom random, int size) {
    int sign = config.vocabulary() - 1;
    int blank = config.vocabulary() - 2;
    int copied = config.copied();
    int[] content = random.ints(copied, 0, blank).toArray();
    int blanks = size - 2 * copied - 1;
    // Blanks stand before any of the tokens, never behind the last.
    int[] before = new int[copied];
    for (int i = 0; i < blanks; i++) {
      before[random.nextInt(copied)]++;
    }
    int[] tokens = new int[size];
    Arrays.fill(tokens, blank);
    int[] labels = new int[size];
    Arrays.fill(labels, X);
    int at = 0;
    for (int i = 0; i < copied; i++) {
      at += before[i];
      tokens[at++] = content[i];
    }
    tokens[at] = sign;
    System.arraycopy(content, 0, labels, size - copied, copied);
    return new SyntheticData.Example(tokens, labels);
  }

  /** Random tokens and a sign, and from there on signs at which they are to be told in order. */
  private SyntheticData.Example compression(SplittableRandom random, int size) {
    int sign = config.vocabulary() - 1;
    int told = size - 1;
    int[] content = random.ints(told, 0, sign).toArray();
    int[] tokens = Arrays.copyOf(content, 2 * told);
    Arrays.fill(tokens, told, 2 * told, sign);
    int[] labels = new int[2 * told];
    Arrays.fill(labels, X);
    System.arraycopy(content, 0, labels, told, told);
    return new SyntheticData.Example(tokens, labels);
  }

  /** Keys, each before a sign at which its value is to be told. */
  private SyntheticData.Example memorisation(SplittableRandom random, int size) {
    int sign = config.vocabulary() - 1;
    int[] values = memorised();
    int[] tokens = new int[size];
    int[] labels = new int[size];
    for (int at = 0; at < size; at += 2) {
      tokens[at] = random.nextInt(values.length);
      tokens[at + 1] = sign;
      labels[at] = X;
      labels[at + 1] = values[tokens[at]];
    }
    return new SyntheticData.Example(tokens, labels);
  }

  /** The value of every key, the same in all examples. */
  private int[] memorised() {
    int sign = config.vocabulary() - 1;
    int keys = sign / 2;
    return new SplittableRandom(config.seed()).ints(keys, sign).distinct().limit(keys).toArray();
  }

  @Override
  public String hash() {
    return ExampleHashes.ofData(MadConfig.NAME, GENERATOR_VERSION, config);
  }
}
