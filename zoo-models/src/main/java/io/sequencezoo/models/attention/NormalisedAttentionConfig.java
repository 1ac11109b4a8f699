package io.sequencezoo.models.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link NormalisedAttention}.
 *
 * @param heads H; 4 where absent
 * @param keyDim K, features of a query or key of a head, the state expansion of a value's feature;
 *     absent for width / heads
 * @param normaliser how the input sets what queries are divided by; exp where absent, the paper's
 *     best
 * @param bias whether the projections to queries, keys, values and normalisers have biases; true
 *     where absent
 */
@JsonTypeName(NormalisedAttentionConfig.NAME)
@JsonClassDescription("Normalised attention: linear attention over a number of the current token")
public record NormalisedAttentionConfig(
    int heads, @Derived int keyDim, Normaliser normaliser, boolean bias) implements MixerConfig {
  static final String NAME = "normalised_attention";

  /** Fills in the defaults. */
  public NormalisedAttentionConfig {
    checkArgument(heads >= 1, "%s: heads must be at least 1, got %s", NAME, heads);
    HeadSizes.checkDerived(NAME, "keyDim", keyDim, "its default");
  }

  /** Four heads and the paper's best normaliser. */
  public static NormalisedAttentionConfig standard() {
    return of(4, Normaliser.EXP);
  }

  /** With a normaliser, and otherwise the reference's defaults. */
  public static NormalisedAttentionConfig of(int heads, Normaliser normaliser) {
    return new NormalisedAttentionConfig(heads, 0, normaliser, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<NormalisedAttentionConfig> examples() {
    return List.of(
        of(2, Normaliser.EXP),
        of(1, Normaliser.SOFTPLUS),
        new NormalisedAttentionConfig(2, 3, Normaliser.SIGMOID, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new NormalisedAttention(this, place));
  }

  /** V at this width. */
  int valueDimFor(int width) {
    return HeadSizes.share(NAME, width, heads);
  }
}
