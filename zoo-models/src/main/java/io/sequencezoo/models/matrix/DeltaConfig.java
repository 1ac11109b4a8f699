package io.sequencezoo.models.matrix;

/** What the layers with a delta rule say besides. */
interface DeltaConfig extends MatrixStateConfig {
  /** Whether rates go up to 2 instead of 1. */
  boolean allowNegativeEigenvalues();

  /** N, corrections per token. */
  default int writes() {
    return 1;
  }
}
