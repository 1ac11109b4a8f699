package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link Lstm}.
 *
 * @param hidden H, the number of cells; absent for the width. Where it differs from the width, a
 *     linear map leads back
 * @param forgetBias what the bias of the forget gate starts at: 1 keeps memories from the start
 *     (Gers et al. 2000; the default, as in the reference), 0 is PyTorch's on average
 * @param variant plain, peephole or coupled; plain
 * @param dropout none
 */
@JsonTypeName(LstmConfig.NAME)
@JsonClassDescription("LSTM: gated cells driven by the input and their own last output")
public record LstmConfig(
    @Derived int hidden, double forgetBias, Variant variant, RecurrentDropout dropout)
    implements MixerConfig {
  static final String NAME = "lstm";

  /** Which gates there are, and what they see. */
  public enum Variant {
    /** Input, forget and output gate that see input and hidden state. */
    @JsonProperty("plain")
    PLAIN,
    /** Gates that also see the cell (Gers and Schmidhuber 2000). */
    @JsonProperty("peephole")
    PEEPHOLE,
    /** One gate that writes what it forgets (Greff et al. 2017's CIFG). */
    @JsonProperty("coupled")
    COUPLED
  }

  /** Fills in what is absent. */
  public LstmConfig {
    RecurrentLayer.checkHidden(NAME, hidden);
    checkArgument(
        Double.isFinite(forgetBias), NAME + ": forgetBias must be finite, got %s", forgetBias);
  }

  /** A plain LSTM without dropout. */
  public LstmConfig(int hidden, double forgetBias) {
    this(hidden, forgetBias, Variant.PLAIN, RecurrentDropout.none());
  }

  /** As many cells as the width, forget bias 1: the LSTM of the in-context learning benchmark. */
  public static LstmConfig standard() {
    return new LstmConfig(0, 1);
  }

  /** The standard LSTM in a variant. */
  public static LstmConfig of(Variant variant) {
    return new LstmConfig(0, 1, variant, RecurrentDropout.none());
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<LstmConfig> examples() {
    return List.of(standard(), new LstmConfig(3, 0.0), of(Variant.PEEPHOLE), of(Variant.COUPLED));
  }

  @Override
  public SequenceMixer build(Place place) {
    int cells = RecurrentLayer.hidden(hidden, place);
    return new SequenceMixer(new Lstm(place.width(), cells, forgetBias, variant, dropout));
  }
}
