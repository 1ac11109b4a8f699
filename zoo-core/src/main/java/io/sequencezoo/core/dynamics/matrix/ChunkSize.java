package io.sequencezoo.core.dynamics.matrix;

/**
 * How long a chunk is. States are kept at chunk starts for the backward pass, which runs again what
 * is between: longer chunks keep less and take more scratch memory.
 */
final class ChunkSize {
  /** Rows of the largest chunk, one for each write of a token. */
  static final int ROWS = 64;

  private ChunkSize() {}

  /** Tokens whose writes fit the largest chunk. */
  static int tokens(int writes) {
    return ROWS / writes;
  }

  /** Chunks of so many tokens, at least one. */
  static int count(int steps, int tokens) {
    return Math.max(1, (steps + tokens - 1) / tokens);
  }
}
