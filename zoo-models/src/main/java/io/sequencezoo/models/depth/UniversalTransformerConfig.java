package io.sequencezoo.models.depth;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.op.AdaptiveHalting.Form;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.model.LayerConfig;
import io.sequencezoo.models.model.Stage;
import io.sequencezoo.models.model.StageConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Describes a {@link UniversalTransformer}.
 *
 * @param transition the stage that is repeated; a layer of the model's own blocks where absent
 * @param depth N, how often, or how often at most where positions halt; 6
 * @param stepTiming what says which step it is; learned, as in Tensor2Tensor
 * @param positionTiming what says which position it is; sinusoidal. Mixers that know the order of
 *     tokens need none
 * @param maxPositions rows of the table of learned positions; absent for none
 * @param timingScale amplitude of waves, and standard deviation of learned vectors at the start;
 *     0.02, as that of embeddings. The paper has 1 beside embeddings of size 1
 * @param injection how every step sees the input again; none
 * @param halting when positions stop; absent where all take N steps
 */
@JsonTypeName(UniversalTransformerConfig.NAME)
@JsonClassDescription("Universal Transformer: one shared stage, repeated until a position halts")
public record UniversalTransformerConfig(
    StageConfig transition,
    int depth,
    Timing stepTiming,
    Timing positionTiming,
    @Derived int maxPositions,
    double timingScale,
    Injection injection,
    @Derived @Nullable HaltingConfig halting)
    implements StageConfig {
  static final String NAME = "universal_transformer";

  /** Each step has a state of its own. */
  private static final int DEEPEST = 10_000;

  /** Checks each field. */
  public UniversalTransformerConfig {
    checkArgument(
        transition != null && stepTiming != null && positionTiming != null && injection != null,
        NAME + ": transition, stepTiming, positionTiming and injection must be given");
    checkArgument(
        depth >= 1 && depth <= DEEPEST,
        NAME + ": depth must be between 1 and %s, got %s",
        DEEPEST,
        depth);
    checkArgument(
        (positionTiming == Timing.LEARNED) == (maxPositions > 0),
        NAME
            + ": maxPositions must be the most positions where positionTiming is learned, and"
            + " absent otherwise, got %s for %s",
        maxPositions,
        positionTiming);
    checkArgument(
        timingScale > 0 && Double.isFinite(timingScale),
        NAME + ": timingScale must be positive, got %s; use timing none for none",
        timingScale);
  }

  /** Six steps of the model's own layer. */
  public static UniversalTransformerConfig standard() {
    return of(new LayerConfig(null, null), 6);
  }

  /** A stage that is repeated a number of times, with everything else at its default. */
  public static UniversalTransformerConfig of(StageConfig transition, int depth) {
    return new UniversalTransformerConfig(
        transition, depth, Timing.LEARNED, Timing.SINUSOIDAL, 0, 0.02, Injection.NONE, null);
  }

  /** Nothing but the loop: a stage of equal layers that share their weights. */
  public static UniversalTransformerConfig looped(
      StageConfig transition, int depth, Injection injection) {
    return new UniversalTransformerConfig(
        transition, depth, Timing.NONE, Timing.NONE, 0, 0.02, injection, null);
  }

  /** The same where positions halt, or take all steps for null. */
  public UniversalTransformerConfig withHalting(@Nullable HaltingConfig other) {
    return new UniversalTransformerConfig(
        transition, depth, stepTiming, positionTiming, maxPositions, timingScale, injection, other);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<UniversalTransformerConfig> examples() {
    LayerConfig layer = new LayerConfig(LstmConfig.standard(), GluConfig.standard());
    return List.of(
        of(layer, 3)
            .withHalting(
                new HaltingConfig(Form.BLEND, 0.8, 0, 0.01, true, HaltingConfig.Halted.COPY)),
        new UniversalTransformerConfig(
            LayerConfig.of(LstmConfig.standard()),
            4,
            Timing.SINUSOIDAL,
            Timing.LEARNED,
            50,
            0.5,
            Injection.ADD,
            new HaltingConfig(Form.SUM, 0.9, 0, 0.01, false, HaltingConfig.Halted.TRANSFORM)),
        looped(layer, 2, Injection.CONCATENATE));
  }

  @Override
  public Stage build(MixerConfig.Place place) {
    return new UniversalTransformer(this, place);
  }

  @Override
  public List<MixerConfig> mixers() {
    return transition.mixers();
  }

  @Override
  public StageConfig filledBy(LayerConfig layer) {
    return new UniversalTransformerConfig(
        transition.filledBy(layer),
        depth,
        stepTiming,
        positionTiming,
        maxPositions,
        timingScale,
        injection,
        halting);
  }
}
