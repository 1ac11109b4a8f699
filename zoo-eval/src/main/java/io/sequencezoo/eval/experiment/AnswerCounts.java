package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.models.model.TokenLogits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What needs no training but counting: the answer that followed the same last n tokens most often
 * in other examples, and of fewer tokens where those never came. Whoever does no better has learnt
 * nothing from what lies further back.
 */
public final class AnswerCounts implements TokenLogits {
  private final int vocabulary;

  /** Counts by answer, by the last 0, 1 ... n tokens as a number. */
  private final List<Map<Long, Map<Integer, Integer>>> byContext = new ArrayList<>();

  /**
   * The counts of some examples.
   *
   * @param vocabulary V of tokens and answers
   * @param n tokens that are looked at
   */
  public AnswerCounts(int vocabulary, int n, Iterable<SyntheticData.Example> examples) {
    checkArgument(
        n >= 0 && Math.pow(vocabulary, n) < Long.MAX_VALUE,
        "counts: n must be at least 0 and few enough for %s tokens, got %s",
        vocabulary,
        n);
    this.vocabulary = vocabulary;
    for (int order = 0; order <= n; order++) {
      byContext.add(new HashMap<>());
    }
    for (SyntheticData.Example example : examples) {
      for (int t = 0; t < example.labels().length; t++) {
        if (example.labels()[t] != SyntheticData.IGNORED) {
          count(example.tokens(), t, example.labels()[t]);
        }
      }
    }
  }

  private void count(int[] tokens, int t, int answer) {
    for (int order = 0; order < byContext.size() && order <= t + 1; order++) {
      byContext
          .get(order)
          .computeIfAbsent(key(tokens, t, order), none -> new HashMap<>())
          .merge(answer, 1, Integer::sum);
    }
  }

  private long key(int[] tokens, int t, int order) {
    long key = 0;
    for (int back = order - 1; back >= 0; back--) {
      key = key * vocabulary + tokens[t - back];
    }
    return key;
  }

  /** Scores in proportion to counts. */
  @Override
  public Variable logits(Context context, INDArray ids) {
    int[][] tokens = ids.toIntMatrix();
    float[][][] scores = new float[tokens.length][tokens[0].length][vocabulary];
    for (int b = 0; b < tokens.length; b++) {
      for (int t = 0; t < tokens[b].length; t++) {
        float[] own = scores[b][t];
        longest(tokens[b], t).forEach((answer, count) -> own[answer] = count);
      }
    }
    return context.tape().constant(Nd4j.createFromArray(scores));
  }

  /** The counts after the longest end of what was read that came before. */
  private Map<Integer, Integer> longest(int[] tokens, int t) {
    for (int order = Math.min(t + 1, byContext.size() - 1); order > 0; order--) {
      Map<Integer, Integer> counts = byContext.get(order).get(key(tokens, t, order));
      if (counts != null) {
        return counts;
      }
    }
    return byContext.get(0).getOrDefault(0L, Map.of());
  }
}
