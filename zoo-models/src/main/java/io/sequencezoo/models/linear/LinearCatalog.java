package io.sequencezoo.models.linear;

import io.sequencezoo.core.registry.Catalog.Entry;
import io.sequencezoo.models.position.RelativeEncoding;
import java.util.List;
import java.util.stream.Stream;

/** The blocks with a matrix state; examples must fit width 8. */
public final class LinearCatalog {
  private LinearCatalog() {}

  /** One entry per block. */
  public static List<Entry> entries() {
    return Stream.concat(sums().stream(), DeltaCatalog.entries().stream()).toList();
  }

  private static List<Entry> sums() {
    return List.of(
        new Entry(
            GlaConfig.class,
            Gla.class,
            "Gated linear attention: a matrix state per head that forgets by input-set decays",
            List.of(
                GlaConfig.standard(),
                GlaConfig.withShortConvolution(),
                new GlaConfig(1, 1.0, 2.0, 3, 1.0, 2))),
        new Entry(
            LinearAttentionConfig.class,
            LinearAttention.class,
            "Linear attention: features in place of the softmax, Based's among them",
            linearAttentions()),
        new Entry(
            RetNetConfig.class,
            RetNet.class,
            "RetNet: rotated keys in matrix states that forget at a constant rate per head",
            List.of(RetNetConfig.standard(), new RetNetConfig(2, 0.5, 1.0, false, 10000, 3))),
        new Entry(
            SimpleGlaConfig.class,
            SimpleGla.class,
            "Simple GLA: gated linear attention with one decay per head",
            List.of(SimpleGlaConfig.standard(), new SimpleGlaConfig(1, 0.5, 2.0, 1.0, 0))),
        new Entry(
            Hgrn2Config.class,
            Hgrn2.class,
            "HGRN2: a matrix state per head whose keys are what the forget gates leave over",
            List.of(
                Hgrn2Config.standard(),
                new Hgrn2Config(2, 0.5, 0.3, Hgrn2Config.Bounds.CONSTANT, 3))),
        new Entry(
            LightNetConfig.class,
            LightNet.class,
            "LightNet: a softmax over time as a matrix state, in one scan of a grid of any axes",
            lightNets()),
        new Entry(
            Mamba2Config.class,
            Mamba2.class,
            "Mamba-2: a selective state space model with one decay per head, as a matrix state",
            mamba2s()));
  }

  private static List<Mamba2Config> mamba2s() {
    return List.of(
        Mamba2Config.standard(),
        Mamba2Config.builder()
            .stateSize(3)
            .headDim(2)
            .groups(2)
            .normBeforeGate(true)
            .skipPerFeature(true)
            .projectionBias(true)
            .convolutionBias(false)
            .build(),
        Mamba2Config.builder()
            .stateSize(3)
            .headDim(5)
            .expansion(1)
            .convolution(2)
            .norm(false)
            .stepInit(0.2, 0.9)
            .stepLimits(0.1, 1.5)
            .build());
  }

  /** Grids have room for what the contract runs: 69 positions. */
  private static List<LightNetConfig> lightNets() {
    return List.of(
        LightNetConfig.standard(),
        LightNetConfig.xmixers(2),
        LightNetConfig.builder()
            .heads(1)
            .relative(RelativeEncoding.COSINE_HIGH)
            .shortConvolution(3)
            .gatePlace(LightNetConfig.GatePlace.BEFORE_NORM)
            .build(),
        LightNetConfig.builder()
            .heads(2)
            .relative(RelativeEncoding.ROTATE)
            .toeplitz(LightNetConfig.Toeplitz.EVERY_LAYER)
            .axes(List.of(16, 5))
            .gate(GateActivation.NONE)
            .build(),
        LightNetConfig.builder()
            .heads(4)
            .bidirectional(true)
            .relative(RelativeEncoding.COSINE)
            .gate(GateActivation.SIGMOID)
            .build(),
        LightNetConfig.builder()
            .heads(4)
            .bidirectional(true)
            .start(LightNetConfig.Start.ONE)
            .toeplitz(LightNetConfig.Toeplitz.EVERY_LAYER)
            .axes(List.of(12, 2, 3))
            .build());
  }

  private static List<LinearAttentionConfig> linearAttentions() {
    return List.of(
        LinearAttentionConfig.standard(),
        LinearAttentionConfig.builder()
            .heads(2)
            .keyDim(2)
            .featureMap(FeatureMap.TAYLOR)
            .shortConvolution(2)
            .build(),
        LinearAttentionConfig.builder()
            .heads(1)
            .keyDim(3)
            .featureMap(FeatureMap.RELU)
            .valueExpansion(2)
            .outputNorm(true)
            .build(),
        LinearAttentionConfig.builder()
            .heads(1)
            .featureMap(FeatureMap.IDENTITY)
            .normalised(false)
            .build(),
        LinearAttentionConfig.builder()
            .heads(2)
            .keyDim(2)
            .featureMap(FeatureMap.TAYLOR)
            .taylorOrder(3)
            .normalised(false)
            .build(),
        LinearAttentionConfig.builder().heads(4).keyDim(2).bidirectional(true).build());
  }
}
