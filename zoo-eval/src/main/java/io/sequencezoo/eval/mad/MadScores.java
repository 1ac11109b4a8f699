package io.sequencezoo.eval.mad;

import io.sequencezoo.eval.experiment.Estimate;
import io.sequencezoo.eval.experiment.Scores;
import io.sequencezoo.eval.experiment.SizeScores;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Scores by size, and the scaled score: 0 for always telling what is told most often, 1 for telling
 * everything.
 *
 * <pre>{@code scaled = (accuracy - frequent) / (1 - frequent)}</pre>
 *
 * @param sizes the scores by size
 * @param frequent the accuracy of the most frequent answer, over the sizes up to that in training
 */
public record MadScores(SizeScores sizes, double frequent) implements Scores {
  @Override
  public Map<String, Estimate> estimates() {
    Map<String, Estimate> all = new HashMap<>(sizes.estimates());
    Estimate accuracy = all.get("accuracy");
    all.put(
        "scaled",
        new Estimate(
            (accuracy.value() - frequent) / (1 - frequent),
            accuracy.standardError() / (1 - frequent)));
    return all;
  }

  @Override
  public Map<String, List<double[]>> curves() {
    return sizes.curves();
  }
}
