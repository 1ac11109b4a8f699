package io.sequencezoo.datasets.formal;

import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.ExampleHashes;
import io.sequencezoo.datasets.synthetic.SizedData;
import io.sequencezoo.datasets.synthetic.Sizes;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The strings of a formal language: each depends on the configuration's seed, its split and its
 * number alone. A string belongs to one split, by its hash; the shortest ones, of which there are
 * too few to share, are trained on alone.
 */
public final class FormalData implements SizedData {
  /** Grows with every change of what is drawn. */
  public static final int GENERATOR_VERSION = 1;

  private final FormalConfig config;
  private final Language language;
  private final int shared;

  /**
   * The data of a configuration.
   *
   * @throws IllegalArgumentException where validation and tests would have no strings of their own
   */
  public FormalData(FormalConfig config) {
    this.config = config;
    this.language = config.build();
    this.shared = FormalConfig.shared(language);
  }

  @Override
  public Sizes sizes() {
    return config;
  }

  @Override
  public int vocabulary() {
    return Math.max(language.inputs(), language.answers());
  }

  /** Inputs are below it. */
  public int inputs() {
    return language.inputs();
  }

  @Override
  public int size(Split split, int index) {
    return split == Split.TEST ? config.tested(index) : drawnSize(random(split, index), split);
  }

  private int drawnSize(SplittableRandom random, Split split) {
    int least = split == Split.TRAIN ? config.minLength() : Math.max(config.minLength(), shared);
    return random.nextInt(least, config.maxLength() + 1);
  }

  @Override
  public int length(Split split, int index) {
    return language.length(size(split, index));
  }

  @Override
  public SyntheticData.Example example(Split split, int index) {
    SplittableRandom random = random(split, index);
    int n = split == Split.TEST ? config.tested(index) : drawnSize(random, split);
    int[] string;
    do {
      string = language.draw(random, n);
    } while (n >= shared && ExampleHashes.split(string) != split);
    int[] labels = language.answers(string, SyntheticData.IGNORED);
    if (config.answers() == FormalConfig.Answers.LAST) {
      Arrays.fill(labels, 0, labels.length - 1, SyntheticData.IGNORED);
    }
    return new SyntheticData.Example(string, labels);
  }

  private SplittableRandom random(Split split, int index) {
    return ExampleHashes.random(
        GENERATOR_VERSION, "formal " + config.language().label(), config.seed(), split, index);
  }

  @Override
  public String hash() {
    return ExampleHashes.ofData(FormalConfig.NAME, GENERATOR_VERSION, config);
  }
}
