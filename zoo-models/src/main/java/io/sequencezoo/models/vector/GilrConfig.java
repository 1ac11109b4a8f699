package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link Gilr}.
 *
 * @param expansion E over the width; 1
 * @param shortConvolution W, the tokens that a causal convolution on gate and input spans, or 0 for
 *     no convolution; 0
 * @param dropout the fraction of gated channels that training drops, in [0, 1); 0. The reference
 *     layer drops 0.2
 */
@JsonTypeName(GilrConfig.NAME)
@JsonClassDescription("GILR: an average of linear inputs by one gate on the input, then a norm")
public record GilrConfig(double expansion, int shortConvolution, double dropout)
    implements MixerConfig {
  static final String NAME = "gilr";

  /** Fills in defaults and checks each field alone. */
  public GilrConfig {
    Expansions.check(NAME, expansion, shortConvolution);
    checkArgument(
        dropout >= 0 && dropout < 1, NAME + ": dropout must be in [0, 1), got %s", dropout);
  }

  /** The reference layer, without its dropout. */
  public static GilrConfig standard() {
    return new GilrConfig(1, 0, 0);
  }

  /**
   * The layer of the comparison on in-context language learning (Akyürek et al. 2024, its code).
   */
  public static GilrConfig reference() {
    return new GilrConfig(1, 0, 0.2);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<GilrConfig> examples() {
    return List.of(standard(), new GilrConfig(2.0, 3, 0));
  }

  @Override
  public SequenceMixer build(Place place) {
    int inner = Expansions.inner(NAME, place, expansion);
    return new SequenceMixer(new Gilr(place.width(), inner, shortConvolution, dropout));
  }
}
