package io.sequencezoo.models.memory;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.memory.AttentionalBias;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm.Kind;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.dynamics.memory.Retention;
import io.sequencezoo.models.matrix.GateActivation;
import java.util.List;

/**
 * Describes Memora: an {@link OptimiserMemory} of squared errors whose weights are softmaxes.
 *
 * <p>Two layers are sensitive at steps as large as 1: differences grow with time, rounding errors
 * of float among them, whatever the solver. Smaller steps are less so.
 *
 * @param heads H; 4
 * @param depth layers of the memory; 2
 * @param expansion hidden numbers of the memory over keys; 4
 * @param total c, what the weights of an output add up to; 1
 * @param wholeMatrix whether a matrix is one simplex, not each of its outputs; false
 * @param chunk C, tokens whose gradients are taken at the same weights; 16
 * @param step the largest step of a chunk, shared out to its tokens; 1
 * @param rotary whether queries and keys turn by their position; true
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(MemoraConfig.NAME)
@JsonClassDescription(
    "Memora: a memory of weights on simplices, near the last ones in relative entropy")
public record MemoraConfig(
    int heads,
    int depth,
    int expansion,
    double total,
    boolean wholeMatrix,
    int chunk,
    double step,
    boolean rotary,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MemoryConfig {
  static final String NAME = "memora";

  /** Checks each field alone; {@link #build} checks them with the width. */
  public MemoraConfig {
    MemoryConfig.check(NAME, heads, chunk, step, shortConvolution);
    MemoryConfig.checkNetwork(NAME, depth, expansion);
    rule(depth, expansion, total, wholeMatrix, chunk);
  }

  /** Two layers of expansion 4. */
  public static MemoraConfig standard() {
    return new MemoraConfig(4, 2, 4, 1, false, 16, 1, true, 4, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<MemoraConfig> examples() {
    return List.of(
        new MemoraConfig(1, 2, 2, 1, false, 4, 0.05, false, 0, GateActivation.SILU, true),
        new MemoraConfig(1, 1, 1, 3, true, 4, 0.5, true, 0, GateActivation.NONE, false));
  }

  @Override
  public MemoryRule rule() {
    return rule(depth, expansion, total, wholeMatrix, chunk);
  }

  private static MemoryRule rule(
      int depth, int expansion, double total, boolean wholeMatrix, int chunk) {
    return new MemoryRule(
        MemoryConfig.residual(depth, expansion),
        new AttentionalBias.L2(),
        new Retention.Entropy(total, wholeMatrix),
        InnerAlgorithm.of(Kind.DESCENT),
        chunk);
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new OptimiserMemory(MemoryConfig.sizes(NAME, this, place), this));
  }
}
