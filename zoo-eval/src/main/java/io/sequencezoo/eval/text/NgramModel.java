package io.sequencezoo.eval.text;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.List;

/**
 * The probability of the next token by counts of n-grams: interpolated Kneser-Ney (Kneser and Ney
 * 1995, in the form of Chen and Goodman 1999), with one discount per order.
 *
 * <pre>{@code
 * P_k(w|h) = max(c_k(hw) - D_k, 0) / c_k(h) + D_k n_k(h) / c_k(h) P_{k-1}(w|h')     P_0 = 1/V
 * D_k      = n1 / (n1 + 2 n2)
 * }</pre>
 *
 * <p>h has k - 1 tokens and h' all but the first of them; n_k(h) is the number of different tokens
 * behind h, n1 and n2 that of n-grams counted once and twice. c_n, of the highest order, are
 * counts; those below are the numbers of different tokens before. Where h never came, or fewer
 * tokens were read, the lower order stands alone.
 */
final class NgramModel {
  /** Where no n-gram was counted once, or none twice. */
  private static final double DEFAULT_DISCOUNT = 0.5;

  private final int vocabulary;

  /** By order, from 1 on: counts as they are, and numbers of different tokens before. */
  private final List<Level> counted = new ArrayList<>();

  private final List<Level> continued = new ArrayList<>();

  /**
   * What is known of one order.
   *
   * @param grams counts of n-grams, a number in base V each
   * @param totals their sums by context
   * @param types the different n-grams by context
   */
  private record Level(LongCounts grams, LongCounts totals, LongCounts types, double discount) {
    static Level of(LongCounts grams, int vocabulary) {
      LongCounts totals = new LongCounts();
      LongCounts types = new LongCounts();
      int[] rare = new int[3];
      grams.forEach(
          (gram, count) -> {
            totals.add(gram / vocabulary, count);
            types.add(gram / vocabulary, 1);
            if (count < rare.length) {
              rare[count]++;
            }
          });
      boolean known = rare[1] > 0 && rare[2] > 0;
      double discount = known ? rare[1] / (rare[1] + 2.0 * rare[2]) : DEFAULT_DISCOUNT;
      return new Level(grams, totals, types, discount);
    }

    double probability(long context, long gram, double lower) {
      int total = totals.get(context);
      if (total == 0) {
        return lower;
      }
      double own = Math.max(grams.get(gram) - discount, 0);
      return (own + discount * types.get(context) * lower) / total;
    }
  }

  /** Whether n-grams of this order can be numbered. */
  static boolean fits(int vocabulary, int order) {
    return Math.pow(vocabulary, order) < Long.MAX_VALUE;
  }

  /** The counts of a text up to an order. */
  NgramModel(int vocabulary, int order, int[] tokens) {
    checkArgument(
        order >= 1 && fits(vocabulary, order),
        "ngram: order must be at least 1 and few enough for %s tokens, got %s",
        vocabulary,
        order);
    this.vocabulary = vocabulary;
    long below = 1;
    for (int k = 1; k <= order; k++) {
      LongCounts grams = new LongCounts();
      for (int end = k - 1; end < tokens.length; end++) {
        grams.add(number(tokens, end, k), 1);
      }
      counted.add(Level.of(grams, vocabulary));
      if (k > 1) {
        LongCounts before = new LongCounts();
        long base = below;
        grams.forEach((gram, count) -> before.add(gram % base, 1));
        continued.add(Level.of(before, vocabulary));
      }
      below *= vocabulary;
    }
  }

  /** The k tokens up to an end as a number. */
  private long number(int[] tokens, int end, int k) {
    long number = 0;
    for (int t = end - k + 1; t <= end; t++) {
      number = number * vocabulary + tokens[t];
    }
    return number;
  }

  /** The probability, by n-grams of an order, of a token behind the first {@code read} tokens. */
  double probability(int order, int[] tokens, int read, int next) {
    double probability = 1.0 / vocabulary;
    for (int k = 1; k <= order && k - 1 <= read; k++) {
      Level level = k == order ? counted.get(k - 1) : continued.get(k - 1);
      long context = number(tokens, read - 1, k - 1);
      probability = level.probability(context, context * vocabulary + next, probability);
    }
    return probability;
  }
}
