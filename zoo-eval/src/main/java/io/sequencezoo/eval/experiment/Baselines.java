package io.sequencezoo.eval.experiment;

import java.util.List;
import java.util.Map;

/**
 * What needs no training.
 *
 * @param field of the results that it is written to
 * @param content what is written there
 * @param scores by name, in the order of tables
 */
public record Baselines(String field, Object content, Map<String, ? extends Scores> scores) {

  /** A guess that is right as often at every position, from 1 to the last. */
  public static Baselines chance(double accuracy, int length) {
    return new Baselines("chance", accuracy, Map.of("chance", new Chance(accuracy, length)));
  }

  private record Chance(double accuracy, int length) implements Scores {
    @Override
    public Map<String, Estimate> estimates() {
      return Map.of("accuracy", Estimate.alone(accuracy), "last", Estimate.alone(accuracy));
    }

    @Override
    public Map<String, List<double[]>> curves() {
      return Map.of(
          "accuracy", List.of(new double[] {1, accuracy}, new double[] {length, accuracy}));
    }
  }
}
