package io.sequencezoo.models.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes a {@link ForgettingAttention}.
 *
 * @param heads query heads; 4 where absent
 * @param keyValueHeads heads of keys and values, a divisor of heads; absent for as many as query
 *     heads
 * @param headDim features of a head; absent for width / heads
 * @param window only positions less than this many steps away are seen; absent for all
 * @param position how positions are told apart besides by forgetting, {@code none} or {@code rope};
 *     none where absent
 * @param qkNorm whether queries and keys are RMS-normalised per head; false where absent
 * @param norm whether outputs are RMS-normalised per head; false where absent
 * @param outputGate whether a sigmoid of the input gates the outputs; false where absent
 * @param keyShift whether a key is a gated mean with the key before it; false where absent
 * @param valueShift the same for values; false where absent
 */
@JsonTypeName(ForgettingAttentionConfig.NAME)
@JsonClassDescription("Forgetting attention (FoX): softmax attention with a forget gate")
public record ForgettingAttentionConfig(
    int heads,
    int keyValueHeads,
    @Derived int headDim,
    @Derived int window,
    Position position,
    boolean qkNorm,
    @JsonAlias("outputNorm") boolean norm,
    boolean outputGate,
    boolean keyShift,
    boolean valueShift)
    implements MixerConfig {
  static final String NAME = "forgetting_attention";

  /** Fills in the defaults. */
  public ForgettingAttentionConfig {
    keyValueHeads = HeadSizes.keyValueHeads(NAME, heads, keyValueHeads);
    HeadSizes.checkDerived(NAME, "headDim", headDim, "its default");
    HeadSizes.checkDerived(NAME, "window", window, "none");
    checkArgument(
        position instanceof Position.None || position instanceof Position.Rope,
        "%s: position must be none or rope, got %s; the gates tell positions apart",
        NAME,
        position);
  }

  /** The paper\'s "LLaMA" design with four heads. */
  public static ForgettingAttentionConfig standard() {
    return of(4);
  }

  /** The paper's "LLaMA" design: a Transformer's attention with a forget gate, no positions. */
  public static ForgettingAttentionConfig of(int heads) {
    return new ForgettingAttentionConfig(
        heads, 0, 0, 0, new Position.None(), false, false, false, false, false);
  }

  /** The paper's "Pro" design: normed queries and keys, shifts, output norm and gate. */
  public static ForgettingAttentionConfig pro(int heads) {
    return new ForgettingAttentionConfig(
        heads, 0, 0, 0, new Position.None(), true, true, true, true, true);
  }

  /** The default where this is said: keyValueHeads are as many. */
  static ForgettingAttentionConfig standard(int heads) {
    return of(heads);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<ForgettingAttentionConfig> examples() {
    return List.of(
        of(2),
        pro(2),
        new ForgettingAttentionConfig(
            4, 2, 4, 5, Position.Rope.standard(), false, false, true, true, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new ForgettingAttention(this, place));
  }

  /** The size of a head at this width. */
  int headDimFor(int width) {
    return HeadSizes.of(NAME, width, heads, headDim);
  }
}
