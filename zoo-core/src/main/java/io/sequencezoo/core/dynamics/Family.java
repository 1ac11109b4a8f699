package io.sequencezoo.core.dynamics;

/** Kinds of recurrence, by what the state is. One kernel serves a family. */
public enum Family {
  /** A growing set of keys and values, or the last W of them. */
  ATTENTION,
  /** The inputs seen, weighted by how long ago they were. */
  CONVOLUTION,
  /** A matrix {@code S [K, V]} per head. */
  MATRIX_STATE,
  /** A vector with a diagonal transition. */
  VECTOR_STATE,
  /** A vector with a nonlinear transition. */
  NONLINEAR,
  /** The weights of a small network, moved by gradient steps. */
  OPTIMISER_MEMORY,
  /** All token states, moved by a shared transition over depth. */
  DEPTH,
  /** The tokens seen. */
  LOOKUP
}
