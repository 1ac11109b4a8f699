package io.sequencezoo.eval.experiment;

import com.fasterxml.jackson.annotation.JsonInclude;
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
 * @param accuracyError the standard error of {@code accuracy} when examples are drawn anew; null in
 *     runs of version 0.1
 * @param lastError likewise
 */
public record TokenScores(
    double accuracy,
    double last,
    double[] byPosition,
    @JsonInclude(JsonInclude.Include.NON_NULL) Double accuracyError,
    @JsonInclude(JsonInclude.Include.NON_NULL) Double lastError)
    implements Scores {
  /** Examples that are asked for at a time. */
  static final int BATCH = 50;

  /** The scores of a model. */
  static TokenScores of(TokenLogits model, Parameters parameters, List<TokenBatch> batches) {
    int steps = batches.stream().mapToInt(TokenBatch::steps).max().orElseThrow();
    long[] right = new long[steps];
    long[] counted = new long[steps];
    List<double[]> examples = new ArrayList<>();
    for (TokenBatch batch : batches) {
      boolean[][] answers = answers(model, parameters, batch);
      int[][] targets = batch.targets().toIntMatrix();
      for (int b = 0; b < targets.length; b++) {
        int last = -1;
        double ownRight = 0;
        double own = 0;
        for (int t = 0; t < targets[b].length; t++) {
          if (targets[b][t] != TokenBatch.IGNORED) {
            counted[t]++;
            right[t] += answers[b][t] ? 1 : 0;
            ownRight += answers[b][t] ? 1 : 0;
            own++;
            last = t;
          }
        }
        if (last >= 0) {
          examples.add(new double[] {ownRight, own, answers[b][last] ? 1 : 0, 1});
        }
      }
    }
    double[] byPosition = new double[steps];
    for (int t = 0; t < steps; t++) {
      byPosition[t] = (double) right[t] / counted[t];
    }
    Estimate accuracy = Estimate.ratio(column(examples, 0), column(examples, 1));
    Estimate last = Estimate.ratio(column(examples, 2), column(examples, 3));
    return new TokenScores(
        accuracy.value(), last.value(), byPosition, accuracy.standardError(), last.standardError());
  }

  private static double[] column(List<double[]> rows, int column) {
    return rows.stream().mapToDouble(row -> row[column]).toArray();
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
    return Map.of(
        "accuracy", Estimate.of(accuracy, accuracyError), "last", Estimate.of(last, lastError));
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
