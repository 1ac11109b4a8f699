package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Weights that are removed at random: a control for a change that removes as many on purpose. They
 * are drawn uniformly, without replacement, among the entries of all matrices of a model (and of
 * convolutions: whatever has two axes or more); vectors, that is biases, gains of norms and decays,
 * stay whole, for a removed gain would take a whole channel with it.
 */
final class RandomRemoval {
  private RandomRemoval() {}

  /** How many weights there are to draw from. */
  static long available(List<ParameterSpec> specs) {
    return specs.stream().filter(RandomRemoval::drawn).mapToLong(ParameterSpec::length).sum();
  }

  private static boolean drawn(ParameterSpec spec) {
    return spec.shape().length >= 2;
  }

  /** Zero where a weight is removed, one elsewhere, in the order of the flat vector. */
  static INDArray kept(Parameters parameters, long removed, long seed) {
    List<ParameterSpec> specs = parameters.specs();
    long left = available(specs);
    checkArgument(
        removed <= left,
        "treatment: removed must be at most the %s weights of matrices, got %s",
        left,
        removed);
    float[] kept = new float[(int) parameters.count()];
    SplittableRandom random = new SplittableRandom(Treatment.stream("removal", seed));
    long needed = removed;
    int at = 0;
    for (ParameterSpec spec : specs) {
      for (long i = 0; i < spec.length(); i++) {
        // Selection sampling (Knuth, The Art of Computer Programming 2, algorithm 3.4.2 S).
        boolean chosen = drawn(spec) && random.nextLong(left) < needed;
        kept[at++] = chosen ? 0 : 1;
        needed -= chosen ? 1 : 0;
        left -= drawn(spec) ? 1 : 0;
      }
    }
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.createFromArray(kept).castTo(parameters.type());
    }
  }
}
