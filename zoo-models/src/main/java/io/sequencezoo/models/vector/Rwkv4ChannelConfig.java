package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link Rwkv4ChannelMixing}.
 *
 * @param expansion E over the width; 4
 * @param shortConvolution tokens that the token shift spans: 2, or 0 for no shift; 2
 */
@JsonTypeName(Rwkv4ChannelConfig.NAME)
@JsonClassDescription("RWKV-4's channel mixing: gated squared ReLUs that see the token before")
public record Rwkv4ChannelConfig(double expansion, int shortConvolution) implements MixerConfig {
  static final String NAME = "rwkv4_channel";

  /** Checks each field alone. */
  public Rwkv4ChannelConfig {
    Expansions.check(NAME, expansion, 0);
    checkArgument(
        shortConvolution == 0 || shortConvolution == 2,
        NAME + ": shortConvolution must be 2, the token shift, or 0 for none, got %s",
        shortConvolution);
  }

  /** The reference layer. */
  public static Rwkv4ChannelConfig standard() {
    return new Rwkv4ChannelConfig(4, 2);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<Rwkv4ChannelConfig> examples() {
    return List.of(new Rwkv4ChannelConfig(2, 2), new Rwkv4ChannelConfig(2, 0));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new Rwkv4ChannelMixing(
            place, Expansions.inner(NAME, place, expansion), shortConvolution > 0));
  }
}
