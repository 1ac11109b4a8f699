package io.sequencezoo.models.attention;

import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.Catalog.Entry;
import java.util.List;

/** The attention blocks; examples must fit width 8. */
public final class AttentionCatalog {
  private AttentionCatalog() {}

  /** One entry per block. */
  public static List<Entry> entries() {
    return List.of(
        new Entry(
            SoftmaxAttentionConfig.class,
            SoftmaxAttention.class,
            "Softmax attention: all keys and values so far, or those in a window",
            attention()),
        new Entry(
            ForgettingAttentionConfig.class,
            ForgettingAttention.class,
            "Forgetting attention (FoX): softmax attention with a forget gate",
            forgetting()),
        new Entry(
            NormalisedAttentionConfig.class,
            NormalisedAttention.class,
            "Normalised attention: linear attention over a number of the current token",
            List.of(
                NormalisedAttentionConfig.of(2, Normaliser.EXP),
                NormalisedAttentionConfig.of(1, Normaliser.SOFTPLUS),
                new NormalisedAttentionConfig(2, 3, Normaliser.SIGMOID, false))),
        new Entry(
            LatentAttentionConfig.class,
            LatentAttention.class,
            "Multi-head latent attention (MLA): keys and values are maps of a small latent",
            List.of(
                LatentAttentionConfig.of(2),
                new LatentAttentionConfig(
                    3,
                    4,
                    3,
                    2,
                    5,
                    6,
                    7,
                    new Position.Rope(Rotary.Convention.INTERLEAVED, 100.0, 1)))));
  }

  private static List<ForgettingAttentionConfig> forgetting() {
    return List.of(
        ForgettingAttentionConfig.of(2),
        ForgettingAttentionConfig.pro(2),
        new ForgettingAttentionConfig(
            4, 2, 4, 5, Position.Rope.standard(), false, false, true, true, false));
  }

  private static List<SoftmaxAttentionConfig> attention() {
    return List.of(
        SoftmaxAttentionConfig.of(2),
        SoftmaxAttentionConfig.builder()
            .heads(4)
            .keyValueHeads(2)
            .headDim(4)
            .window(5)
            .position(new Position.Rope(Rotary.Convention.INTERLEAVED, 100.0, 0.5))
            .qkNorm(true)
            .sink(true)
            .build(),
        SoftmaxAttentionConfig.builder()
            .heads(3)
            .keyValueHeads(1)
            .headDim(3)
            .position(new Position.Alibi())
            .bias(true)
            .outputBias(true)
            .scale(0.5)
            .build(),
        SoftmaxAttentionConfig.builder().heads(1).position(new Position.Learned(256)).build(),
        SoftmaxAttentionConfig.builder().heads(2).keyValueHeads(1).shortConvolution(3).build());
  }
}
