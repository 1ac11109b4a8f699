package io.sequencezoo.datasets.formal;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The value of an expression in brackets modulo m, drawn by the grammar of Delétang et al.: up to
 * four tokens are {@code d}, {@code -d}, {@code (d)} and {@code (-d)}, longer ones {@code (e+e)} or
 * {@code (e-e)} whose parts share the rest at random. Tokens are the digits below m, then {@code +
 * - ( )}; the answer stands at the last one.
 *
 * @param modulus m
 */
record BracketArithmetic(int modulus) implements Language {
  private static final int SIGNS = 4;

  /** The longest expression without parts. */
  private static final int SIMPLE = 4;

  /** Brackets and operator around two parts. */
  private static final int AROUND = 3;

  private int plus() {
    return modulus;
  }

  private int minus() {
    return modulus + 1;
  }

  private int open() {
    return modulus + 2;
  }

  private int close() {
    return modulus + 3;
  }

  @Override
  public int inputs() {
    return modulus + SIGNS;
  }

  @Override
  public int answers() {
    return modulus;
  }

  @Override
  public double strings(int n) {
    double[] counts = new double[n + 1];
    for (int length = 1; length <= n; length++) {
      counts[length] = length <= SIMPLE ? modulus : 0;
      for (int left = 1; length > SIMPLE && left < length - AROUND; left++) {
        counts[length] += 2 * counts[left] * counts[length - AROUND - left];
      }
    }
    return counts[n];
  }

  @Override
  public int[] draw(SplittableRandom random, int n) {
    int[] string = new int[n];
    write(random, string, 0, n);
    return string;
  }

  /** Writes an expression of n tokens from a place on. */
  private void write(SplittableRandom random, int[] string, int at, int n) {
    if (n == 1) {
      string[at] = random.nextInt(modulus);
    } else if (n == 2) {
      string[at] = minus();
      write(random, string, at + 1, 1);
    } else {
      string[at] = open();
      string[at + n - 1] = close();
      if (n <= SIMPLE) {
        write(random, string, at + 1, n - 2);
      } else {
        int left = random.nextInt(1, n - AROUND);
        write(random, string, at + 1, left);
        string[at + 1 + left] = random.nextBoolean() ? plus() : minus();
        write(random, string, at + 2 + left, n - AROUND - left);
      }
    }
  }

  @Override
  public int[] answers(int[] string, int none) {
    int[] answers = new int[string.length];
    Arrays.fill(answers, none);
    // Sums so far and signs of what comes, of every bracket that is open.
    int[] sums = new int[string.length + 1];
    int[] signs = new int[string.length + 1];
    int depth = 0;
    signs[0] = 1;
    for (int token : string) {
      if (token == open()) {
        depth++;
        sums[depth] = 0;
        signs[depth] = 1;
      } else if (token == plus()) {
        signs[depth] = 1;
      } else if (token == minus()) {
        signs[depth] = -signs[depth];
      } else {
        int value = token;
        if (token == close()) {
          value = sums[depth];
          depth--;
        }
        sums[depth] = Math.floorMod(sums[depth] + signs[depth] * value, modulus);
        signs[depth] = 1;
      }
    }
    answers[string.length - 1] = sums[0];
    return answers;
  }
}
