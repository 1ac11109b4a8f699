package io.sequencezoo.eval.experiment;

import java.util.List;
import java.util.Map;

/** How well something does on a set of examples: named estimates, and named curves. */
public interface Scores {
  /** The estimates by name. */
  Map<String, Estimate> estimates();

  /** Pairs of position and value by name. */
  Map<String, List<double[]>> curves();
}
