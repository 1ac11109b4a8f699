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
import io.sequencezoo.models.matrix.GateActivation;
import java.util.List;

/**
 * Describes an {@link Atlas}, or without orthogonal steps the paper's OmegaNet.
 *
 * @param heads H; 4
 * @param depth layers of the memory; 2
 * @param expansion hidden numbers of the memory over keys; 4
 * @param degree p, of the polynomial features of queries and keys, at most 8; 1, for these as they
 *     are
 * @param window c, tokens that a step learns; 4
 * @param orthogonal whether steps are made orthogonal, as Muon's; true
 * @param chunk C, tokens whose gradients are taken at the same weights; 16
 * @param step the largest step of a chunk, shared out to its tokens; 1
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(AtlasConfig.NAME)
@JsonClassDescription("Atlas: a deep memory that learns windows of tokens by orthogonal steps")
public record AtlasConfig(
    int heads,
    int depth,
    int expansion,
    int degree,
    int window,
    boolean orthogonal,
    int chunk,
    double step,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MemoryConfig {
  static final String NAME = "atlas";

  /** Beyond, even narrow heads have too many features. */
  private static final int HIGHEST = 8;

  /** Checks each field alone; {@link #build} checks them with the width. */
  public AtlasConfig {
    MemoryConfig.check(NAME, heads, chunk, step, shortConvolution);
    MemoryConfig.checkNetwork(NAME, depth, expansion);
    checkArgument(
        degree >= 1 && degree <= HIGHEST,
        NAME + ": degree must be in 1 to %s, got %s; use 1 for keys as they are",
        HIGHEST,
        degree);
    checkArgument(window >= 1, NAME + ": window must be at least 1, got %s", window);
  }

  /** Windows of four tokens, two layers of expansion 4. */
  public static AtlasConfig standard() {
    return new AtlasConfig(4, 2, 4, 1, 4, true, 16, 1, 4, GateActivation.SILU, true);
  }

  /** OmegaNet: the same by gradient descent. */
  public static AtlasConfig omega() {
    return new AtlasConfig(4, 2, 4, 1, 4, false, 16, 1, 4, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<AtlasConfig> examples() {
    return List.of(
        new AtlasConfig(1, 1, 1, 1, 4, true, 4, 1, 4, GateActivation.SILU, true),
        new AtlasConfig(1, 2, 2, 1, 3, false, 4, 0.5, 0, GateActivation.NONE, false),
        new AtlasConfig(2, 1, 1, 2, 2, false, 3, 1, 0, GateActivation.SILU, true));
  }

  @Override
  public MemoryRule rule() {
    return new MemoryRule(
        degree == 1
            ? MemoryConfig.residual(depth, expansion)
            : MemoryConfig.network(depth, expansion),
        new AttentionalBias.L2(),
        new Retention.Decay(),
        new InnerAlgorithm(orthogonal ? Kind.ORTHOGONAL : Kind.DESCENT, window),
        chunk);
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new Atlas(MemoryConfig.sizes(NAME, this, place), this));
  }
}
