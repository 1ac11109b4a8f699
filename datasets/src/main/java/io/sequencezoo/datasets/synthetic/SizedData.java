package io.sequencezoo.datasets.synthetic;

import io.sequencezoo.datasets.icll.Split;

/**
 * Examples that have a size, such as a length: each depends on a configuration, its split and its
 * number alone.
 */
public interface SizedData {
  /** How many there are, and of what sizes. */
  Sizes sizes();

  /** The number of tokens that inputs and answers are made of. */
  int vocabulary();

  /** The size of example number {@code index} of a split. */
  int size(Split split, int index);

  /** The number of input tokens of example number {@code index} of a split. */
  int length(Split split, int index);

  /** Example number {@code index} of a split. */
  SyntheticData.Example example(Split split, int index);

  /**
   * The same with labels alone that tests count, where training has more of them, such as all next
   * tokens.
   */
  default SyntheticData.Example scored(Split split, int index) {
    return example(split, index);
  }

  /** A hash of everything that determines the data. */
  String hash();
}
