package io.sequencezoo.datasets.formal;

import java.util.SplittableRandom;

/**
 * The value of {@code d o d o d ...} modulo m, products before sums and differences. Tokens are the
 * digits below m, then {@code + - *}; strings are odd in length, and answers stand at digits.
 *
 * @param modulus m
 */
record Arithmetic(int modulus) implements Language {
  private static final int OPERATORS = 3;

  @Override
  public int inputs() {
    return modulus + OPERATORS;
  }

  @Override
  public int answers() {
    return modulus;
  }

  @Override
  public int length(int n) {
    return n - (n + 1) % 2;
  }

  @Override
  public double strings(int n) {
    int operators = length(n) / 2;
    return Math.pow(modulus, operators + 1) * Math.pow(OPERATORS, operators);
  }

  @Override
  public int[] draw(SplittableRandom random, int n) {
    int[] string = new int[length(n)];
    for (int t = 0; t < string.length; t++) {
      string[t] = t % 2 == 0 ? random.nextInt(modulus) : modulus + random.nextInt(OPERATORS);
    }
    return string;
  }

  @Override
  public int[] answers(int[] string, int none) {
    int[] answers = new int[string.length];
    long sum = 0;
    long product = string[0];
    answers[0] = string[0];
    for (int t = 1; t + 1 < string.length; t += 2) {
      int digit = string[t + 1];
      switch (string[t] - modulus) {
        case 0 -> {
          sum += product;
          product = digit;
        }
        case 1 -> {
          sum += product;
          product = -digit;
        }
        default -> product = product * digit % modulus;
      }
      sum %= modulus;
      answers[t] = none;
      answers[t + 1] = (int) Math.floorMod(sum + product, (long) modulus);
    }
    return answers;
  }
}
