package io.sequencezoo.models.memory;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.memory.AttentionalBias;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm.Kind;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.dynamics.memory.Retention;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.matrix.GateActivation;
import io.sequencezoo.models.nonlinear.StackedConfig;
import java.util.List;

/**
 * Describes a {@link Titans} memory.
 *
 * @param heads H; 4
 * @param depth layers of the memory; 2
 * @param expansion hidden numbers of the memory over keys; 4
 * @param momentum whether surprise carries over from token to token; true
 * @param chunk C, tokens whose gradients are taken at the same weights; 16
 * @param step the largest step of a chunk, shared out to its tokens; 1
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(TitansConfig.NAME)
@JsonClassDescription("Titans: a deep memory moved by its surprise, with momentum and forgetting")
public record TitansConfig(
    int heads,
    int depth,
    int expansion,
    boolean momentum,
    int chunk,
    double step,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MemoryConfig {
  static final String NAME = "titans";

  /** Checks each field alone; {@link #build} checks them with the width. */
  public TitansConfig {
    MemoryConfig.check(NAME, heads, chunk, step, shortConvolution);
    MemoryConfig.checkNetwork(NAME, depth, expansion);
  }

  /** Two layers of expansion 4, as the unofficial code has them. */
  public static TitansConfig standard() {
    return new TitansConfig(4, 2, 4, true, 16, 1, 4, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<TitansConfig> examples() {
    return List.of(
        new TitansConfig(1, 2, 2, true, 4, 1, 4, GateActivation.SILU, true),
        new TitansConfig(1, 1, 1, false, 1, 0.5, 0, GateActivation.NONE, false));
  }

  /** Memory as a layer: the memory's outputs are what windowed attention sees. */
  public static StackedConfig asLayer(TitansConfig memory, SoftmaxAttentionConfig attention) {
    return StackedConfig.standard(List.of(memory, attention));
  }

  @Override
  public MemoryRule rule() {
    return new MemoryRule(
        MemoryConfig.residual(depth, expansion),
        new AttentionalBias.L2(),
        new Retention.Decay(),
        InnerAlgorithm.of(momentum ? Kind.MOMENTUM : Kind.DESCENT),
        chunk);
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new Titans(MemoryConfig.sizes(NAME, this, place), this));
  }
}
