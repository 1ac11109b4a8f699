package io.sequencezoo.eval.synthetic;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.models.model.TokenScores;
import java.util.List;

/**
 * How often the likeliest token is the answer.
 *
 * @param accuracy over all positions that count
 * @param last over the last position alone, where the whole sequence matters
 * @param byPosition accuracy per position; NaN where none counts
 */
public record SyntheticScores(double accuracy, double last, double[] byPosition) {

  /** The scores of a model on examples of one length. */
  static SyntheticScores of(TokenScores model, Parameters parameters, List<TokenBatch> batches) {
    int steps = batches.get(0).steps();
    long[] right = new long[steps];
    long[] counted = new long[steps];
    for (TokenBatch batch : batches) {
      try (Tape tape = Tape.inference()) {
        var logits = model.logits(Context.inference(tape, parameters), batch.ids()).value();
        int[] targets = batch.targets().dup('c').data().asInt();
        int vocabulary = (int) logits.size(2);
        double[] all = logits.dup('c').data().asDouble();
        for (int i = 0; i < targets.length; i++) {
          if (targets[i] != TokenBatch.IGNORED) {
            counted[i % steps]++;
            right[i % steps] += likeliest(all, i * vocabulary, vocabulary) == targets[i] ? 1 : 0;
          }
        }
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
    return new SyntheticScores((double) allRight / allCounted, byPosition[steps - 1], byPosition);
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
}
