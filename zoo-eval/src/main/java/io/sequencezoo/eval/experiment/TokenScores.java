package io.sequencezoo.eval.experiment;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.models.model.TokenLogits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How often the likeliest token is the answer.
 *
 * @param accuracy over all positions that count
 * @param last over the last of them in every example, where the whole sequence matters
 * @param byPosition accuracy per position; NaN where none counts
 */
public record TokenScores(double accuracy, double last, double[] byPosition) implements Scores {
  /** Examples that are asked for at a time. */
  static final int BATCH = 50;

  /** The scores of a model. */
  static TokenScores of(TokenLogits model, Parameters parameters, List<TokenBatch> batches) {
    int steps = batches.stream().mapToInt(TokenBatch::steps).max().orElseThrow();
    long[] right = new long[steps];
    long[] counted = new long[steps];
    long lastRight = 0;
    long rows = 0;
    for (TokenBatch batch : batches) {
      boolean[][] answers = answers(model, parameters, batch);
      int[][] targets = batch.targets().toIntMatrix();
      for (int b = 0; b < targets.length; b++) {
        int last = -1;
        for (int t = 0; t < targets[b].length; t++) {
          if (targets[b][t] != TokenBatch.IGNORED) {
            counted[t]++;
            right[t] += answers[b][t] ? 1 : 0;
            last = t;
          }
        }
        rows += last < 0 ? 0 : 1;
        lastRight += last >= 0 && answers[b][last] ? 1 : 0;
      }
    }
    double[] byPosition = new double[steps];
    long allRight = 0;
    long allCounted = 0;
    for (int t = 0; t < steps; t++) {
      byPosition[t] = (double) right[t] / counted[t];
      allRight += right[t];
      allCounted += counted[t];
    }
    return new TokenScores((double) allRight / allCounted, (double) lastRight / rows, byPosition);
  }

  /** Whether the likeliest token is the target, per row and position. */
  static boolean[][] answers(TokenLogits model, Parameters parameters, TokenBatch batch) {
    int[][] targets = batch.targets().toIntMatrix();
    boolean[][] answers = new boolean[batch.rows()][batch.steps()];
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      Context rows = batch.lengths() == null ? context : context.withLengths(batch.lengths());
      var logits = model.logits(rows, batch.ids()).value();
      int vocabulary = (int) logits.size(2);
      double[] all = logits.ravel().toDoubleVector();
      for (int b = 0; b < answers.length; b++) {
        for (int t = 0; t < answers[b].length; t++) {
          int from = (b * batch.steps() + t) * vocabulary;
          answers[b][t] = likeliest(all, from, vocabulary) == targets[b][t];
        }
      }
    }
    return answers;
  }

  private static int likeliest(double[] logits, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      if (logits[from + i] > logits[from + best]) {
        best = i;
      }
    }
    return best;
  }

  @Override
  public Map<String, Estimate> estimates() {
    return Map.of("accuracy", Estimate.alone(accuracy), "last", Estimate.alone(last));
  }

  /** The accuracy by position, counted from 1. */
  @Override
  public Map<String, List<double[]>> curves() {
    List<double[]> points = new ArrayList<>();
    for (int t = 0; t < byPosition.length; t++) {
      if (!Double.isNaN(byPosition[t])) {
        points.add(new double[] {t + 1, byPosition[t]});
      }
    }
    return Map.of("accuracy", points);
  }
}
