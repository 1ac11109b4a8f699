package io.sequencezoo.datasets.formal;

import java.util.SplittableRandom;

/** Whether most bits so far are ones; a tie counts as no. One counter decides it. */
record Majority() implements Language {
  @Override
  public int inputs() {
    return 2;
  }

  @Override
  public int answers() {
    return 2;
  }

  @Override
  public double strings(int n) {
    return Math.pow(2, n);
  }

  @Override
  public int[] draw(SplittableRandom random, int n) {
    return random.ints(n, 0, 2).toArray();
  }

  @Override
  public int[] answers(int[] string, int none) {
    int[] answers = new int[string.length];
    int lead = 0;
    for (int t = 0; t < string.length; t++) {
      lead += 2 * string[t] - 1;
      answers[t] = lead > 0 ? 1 : 0;
    }
    return answers;
  }
}
