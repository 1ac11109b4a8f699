package io.sequencezoo.models.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.List;

/**
 * Describes a {@link PathAttention}.
 *
 * @param heads query heads; 4 where absent
 * @param keyValueHeads heads of keys, values and reflections, a divisor of heads; absent for as
 *     many as query heads
 * @param headDim features of a head; absent for width / heads
 * @param directionRank features that the directions of reflections are maps of; 0 for the input
 *     itself; 32 where absent
 * @param shortConvolution tokens of the convolution of the directions, or 0 for none; 3 where
 *     absent
 * @param forgetGate whether a gate forgets besides; false where absent
 * @param qkNorm whether queries and keys are RMS-normalised per head; false where absent
 */
@JsonTypeName(PathAttentionConfig.NAME)
@JsonClassDescription("PaTH attention: softmax attention past reflections that the input sets")
public record PathAttentionConfig(
    int heads,
    int keyValueHeads,
    @Derived int headDim,
    int directionRank,
    int shortConvolution,
    boolean forgetGate,
    boolean qkNorm)
    implements MixerConfig {
  static final String NAME = "path_attention";

  /** The reference's rank of the map to directions. */
  private static final int RANK = 32;

  /** The reference's width of the convolution of directions. */
  private static final int CONVOLUTION = 3;

  /** Fills in the defaults. */
  public PathAttentionConfig {
    keyValueHeads = HeadSizes.keyValueHeads(NAME, heads, keyValueHeads);
    HeadSizes.checkDerived(NAME, "headDim", headDim, "its default");
    checkArgument(
        directionRank >= 0,
        "%s: directionRank must be at least 1, or 0 for a map of the input itself, got %s",
        NAME,
        directionRank);
    ShortConvolutions.checkSpan(NAME, shortConvolution);
  }

  /** The published layer with four heads. */
  public static PathAttentionConfig standard() {
    return of(4);
  }

  /** The published layer: no forget gate, no norms of queries and keys. */
  public static PathAttentionConfig of(int heads) {
    return new PathAttentionConfig(heads, 0, 0, RANK, CONVOLUTION, false, false);
  }

  /** The published layer with a forget gate, PaTH-FoX. */
  public static PathAttentionConfig forgetting(int heads) {
    return new PathAttentionConfig(heads, 0, 0, RANK, CONVOLUTION, true, false);
  }

  /** The default where this is said: keyValueHeads are as many. */
  static PathAttentionConfig standard(int heads) {
    return of(heads);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<PathAttentionConfig> examples() {
    return List.of(
        of(2),
        new PathAttentionConfig(4, 2, 3, 0, 0, true, true),
        new PathAttentionConfig(2, 1, 0, 2, 2, true, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new PathAttention(this, place));
  }

  /** The size of a head at this width. */
  int headDimFor(int width) {
    return HeadSizes.of(NAME, width, heads, headDim);
  }
}
