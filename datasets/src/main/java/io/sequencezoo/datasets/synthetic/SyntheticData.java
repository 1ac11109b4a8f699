package io.sequencezoo.datasets.synthetic;

import io.sequencezoo.datasets.icll.Split;
import java.util.SplittableRandom;

/**
 * The examples of a synthetic task: each depends on the configuration's seed, its split and its
 * number alone. Splits are streams of their own; at the standard lengths an example hardly occurs
 * twice.
 */
public final class SyntheticData {
  /** Grows with every change of what is drawn. */
  public static final int GENERATOR_VERSION = 1;

  /** The label of a position that doesn't count. */
  public static final int IGNORED = -100;

  private final SyntheticConfig config;

  /** The data of a configuration. */
  public SyntheticData(SyntheticConfig config) {
    this.config = config;
  }

  /** What determines the data. */
  public SyntheticConfig config() {
    return config;
  }

  /**
   * An example.
   *
   * @param tokens T inputs
   * @param labels T answers, {@link #IGNORED} where none counts
   */
  public record Example(int[] tokens, int[] labels) {}

  /** Example number {@code index} of a split. */
  public Example example(Split split, int index) {
    SplittableRandom random =
        ExampleHashes.random(GENERATOR_VERSION, config.task().label(), config.seed(), split, index);
    int[] tokens = random.ints(config.length(), 0, config.symbols()).toArray();
    return new Example(tokens, config.task().labels(tokens, config.symbols(), IGNORED));
  }

  /** The number of examples of a split. */
  public int examples(Split split) {
    return switch (split) {
      case TRAIN -> config.trainExamples();
      case VALIDATION -> config.validationExamples();
      case TEST -> config.testExamples();
    };
  }

  /** A hash of everything that determines the data. */
  public String hash() {
    return ExampleHashes.ofData("synthetic", GENERATOR_VERSION, config);
  }
}
