package io.sequencezoo.models.attention;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link StickBreakingAttention}.
 *
 * @param heads query heads; 4 where absent
 * @param keyValueHeads heads of keys and values, a divisor of heads; absent for as many as query
 *     heads
 * @param headDim features of a head; absent for width / heads
 * @param attendCurrent whether a token shares the stick with its own key as well; false where
 *     absent
 * @param remainder whether what is left of the stick goes to the token's own value; true where
 *     absent
 */
@JsonTypeName(StickBreakingAttentionConfig.NAME)
@JsonClassDescription("Stick-breaking attention: near keys first, each taking a share of the rest")
public record StickBreakingAttentionConfig(
    int heads, int keyValueHeads, @Derived int headDim, boolean attendCurrent, boolean remainder)
    implements MixerConfig {
  static final String NAME = "stick_breaking_attention";

  /** Fills in the defaults. */
  public StickBreakingAttentionConfig {
    keyValueHeads = HeadSizes.keyValueHeads(NAME, heads, keyValueHeads);
    HeadSizes.checkDerived(NAME, "headDim", headDim, "its default");
  }

  /** The published layer with four heads. */
  public static StickBreakingAttentionConfig standard() {
    return of(4);
  }

  /** The published layer: a token reads those before it, what is left goes to its own value. */
  public static StickBreakingAttentionConfig of(int heads) {
    return new StickBreakingAttentionConfig(heads, 0, 0, false, true);
  }

  /** The default where this is said: keyValueHeads are as many. */
  static StickBreakingAttentionConfig standard(int heads) {
    return of(heads);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<StickBreakingAttentionConfig> examples() {
    return List.of(
        of(2),
        new StickBreakingAttentionConfig(4, 2, 3, true, true),
        new StickBreakingAttentionConfig(2, 1, 0, true, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new StickBreakingAttention(this, place));
  }

  /** The size of a head at this width. */
  int headDimFor(int width) {
    return HeadSizes.of(NAME, width, heads, headDim);
  }
}
