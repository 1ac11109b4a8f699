package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.ClassBatch;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.models.model.Model;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How well a model tells classes apart: over fixed batches the mean cross-entropy, which selects
 * the best model, as metric {@code loss}, and the share of sequences whose likeliest class is
 * theirs, as {@code accuracy}.
 */
public final class ClassScores implements Validator {
  private final Validator loss;
  private final ClassObjective objective;
  private final List<ClassBatch> batches;

  /** The scores of a model over these batches. */
  public ClassScores(Model model, List<ClassBatch> batches) {
    this.objective = new ClassObjective(model);
    this.batches = List.copyOf(batches);
    this.loss = Validator.loss(objective, this.batches);
  }

  @Override
  public Evaluation evaluate(Parameters parameters) {
    Evaluation evaluation = loss.evaluate(parameters);
    Map<String, Double> metrics = new LinkedHashMap<>(evaluation.metrics());
    metrics.put("accuracy", accuracy(parameters));
    return new Evaluation(evaluation.score(), metrics);
  }

  private double accuracy(Parameters parameters) {
    long right = 0;
    long count = 0;
    for (ClassBatch batch : batches) {
      try (Tape tape = Tape.inference()) {
        INDArray logits = objective.logits(Context.inference(tape, parameters), batch).value();
        for (int b = 0; b < batch.rows(); b++) {
          int target = batch.classes().getInt(b);
          if (target != TokenBatch.IGNORED) {
            count++;
            right += likeliest(logits, b) == target ? 1 : 0;
          }
        }
      }
    }
    checkArgument(count > 0, "scores: batches must have at least one known class, got none");
    return (double) right / count;
  }

  /** The first of the largest. */
  private static int likeliest(INDArray logits, int row) {
    int best = 0;
    for (int c = 1; c < logits.size(1); c++) {
      if (logits.getDouble(row, c) > logits.getDouble(row, best)) {
        best = c;
      }
    }
    return best;
  }
}
