package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.List;
import java.util.Map;

/** How well something does on a set of examples: named estimates, and named curves. */
public interface Scores {
  /** The estimates by name. */
  Map<String, Estimate> estimates();

  /** Pairs of position and value by name. */
  Map<String, List<double[]>> curves();

  /**
   * The estimate of this name.
   *
   * @throws IllegalArgumentException where there is none
   */
  default Estimate estimate(String name) {
    Estimate estimate = estimates().get(name);
    checkArgument(
        estimate != null, "scores: must have estimate %s, got %s", name, estimates().keySet());
    return estimate;
  }
}
