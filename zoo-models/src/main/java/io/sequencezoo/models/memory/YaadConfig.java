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
 * Describes Yaad: an {@link OptimiserMemory} of Huber's loss, whose threshold each token sets,
 * under a decay.
 *
 * @param heads H; 4
 * @param depth layers of the memory; 2
 * @param expansion hidden numbers of the memory over keys; 4
 * @param chunk C, tokens whose gradients are taken at the same weights; 16
 * @param step the largest step of a chunk, shared out to its tokens; 1
 * @param rotary whether queries and keys turn by their position; true
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(YaadConfig.NAME)
@JsonClassDescription(
    "Yaad: a memory whose errors count squared up to a threshold that the token sets")
public record YaadConfig(
    int heads,
    int depth,
    int expansion,
    int chunk,
    double step,
    boolean rotary,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MemoryConfig {
  static final String NAME = "yaad";

  /** Checks each field alone; {@link #build} checks them with the width. */
  public YaadConfig {
    MemoryConfig.check(NAME, heads, chunk, step, shortConvolution);
    MemoryConfig.checkNetwork(NAME, depth, expansion);
    rule(depth, expansion, chunk);
  }

  /** Two layers of expansion 4. */
  public static YaadConfig standard() {
    return new YaadConfig(4, 2, 4, 16, 1, true, 4, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<YaadConfig> examples() {
    return List.of(new YaadConfig(1, 2, 2, 4, 1, false, 0, GateActivation.SILU, true));
  }

  @Override
  public MemoryRule rule() {
    return rule(depth, expansion, chunk);
  }

  private static MemoryRule rule(int depth, int expansion, int chunk) {
    return new MemoryRule(
        MemoryConfig.residual(depth, expansion),
        new AttentionalBias.Huber(),
        new Retention.Decay(),
        InnerAlgorithm.of(Kind.DESCENT),
        chunk);
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new OptimiserMemory(MemoryConfig.sizes(NAME, this, place), this));
  }
}
