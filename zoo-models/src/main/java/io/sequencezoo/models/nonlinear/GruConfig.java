package io.sequencezoo.models.nonlinear;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link Gru}.
 *
 * @param hidden H, the number of units; absent for the width. Where it differs from the width, a
 *     linear map leads back
 * @param resetAfter whether the reset gate multiplies the recurrent product (PyTorch, cuDNN) or the
 *     state before it (Cho et al.); true
 * @param dropout none
 */
@JsonTypeName(GruConfig.NAME)
@JsonClassDescription("GRU: a gated move from the last state to a candidate")
public record GruConfig(@Derived int hidden, boolean resetAfter, RecurrentDropout dropout)
    implements MixerConfig {
  static final String NAME = "gru";

  /** Fills in what is absent. */
  public GruConfig {
    RecurrentLayer.checkHidden(NAME, hidden);
  }

  /** As many units as the width: {@code torch.nn.GRU}. */
  public static GruConfig standard() {
    return new GruConfig(0, true, RecurrentDropout.none());
  }

  /** The convention of Cho et al. 2014. */
  public static GruConfig resetBefore() {
    return new GruConfig(0, false, RecurrentDropout.none());
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<GruConfig> examples() {
    return List.of(standard(), resetBefore());
  }

  @Override
  public SequenceMixer build(Place place) {
    int units = RecurrentLayer.hidden(hidden, place);
    return new SequenceMixer(new Gru(place.width(), units, resetAfter, dropout));
  }
}
