package io.sequencezoo.datasets.chaos;

import java.util.SplittableRandom;

/**
 * A system that is followed step by step. It keeps scratch memory, so that one belongs to one
 * thread.
 */
public interface Flow {
  /** N, the numbers of a state. */
  int size();

  /** A state that the attractor is reached from. */
  double[] start(SplittableRandom random);

  /** Moves a state on by a step of integration, in place. */
  void step(double[] state);

  /** What is seen of a state, as many numbers as {@code seen} holds. */
  default void observe(double[] state, double[] seen) {
    System.arraycopy(state, 0, seen, 0, seen.length);
  }
}
