package io.sequencezoo.models.nonlinear;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link Elman} network.
 *
 * @param hidden H, the number of units; absent for the width. Where it differs from the width, a
 *     linear map leads back
 * @param activation tanh, or relu; tanh
 * @param dropout none
 */
@JsonTypeName(ElmanConfig.NAME)
@JsonClassDescription("Elman network: one nonlinear layer of input and last output")
public record ElmanConfig(@Derived int hidden, Activation activation, RecurrentDropout dropout)
    implements MixerConfig {
  static final String NAME = "elman";

  /** φ. */
  public enum Activation {
    /** Hyperbolic tangent. */
    @JsonProperty("tanh")
    TANH,
    /** {@code max(x, 0)}. */
    @JsonProperty("relu")
    RELU
  }

  /** Fills in what is absent. */
  public ElmanConfig {
    RecurrentLayer.checkHidden(NAME, hidden);
  }

  /** As many units as the width, tanh: {@code torch.nn.RNN}. */
  public static ElmanConfig standard() {
    return new ElmanConfig(0, Activation.TANH, RecurrentDropout.none());
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<ElmanConfig> examples() {
    return List.of(standard(), new ElmanConfig(3, Activation.RELU, RecurrentDropout.none()));
  }

  @Override
  public SequenceMixer build(Place place) {
    int units = RecurrentLayer.hidden(hidden, place);
    return new SequenceMixer(new Elman(place.width(), units, activation, dropout));
  }
}
