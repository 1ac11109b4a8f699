package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.models.model.TokenLogits;
import java.util.ArrayList;
import java.util.List;

/** A trained model as a predictor: the softmax of its scores over the whole vocabulary. */
public final class ModelPredictor implements Predictor {
  private final String name;
  private final TokenLogits model;
  private final Parameters parameters;

  /** A model with these parameters, which are read whenever a prediction is asked for. */
  public ModelPredictor(String name, TokenLogits model, Parameters parameters) {
    this.name = name;
    this.model = model;
    this.parameters = parameters;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<double[][]> probabilities(List<Problem> problems) {
    TokenBatch batch = IcllTask.batch(problems);
    double[] scores;
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      Context rows = batch.lengths() == null ? context : context.withLengths(batch.lengths());
      scores = model.logits(rows, batch.ids()).value().ravel().toDoubleVector();
    }
    int vocabulary = problems.get(0).vocabulary().size();
    checkArgument(
        scores.length == batch.rows() * batch.steps() * vocabulary,
        "%s: logits must be [B, T, V] = [%s, %s, %s], got %s numbers",
        name,
        batch.rows(),
        batch.steps(),
        vocabulary,
        scores.length);
    List<double[][]> tables = new ArrayList<>(problems.size());
    for (int b = 0; b < problems.size(); b++) {
      double[][] table = new double[problems.get(b).length()][vocabulary];
      for (int t = 0; t < table.length; t++) {
        softmax(scores, (b * batch.steps() + t) * vocabulary, table[t]);
      }
      tables.add(table);
    }
    return tables;
  }

  private static void softmax(double[] scores, int offset, double[] result) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int v = 0; v < result.length; v++) {
      largest = Math.max(largest, scores[offset + v]);
    }
    double sum = 0;
    for (int v = 0; v < result.length; v++) {
      result[v] = Math.exp(scores[offset + v] - largest);
      sum += result[v];
    }
    for (int v = 0; v < result.length; v++) {
      result[v] /= sum;
    }
  }
}
