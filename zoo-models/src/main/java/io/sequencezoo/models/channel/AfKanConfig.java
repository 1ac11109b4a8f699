package io.sequencezoo.models.channel;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link AfKan}.
 *
 * @param grid pieces of the unit interval; 5 where absent
 * @param order pieces before it that functions reach; 3 where absent
 * @param expansion F / D, 1 where absent; F is rounded
 */
@JsonTypeName(AfKanConfig.NAME)
@JsonClassDescription("AF-KAN: two maps of learned bumps of every feature, weighted among features")
public record AfKanConfig(int grid, int order, double expansion) implements FeedForwardConfig {
  static final String NAME = "af_kan";

  /** Checks the ranges. */
  public AfKanConfig {
    checkArgument(grid >= 1, "%s: grid must be at least 1, got %s", NAME, grid);
    checkArgument(order >= 0, "%s: order must be at least 0, got %s", NAME, order);
    ChannelShape.check(NAME, expansion, 0);
  }

  /** The reference's grid of 5 and order of 3. */
  public static AfKanConfig standard() {
    return new AfKanConfig(5, 3, 1);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<AfKanConfig> examples() {
    return List.of(standard(), new AfKanConfig(3, 2, 2));
  }

  @Override
  public FeedForward build(MixerConfig.Place place) {
    ChannelShape shape = ChannelShape.of(NAME, place, expansion, false, 0);
    return new AfKan(shape.width(), shape.hidden(), grid, order);
  }
}
