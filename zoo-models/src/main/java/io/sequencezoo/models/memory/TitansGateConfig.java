package io.sequencezoo.models.memory;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.matrix.GateActivation;
import java.util.List;
import java.util.Map;

/**
 * Describes a {@link TitansGate}.
 *
 * @param memory the branch that gates; Titans' memory
 * @param attention the branch that is gated; attention in a window of 128 tokens
 */
@JsonTypeName(TitansGateConfig.NAME)
@JsonClassDescription("Titans, memory as a gate: windowed attention gated by a deep memory")
public record TitansGateConfig(MixerConfig memory, MixerConfig attention) implements MixerConfig {
  static final String NAME = "titans_gate";

  private static final int WINDOW = 128;

  /** Checks that both branches are there. */
  public TitansGateConfig {
    checkArgument(
        memory != null && attention != null,
        NAME + ": memory and attention must be given or left out, got none");
  }

  /** The standard memory beside standard attention in a window. */
  public static TitansGateConfig standard() {
    return new TitansGateConfig(
        TitansConfig.standard(), Configs.with(SoftmaxAttentionConfig.standard(), "window", WINDOW));
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<TitansGateConfig> examples() {
    return List.of(
        new TitansGateConfig(
            new TitansConfig(1, 1, 1, true, 4, 1, 0, GateActivation.NONE, true),
            Configs.with(SoftmaxAttentionConfig.standard(), Map.of("heads", 2, "window", 3))));
  }

  @Override
  public SequenceMixer build(Place place) {
    TitansGate gate = new TitansGate(memory.build(place), attention.build(place));
    checkArgument(
        !gate.isBidirectional(), NAME + ": both branches must be causal, got %s", attention);
    return new SequenceMixer(gate);
  }
}
