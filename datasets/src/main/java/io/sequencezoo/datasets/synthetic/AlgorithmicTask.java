package io.sequencezoo.datasets.synthetic;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The algorithmic tasks of Universal Transformers (Dehghani et al., arXiv 1807.03819) on strings of
 * digits: a question, an equals sign, and the answer, digit by digit.
 */
public enum AlgorithmicTask {
  /** {@code 3 1 4 = 3 1 4}. */
  @JsonProperty("copy")
  COPY,
  /** {@code 3 1 4 = 4 1 3}. */
  @JsonProperty("reverse")
  REVERSE,
  /** {@code 9 1 + 4 2 = 3 4 0} for 19 + 24 = 43: digits from the least significant on. */
  @JsonProperty("addition")
  ADDITION;

  /** The name in files and on the command line. */
  public String label() {
    return switch (this) {
      case COPY -> "copy";
      case REVERSE -> "reverse";
      case ADDITION -> "addition";
    };
  }

  /** The digits of a question of length n: addition has two numbers of n digits. */
  int digits(int n) {
    return this == ADDITION ? 2 * n : n;
  }

  /** The digits of its answer: addition has one more, for what is carried. */
  int answers(int n) {
    return this == ADDITION ? n + 1 : n;
  }

  /** The tokens of its question, a plus sign included. */
  int questions(int n) {
    return this == ADDITION ? 2 * n + 1 : n;
  }

  /** The number of tokens that are no digits. */
  int signs() {
    return this == ADDITION ? 2 : 1;
  }

  /**
   * What a question looks like.
   *
   * @param plus the token between two numbers
   */
  int[] question(int[] digits, int plus) {
    if (this != ADDITION) {
      return digits;
    }
    int n = digits.length / 2;
    int[] question = new int[2 * n + 1];
    System.arraycopy(digits, 0, question, 0, n);
    question[n] = plus;
    System.arraycopy(digits, n, question, n + 1, n);
    return question;
  }

  /**
   * The answer to a question of these digits.
   *
   * @param base of the numbers that are added
   */
  int[] answer(int[] digits, int base) {
    return switch (this) {
      case COPY -> digits;
      case REVERSE -> reversed(digits);
      case ADDITION -> sum(digits, base);
    };
  }

  private static int[] reversed(int[] digits) {
    int[] reversed = new int[digits.length];
    for (int i = 0; i < digits.length; i++) {
      reversed[i] = digits[digits.length - 1 - i];
    }
    return reversed;
  }

  private static int[] sum(int[] digits, int base) {
    int n = digits.length / 2;
    int[] sum = new int[n + 1];
    for (int i = 0; i < n; i++) {
      int carried = sum[i] + digits[i] + digits[n + i];
      sum[i] = carried % base;
      sum[i + 1] = carried / base;
    }
    return sum;
  }
}
