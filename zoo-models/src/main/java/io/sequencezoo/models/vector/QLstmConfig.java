package io.sequencezoo.models.vector;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link QLstm}. What is absent takes the reference's default.
 *
 * @param expansion E over the width; 2
 * @param shortConvolution W, the tokens that the causal convolution spans, or 0 for none; 4
 * @param reversed whether the decay is the reversed sigmoid {@code σ(-f)^α}, the selective state
 *     space's transition, and not {@code σ(f)}; true
 */
@JsonTypeName(QLstmConfig.NAME)
@JsonClassDescription("qLSTM: the LSTM's gates, on the input only, around a linear state")
public record QLstmConfig(double expansion, int shortConvolution, boolean reversed)
    implements MixerConfig {
  static final String NAME = "qlstm";

  /** Fills in defaults and checks each field alone. */
  public QLstmConfig {
    Expansions.check(NAME, expansion, shortConvolution);
  }

  /** The paper's qLSTM with the reversed sigmoid. */
  public static QLstmConfig standard() {
    return new QLstmConfig(2, 4, true);
  }

  /** The paper's qLSTM with the LSTM's forget gate. */
  public static QLstmConfig plain() {
    return new QLstmConfig(2, 4, false);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<QLstmConfig> examples() {
    return List.of(standard(), new QLstmConfig(1.0, 0, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(
        new QLstm(
            place.width(), Expansions.inner(NAME, place, expansion), shortConvolution, reversed));
  }
}
