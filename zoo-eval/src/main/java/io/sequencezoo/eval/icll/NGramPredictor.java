package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Vocabulary;
import java.util.List;

/**
 * In-context n-grams with recursive back-off, learnt from the prompt alone as it is read.
 *
 * <pre>{@code
 * count_m(w)   occurrences of w, of length m, in the strings so far, each with N-1 marks in front
 * V            symbols seen so far
 * P_1(c)       = count_1(c) / sum of count_1
 * P_m(c | w)   = count_m(wc) / count_{m-1}(w)                     where wc was seen
 *              = β P_{m-1}(c | w') / Σ_{d∈V: wd unseen} P_{m-1}(d | w')   else
 * β            = 1 - Σ_{c∈V: wc seen} P_m(c | w)                   w' is w without its first
 * }</pre>
 *
 * <p>No smoothing. β is positive, because the context at the end counts without a continuation;
 * where every symbol of V was seen after the context, β goes to none and the row sums to less than
 * one, as in the reference. Marks count as in the reference: a context of marks alone is followed
 * by marks too, so that at the start of a string the shorter contexts leave more to the unseen.
 *
 * <p>Counts grow with the prompt, O(N) per token; a row costs O(N V).
 */
@Paper(
    key = "akyurek2024icll",
    title = "In-Context Language Learning: Architectures and Algorithms",
    authors = "Akyürek, Wang, Kim and Andreas 2024",
    arxiv = "2401.12973")
@Source(repo = "berlino/seq_icl", path = "ngram.py", commit = "9b9223d")
public final class NGramPredictor implements Predictor {
  /** Counts of order n are an array of (symbols + 1)^n entries. */
  private static final int MAX_ORDER = 5;

  private final int order;

  /** A predictor from the last {@code order - 1} symbols. */
  public NGramPredictor(int order) {
    checkArgument(
        order >= 1 && order <= MAX_ORDER,
        "n-gram: order must be between 1 and %s, got %s",
        MAX_ORDER,
        order);
    this.order = order;
  }

  @Override
  public String name() {
    return order + "-gram";
  }

  @Override
  public List<double[][]> probabilities(List<Problem> problems) {
    return problems.stream().map(problem -> probabilities(problem.vocabulary(), problem)).toList();
  }

  private double[][] probabilities(Vocabulary vocabulary, Problem problem) {
    int[] inputs = new int[problem.length()];
    for (int t = 0; t < inputs.length; t++) {
      inputs[t] = problem.input(t);
    }
    return probabilities(vocabulary, inputs);
  }

  /** The predictions after each of the tokens, {@code [T, V]}. */
  public double[][] probabilities(Vocabulary vocabulary, int[] inputs) {
    Counts counts = new Counts(order, vocabulary.symbols());
    double[][] table = new double[inputs.length][vocabulary.size()];
    double[] symbols = new double[vocabulary.symbols()];
    counts.startString();
    for (int t = 0; t < inputs.length; t++) {
      if (inputs[t] == vocabulary.separator()) {
        counts.startString();
      } else {
        counts.add(vocabulary.symbol(inputs[t]));
      }
      counts.predict(symbols);
      System.arraycopy(symbols, 0, table[t], vocabulary.token(0), symbols.length);
    }
    return table;
  }

  /** Counts of all orders up to N; a word is a number in base symbols + 1. */
  private static final class Counts {
    private final int order;
    private final int symbols;
    private final int mark;
    private final int base;
    private final int[][] counts; // [order][word]; order 0 is the number of all words of order 1
    private final int[] powers;
    private final boolean[] seen;
    private final double[] lower;
    private int recent; // the last N - 1 symbols and marks as a word

    Counts(int order, int symbols) {
      this.order = order;
      this.symbols = symbols;
      this.mark = symbols;
      this.base = symbols + 1;
      this.seen = new boolean[symbols];
      this.lower = new double[symbols];
      this.powers = new int[order + 1];
      this.counts = new int[order + 1][];
      for (int n = 0, size = 1; n <= order; n++, size *= base) {
        powers[n] = size;
        counts[n] = new int[size];
      }
    }

    void startString() {
      recent = 0;
      for (int i = 1; i < order; i++) {
        count(mark, i);
      }
    }

    void add(int symbol) {
      seen[symbol] = true;
      count(symbol, order);
    }

    /** Counts the words of up to {@code longest} digits that end in this one. */
    private void count(int digit, int longest) {
      int word = recent * base + digit;
      for (int n = 0; n <= longest; n++) {
        counts[n][word % powers[n]]++;
      }
      recent = word % powers[order - 1];
    }

    /** The probability of every symbol to come next; 0 for those not seen yet. */
    void predict(double[] result) {
      for (int c = 0; c < symbols; c++) {
        result[c] = seen[c] ? (double) counts[1][c] / counts[0][0] : 0;
      }
      for (int n = 2; n <= order; n++) {
        System.arraycopy(result, 0, lower, 0, symbols);
        refine(n, result);
      }
    }

    /** From P_{n-1} in {@code lower} to P_n. */
    private void refine(int n, double[] result) {
      int context = recent % powers[n - 1];
      double beta = 1;
      double unseenMass = 0;
      for (int c = 0; c < symbols; c++) {
        int count = seen[c] ? counts[n][context * base + c] : 0;
        if (count > 0) {
          result[c] = (double) count / counts[n - 1][context];
          beta -= result[c];
        } else {
          unseenMass += lower[c];
        }
      }
      for (int c = 0; c < symbols; c++) {
        if (counts[n][context * base + c] == 0 && seen[c]) {
          result[c] = beta * lower[c] / unseenMass;
        }
      }
    }
  }
}
