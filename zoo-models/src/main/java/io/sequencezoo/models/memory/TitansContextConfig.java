package io.sequencezoo.models.memory;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.memory.AttentionalBias;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm.Kind;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.dynamics.memory.Retention;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.matrix.HeadSizes;
import java.util.List;

/**
 * Describes a {@link TitansContext}.
 *
 * @param heads H, of attention and of the memory; 4
 * @param segment C, tokens that attention sees at once, and whose gradients the memory takes at the
 *     same weights; 64
 * @param persistent P, learned tokens that every token attends to; 4
 * @param depth layers of the memory; 2
 * @param expansion hidden numbers of the memory over keys; 4
 * @param momentum whether surprise carries over from token to token; true
 * @param step the largest step of a segment, shared out to its tokens; 1
 * @param shortConvolution W, the tokens that a causal convolution on attention's q, k and v spans,
 *     or 0 for no convolution; 4
 */
@JsonTypeName(TitansContextConfig.NAME)
@JsonClassDescription("Titans, memory as context: segments attend to what was learned")
public record TitansContextConfig(
    int heads,
    int segment,
    int persistent,
    int depth,
    int expansion,
    boolean momentum,
    double step,
    int shortConvolution)
    implements MixerConfig {
  static final String NAME = "titans_context";

  private static final int MOST_PERSISTENT = 1024;

  /** Checks each field alone; {@link #build} checks them with the width. */
  public TitansContextConfig {
    checkArgument(segment >= 1, NAME + ": segment must be at least 1, got %s", segment);
    MemoryConfig.check(NAME, heads, segment, step, shortConvolution);
    MemoryConfig.checkNetwork(NAME, depth, expansion);
    checkArgument(
        persistent >= 0 && persistent <= MOST_PERSISTENT,
        NAME + ": persistent must be from 0 to %s, got %s; use 0 for no such tokens",
        MOST_PERSISTENT,
        persistent);
  }

  /** The memory of {@link TitansConfig#standard}, in segments of 64 tokens. */
  public static TitansContextConfig standard() {
    return new TitansContextConfig(4, 64, 4, 2, 4, true, 1, 4);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<TitansContextConfig> examples() {
    return List.of(
        new TitansContextConfig(1, 3, 2, 2, 1, true, 1, 2),
        new TitansContextConfig(2, 4, 0, 1, 1, false, 0.5, 0));
  }

  /** What the memory is. */
  MemoryRule rule() {
    return new MemoryRule(
        MemoryConfig.residual(depth, expansion),
        new AttentionalBias.L2(),
        new Retention.Decay(),
        InnerAlgorithm.of(momentum ? Kind.MOMENTUM : Kind.DESCENT),
        segment);
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new TitansContext(HeadSizes.of(NAME, place.width(), heads, 1, 1), this));
  }
}
