package io.sequencezoo.datasets.synthetic;

import io.sequencezoo.datasets.icll.Split;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The examples of an algorithmic task: each depends on the configuration's seed, its split and its
 * number alone. A question belongs to one split, by its hash, so that none is tested that was
 * trained on, however short.
 */
public final class AlgorithmicData {
  /** Grows with every change of what is drawn. */
  public static final int GENERATOR_VERSION = 1;

  private final AlgorithmicConfig config;

  /** The data of a configuration. */
  public AlgorithmicData(AlgorithmicConfig config) {
    this.config = config;
  }

  /** The length of example number {@code index} of a split. */
  public int length(Split split, int index) {
    if (split == Split.TEST) {
      return config.tested(index);
    }
    return length(random(split, index));
  }

  private int length(SplittableRandom random) {
    return random.nextInt(config.minLength(), config.maxLength() + 1);
  }

  /**
   * Example number {@code index} of a split: {@code question = answer} without the last digit as
   * tokens; labels count from the equals sign on. Tests have their lengths one after the other.
   */
  public SyntheticData.Example example(Split split, int index) {
    SplittableRandom random = random(split, index);
    int trained = length(random);
    int n = split == Split.TEST ? length(split, index) : trained;
    int[] digits;
    do {
      digits = random.ints(config.task().digits(n), 0, config.symbols()).toArray();
    } while (ExampleHashes.split(digits) != split);
    int equals = config.symbols();
    int[] question = config.task().question(digits, equals + 1);
    int[] answer = config.task().answer(digits, config.symbols());
    int[] tokens = Arrays.copyOf(question, question.length + answer.length);
    tokens[question.length] = equals;
    System.arraycopy(answer, 0, tokens, question.length + 1, answer.length - 1);
    int[] labels = new int[tokens.length];
    Arrays.fill(labels, SyntheticData.IGNORED);
    System.arraycopy(answer, 0, labels, question.length, answer.length);
    return new SyntheticData.Example(tokens, labels);
  }

  private SplittableRandom random(Split split, int index) {
    return ExampleHashes.random(
        GENERATOR_VERSION, config.task().label(), config.seed(), split, index);
  }

  /** A hash of everything that determines the data. */
  public String hash() {
    return ExampleHashes.ofData("algorithmic", GENERATOR_VERSION, config);
  }
}
