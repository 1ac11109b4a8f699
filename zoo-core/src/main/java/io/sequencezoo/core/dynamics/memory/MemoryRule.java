package io.sequencezoo.core.dynamics.memory;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * The four choices that describe a memory wholly, as Miras names them, and how many tokens share
 * the weights that their gradients are taken at.
 *
 * @param network the memory
 * @param bias the attentional bias: what it minimises
 * @param retention how it holds on to what it knows
 * @param algorithm how it steps
 * @param chunk C, tokens between two points at which gradients are taken: 1 for every token's own
 */
public record MemoryRule(
    MemoryNetwork network,
    AttentionalBias bias,
    Retention retention,
    InnerAlgorithm algorithm,
    int chunk) {
  /** Longer ones would hold more weights at once than memory does. */
  private static final int LONGEST = 1024;

  /** Checks the combination. */
  public MemoryRule {
    checkArgument(
        chunk >= 1 && chunk <= LONGEST,
        "memory: chunk must be between 1 and %s, got %s",
        LONGEST,
        chunk);
    checkArgument(
        !algorithm.miniBatch() || retention instanceof Retention.None,
        "memory: a mini-batch needs retention none, got %s; use momentum or descent",
        retention);
    checkArgument(
        network.form() != MemoryNetwork.Form.VECTOR
            || !(retention instanceof Retention.Entropy entropy)
            || entropy.wholeMatrix(),
        "memory: a vector is one simplex, got one for each output; use the whole matrix");
    checkArgument(
        !network.biased() || (retention.linear() && !algorithm.orthogonal()),
        "memory: biases are vectors, that neither %s nor an orthogonal step is for; use no biases",
        retention);
    checkArgument(
        !(retention instanceof Retention.LocalGlobal)
            || algorithm.kind() == InnerAlgorithm.Kind.DESCENT,
        "memory: local and global l2 go with descent, got %s; use decay",
        algorithm.kind());
  }

  /** Whether gradients of a chunk add up without that the weights at each token are formed. */
  boolean isLinear() {
    return scales() || (retention.linear() && !algorithm.orthogonal());
  }

  /**
   * Whether the weights are the sums times a number of each token, and sums move by one outer
   * product a token, so that the number is known without the weights.
   */
  boolean scales() {
    return retention instanceof Retention.Lq
        && !retention.linear()
        && algorithm.kind() == InnerAlgorithm.Kind.DESCENT
        && algorithm.window() == 1
        && network.form() != MemoryNetwork.Form.VECTOR;
  }

  /** Whether the state also holds the weights at which gradients are taken. */
  boolean hasBase() {
    return chunk > 1 && !algorithm.miniBatch();
  }

  /** Tokens before the present one that a step still sees. */
  int history() {
    return algorithm.window() - 1;
  }
}
