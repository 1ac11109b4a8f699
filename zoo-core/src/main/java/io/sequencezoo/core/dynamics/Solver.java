package io.sequencezoo.core.dynamics;

/** Ways to advance a recurrence over a whole sequence. All give the same answer. */
public enum Solver {
  /** Whichever of the recurrence's own solvers is fastest for the shape, as measured. */
  AUTO,
  /** One token after the other. */
  SEQUENTIAL,
  /** Dense products within chunks, the recurrence between them. */
  CHUNKED,
  /** All pairs of positions, in blocks. */
  BLOCKWISE,
  /** Parallel prefix composition of transitions. */
  ASSOCIATIVE_SCAN,
  /** Convolution by fast Fourier transform, where the system is time-invariant. */
  CONVOLUTION,
  /** Newton's method on the whole trajectory of a nonlinear system. */
  NEWTON
}
