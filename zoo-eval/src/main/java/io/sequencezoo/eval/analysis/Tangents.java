package io.sequencezoo.eval.analysis;

/** Small differences of a state that go along a trajectory. */
public interface Tangents {
  /** The numbers of a state. */
  int size();

  /** Moves on by a step of the trajectory, and every direction with it, in place. */
  void advance(double[][] directions);
}
