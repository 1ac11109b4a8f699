package io.sequencezoo.models.memory;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.dynamics.memory.MemoryNetwork;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.conv.ShortConvolutions;
import io.sequencezoo.models.matrix.GateActivation;
import io.sequencezoo.models.matrix.HeadSizes;

/** What the layers around memories say. */
public interface MemoryConfig extends MixerConfig {
  /** H. */
  int heads();

  /** C, tokens whose gradients are taken at the same weights. */
  int chunk();

  /** The largest step of a chunk. */
  double step();

  /** W of the causal convolutions on q, k and v, or 0 for none. */
  int shortConvolution();

  /** What multiplies the outputs. */
  GateActivation outputGate();

  /** Whether outputs are normalised. */
  boolean norm();

  /** Whether queries and keys turn by their position. */
  default boolean rotary() {
    return false;
  }

  /** The degree of the polynomial features of queries and keys, 1 for these as they are. */
  default int degree() {
    return 1;
  }

  /** The memory. */
  MemoryRule rule();

  /** The heads of a layer of this width, with as many values as keys. */
  static HeadSizes sizes(String subject, MemoryConfig config, Place place) {
    HeadSizes sizes = HeadSizes.of(subject, place.width(), config.heads(), 1, 1);
    checkArgument(
        !config.rotary() || sizes.keys() % 2 == 0,
        "%s: heads must have an even number of features to turn, got %s; use other heads",
        subject,
        sizes.keys());
    return sizes;
  }

  /** Refuses what fits no width. */
  static void check(String subject, int heads, int chunk, double step, int shortConvolution) {
    HeadSizes.checkHeads(subject, heads);
    checkArgument(chunk >= 1, "%s: chunk must be at least 1, got %s", subject, chunk);
    HeadSizes.checkPositive(subject, "step", step);
    ShortConvolutions.checkSpan(subject, shortConvolution);
  }

  /** Refuses networks of no layers. */
  static void checkNetwork(String subject, int depth, int expansion) {
    checkArgument(depth >= 1, "%s: depth must be at least 1, got %s", subject, depth);
    checkArgument(expansion >= 1, "%s: expansion must be at least 1, got %s", subject, expansion);
    checkArgument(
        depth > 1 || expansion == 1,
        "%s: a memory of one layer has nothing to expand, got expansion %s; use expansion 1",
        subject,
        expansion);
  }

  /** Layers with an expansion, or one matrix. */
  static MemoryNetwork network(int depth, int expansion) {
    return depth == 1 ? MemoryNetwork.linear() : MemoryNetwork.mlp(depth, expansion);
  }

  /** The same with a residual around its norm. */
  static MemoryNetwork residual(int depth, int expansion) {
    return network(depth, expansion).withResidual(MemoryNetwork.Residual.INPUT);
  }
}
