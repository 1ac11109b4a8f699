package io.sequencezoo.models.matrix;

import io.sequencezoo.core.registry.MixerConfig;

/** The switches of a layer with matrix states. */
interface MatrixStateConfig extends MixerConfig {
  /** W of the causal convolutions on q, k and v, or 0 for none. */
  int shortConvolution();

  /** What multiplies the outputs. */
  GateActivation outputGate();

  /** Whether outputs are normalised. */
  boolean norm();

  /** What is added to the mean square of outputs before its root is taken. */
  default double normEps() {
    return GatedNorm.EPS;
  }
}
