package io.sequencezoo.eval.experiment;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.TrainResult;
import java.util.List;

/**
 * A model after training.
 *
 * @param model as configured
 * @param parameters at the best evaluation
 * @param train how it was trained
 * @param result how training went
 * @param seconds spent in updates
 */
public record Trained(
    Model model, Parameters parameters, TrainConfig train, TrainResult result, double seconds) {

  /** Examples seen in so many updates. */
  public long examples(long steps) {
    return steps * train.accumulate() * train.batch();
  }

  /** The training losses against examples seen. */
  public List<LossPoint> losses() {
    return result.history().losses().stream()
        .map(point -> new LossPoint(examples(point.step()), point.loss()))
        .toList();
  }

  /** The mean loss of the updates up to a number of examples seen, in nats per target. */
  public record LossPoint(long examples, double loss) {}

  /** Tokens per second in updates. */
  public double tokensPerSecond() {
    // The floor keeps an instant from dividing by zero.
    return result.tokens() / Math.max(1e-9, seconds);
  }
}
