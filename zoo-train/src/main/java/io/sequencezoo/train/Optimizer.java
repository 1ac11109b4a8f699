package io.sequencezoo.train;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Moves a model's parameters against their gradients, both as flat vectors. */
public interface Optimizer {
  /**
   * One update.
   *
   * @param gradientScale what gradients are multiplied by first; they are unspecified afterwards
   * @param learningRate the rate of this step
   */
  void step(double gradientScale, double learningRate);

  /** The number of updates so far. */
  long steps();

  /** The live flat vectors that the optimiser remembers besides the parameters, by name. */
  Map<String, INDArray> state();

  /** Continues after this many updates; the vectors of {@link #state} have been set already. */
  void restore(long steps);
}
