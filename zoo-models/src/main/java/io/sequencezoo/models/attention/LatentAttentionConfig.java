package io.sequencezoo.models.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link LatentAttention}. Sizes that are absent are the paper's multiples of headDim.
 *
 * @param heads H; 4 where absent
 * @param headDim C, features of a head's query and key that carry no position; absent for width /
 *     heads
 * @param valueDim V, features of a head's value; absent for headDim
 * @param ropeDim P, features of a head's query and of the shared key that carry positions, even;
 *     absent for headDim / 2
 * @param rank R, features of the latent of keys and values; absent for 4 headDim
 * @param queryRank features of the latent of queries; absent for queries straight from the input
 * @param window only positions less than this many steps away are seen; absent for all
 * @param rope convention and base of the rotation, of all P features; half split and 10000 where
 *     absent
 */
@JsonTypeName(LatentAttentionConfig.NAME)
@JsonClassDescription(
    "Multi-head latent attention (MLA): keys and values are maps of a small latent")
public record LatentAttentionConfig(
    int heads,
    @Derived int headDim,
    @Derived int valueDim,
    @Derived int ropeDim,
    @Derived int rank,
    @Derived int queryRank,
    @Derived int window,
    Position.Rope rope)
    implements MixerConfig {
  static final String NAME = "latent_attention";

  /** Fills in the defaults that don't depend on the width. */
  public LatentAttentionConfig {
    checkArgument(heads >= 1, "%s: heads must be at least 1, got %s", NAME, heads);
    HeadSizes.checkDerived(NAME, "headDim", headDim, "its default");
    HeadSizes.checkDerived(NAME, "valueDim", valueDim, "its default");
    HeadSizes.checkDerived(NAME, "rank", rank, "its default");
    HeadSizes.checkDerived(NAME, "queryRank", queryRank, "its default");
    HeadSizes.checkDerived(NAME, "window", window, "its default");
    checkArgument(
        ropeDim >= 0 && ropeDim % 2 == 0,
        "%s: ropeDim must be even, or 0 for headDim / 2, got %s",
        NAME,
        ropeDim);
    checkArgument(
        rope.fraction() == 1,
        "%s: rope fraction must be 1, got %s; set ropeDim instead",
        NAME,
        rope.fraction());
  }

  /** Four heads with the paper's multiples. */
  public static LatentAttentionConfig standard() {
    return of(4);
  }

  /** With the paper's multiples and queries straight from the input, as in its lite model. */
  public static LatentAttentionConfig of(int heads) {
    return new LatentAttentionConfig(heads, 0, 0, 0, 0, 0, 0, Position.Rope.standard());
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<LatentAttentionConfig> examples() {
    return List.of(
        of(2),
        new LatentAttentionConfig(
            3, 4, 3, 2, 5, 6, 7, new Position.Rope(Rotary.Convention.INTERLEAVED, 100.0, 1)));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new LatentAttention(this, place));
  }

  /** C at this width. */
  int headDimFor(int width) {
    return HeadSizes.of(NAME, width, heads, headDim);
  }
}
