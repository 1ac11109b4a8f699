package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link Rhn}.
 *
 * @param hidden H, the number of units; absent for the width. Where it differs from the width, a
 *     linear map leads back
 * @param depth L, highway layers per token; 3
 * @param transformBias where the bias of the transform gates starts: -2 keeps states at first (the
 *     paper's on Penn Treebank; -4 on enwik8); -2
 * @param dropout none
 */
@JsonTypeName(RhnConfig.NAME)
@JsonClassDescription("Recurrent highway network: several gated layers between two tokens")
public record RhnConfig(
    @Derived int hidden, int depth, double transformBias, RecurrentDropout dropout)
    implements MixerConfig {
  static final String NAME = "rhn";

  /** Layers that are built one by one. */
  private static final int DEEPEST = 1000;

  /** Fills in what is absent. */
  public RhnConfig {
    RecurrentLayer.checkHidden(NAME, hidden);
    checkArgument(
        depth >= 1 && depth <= DEEPEST,
        NAME + ": depth must be between 1 and %s, got %s",
        DEEPEST,
        depth);
    checkArgument(
        Double.isFinite(transformBias),
        NAME + ": transformBias must be finite, got %s",
        transformBias);
  }

  /** As many units as the width, depth 3. */
  public static RhnConfig standard() {
    return new RhnConfig(0, 3, -2, RecurrentDropout.none());
  }

  /** Penn Treebank (Zilly et al., its code): 830 units, depth 10, bias -2, dropout. */
  public static RhnConfig pennTreebank() {
    return new RhnConfig(830, 10, -2.0, RecurrentDropout.highwayPennTreebank());
  }

  /** The layer of enwik8 without its dropout: 1500 units, depth 10, bias -4. */
  public static RhnConfig enwik8() {
    return new RhnConfig(1500, 10, -4.0, RecurrentDropout.none());
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<RhnConfig> examples() {
    return List.of(standard(), new RhnConfig(3, 1, -1.0, RecurrentDropout.none()));
  }

  @Override
  public SequenceMixer build(Place place) {
    int units = RecurrentLayer.hidden(hidden, place);
    return new SequenceMixer(new Rhn(place.width(), units, depth, transformBias, dropout));
  }
}
