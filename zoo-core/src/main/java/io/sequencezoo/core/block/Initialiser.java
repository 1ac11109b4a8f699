package io.sequencezoo.core.block;

import java.util.SplittableRandom;

/** Fills a new parameter. Each parameter has a random stream of its own, from seed and name. */
@FunctionalInterface
public interface Initialiser {
  /** The values of a parameter of the given shape, row-major. */
  double[] values(long[] shape, SplittableRandom random);
}
