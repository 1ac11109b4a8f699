package io.sequencezoo.datasets.formal;

import java.util.SplittableRandom;

/** Strings of tokens, and what is to be told about each of their prefixes. */
interface Language {
  /** Input tokens are below it. */
  int inputs();

  /** Answers are below it. */
  int answers();

  /** The tokens of a string where so many are asked for: as many, or fewer where none has that. */
  default int length(int n) {
    return n;
  }

  /** How many strings there are of n tokens, or a number below that. */
  double strings(int n);

  /** A random string of {@code length(n)} tokens. */
  int[] draw(SplittableRandom random, int n);

  /**
   * What is to be told after every token.
   *
   * @param none the answer where there is none, as within an unfinished expression
   */
  int[] answers(int[] string, int none);
}
