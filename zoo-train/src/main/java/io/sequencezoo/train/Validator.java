package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures a model during training. The same parameters must give the same evaluation. */
@FunctionalInterface
public interface Validator {
  /** Evaluates the model with these parameters and leaves them as they are. */
  Evaluation evaluate(Parameters parameters);

  /**
   * The objective's loss over fixed batches, weighted by their counts, as metric {@code loss}; and
   * those of blocks, as metrics by their paths.
   */
  static <B> Validator loss(Objective<B> objective, List<B> batches) {
    List<B> fixed = List.copyOf(batches);
    checkArgument(!fixed.isEmpty(), "validator: must have at least one batch, got none");
    return parameters -> {
      double sum = 0;
      long count = 0;
      Map<String, Double> sums = new LinkedHashMap<>();
      for (B batch : fixed) {
        try (Tape tape = Tape.inference()) {
          Objective.Loss loss = objective.loss(Context.inference(tape, parameters), batch);
          if (loss.count() > 0) {
            sum += loss.mean().value().getDouble(0) * loss.count();
            count += loss.count();
            loss.auxiliary()
                .forEach((name, value) -> sums.merge(name, value * loss.count(), Double::sum));
          }
        }
      }
      checkArgument(
          count > 0, "validator: batches must have at least one token that counts, got none");
      double mean = sum / count;
      long all = count;
      Map<String, Double> metrics = new LinkedHashMap<>(Map.of("loss", mean));
      sums.forEach((name, total) -> metrics.put(name, total / all));
      return new Evaluation(mean, metrics);
    };
  }
}
