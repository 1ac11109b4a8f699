package io.sequencezoo.train;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * How good a model is on data that it wasn't trained on.
 *
 * @param score what selects the best model, lower is better
 * @param metrics everything measured, by name
 */
public record Evaluation(double score, Map<String, Double> metrics) {
  /** Sorts and copies the metrics. */
  public Evaluation {
    metrics = Collections.unmodifiableMap(new TreeMap<>(metrics));
  }
}
