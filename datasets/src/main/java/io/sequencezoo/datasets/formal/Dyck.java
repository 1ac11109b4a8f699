package io.sequencezoo.datasets.formal;

import java.util.SplittableRandom;

/**
 * Prefixes of well-nested brackets of k kinds, at most m deep: Dyck-(k, m) of Hewitt et al. (arXiv
 * 2010.07515). Where both may come, an opening and a closing bracket are as likely, and so are all
 * kinds. Tokens are {@code 2 i} and {@code 2 i + 1} for the brackets of kind i; the answer is the
 * one bracket that may close next, {@code 2 k} where none is open.
 *
 * @param kinds k
 * @param depth m
 */
record Dyck(int kinds, int depth) implements Language {
  @Override
  public int inputs() {
    return 2 * kinds;
  }

  @Override
  public int answers() {
    return 2 * kinds + 1;
  }

  @Override
  public double strings(int n) {
    double[] counts = new double[depth + 2];
    counts[0] = 1;
    for (int t = 0; t < n; t++) {
      double[] next = new double[depth + 2];
      for (int d = 0; d <= depth; d++) {
        if (d < depth) {
          next[d + 1] += kinds * counts[d];
        }
        if (d > 0) {
          next[d - 1] += counts[d];
        }
      }
      counts = next;
    }
    double all = 0;
    for (double count : counts) {
      all += count;
    }
    return all;
  }

  @Override
  public int[] draw(SplittableRandom random, int n) {
    int[] string = new int[n];
    int[] open = new int[depth];
    int deep = 0;
    for (int t = 0; t < n; t++) {
      if (deep == 0 || (deep < depth && random.nextBoolean())) {
        open[deep] = random.nextInt(kinds);
        string[t] = 2 * open[deep++];
      } else {
        string[t] = 2 * open[--deep] + 1;
      }
    }
    return string;
  }

  @Override
  public int[] answers(int[] string, int none) {
    int[] answers = new int[string.length];
    int[] open = new int[depth];
    int deep = 0;
    for (int t = 0; t < string.length; t++) {
      if (string[t] % 2 == 0) {
        open[deep++] = string[t] / 2;
      } else {
        deep--;
      }
      answers[t] = deep == 0 ? 2 * kinds : 2 * open[deep - 1] + 1;
    }
    return answers;
  }
}
