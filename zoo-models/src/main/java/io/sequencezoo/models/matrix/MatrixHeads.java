package io.sequencezoo.models.matrix;

/**
 * What a layer says of its matrix states that others build on: one write per token, and at most one
 * decay per head.
 */
public interface MatrixHeads {
  /** H, of values and states. */
  int stateHeads();

  /** K V, numbers of a head's state. */
  long numbersPerHead();

  /** What the recurrence multiplies queries by. */
  double queryScale();
}
