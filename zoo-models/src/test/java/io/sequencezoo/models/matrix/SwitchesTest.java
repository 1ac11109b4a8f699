package io.sequencezoo.models.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What an ablation relies on: every layer with matrix states has the family's switches. */
@Tag("double")
class SwitchesTest {
  /** Fits all standards: heads of 4 and of 6. */
  private static final int WIDTH = 24;

  private static final Map<String, Object> OFF =
      Map.of("outputGate", false, "norm", false, "shortConvolution", 0);

  /** Products of another order. */
  private static final double DOUBLE = 1e-12;

  static Stream<String> family() {
    return Registry.get().entries().entrySet().stream()
        .filter(entry -> isOfFamily(entry.getValue()))
        .map(Map.Entry::getKey);
  }

  private static boolean isOfFamily(Catalog.Entry entry) {
    return entry.config().getPackage().equals(SwitchesTest.class.getPackage());
  }

  private static MixerConfig standard(String type) {
    return (MixerConfig) Configs.standard(type);
  }

  private static Parameters parameters(MixerConfig config) {
    return LayerOracle.parameters(build(config));
  }

  private static SequenceMixer build(MixerConfig config) {
    return config.build(MixerConfig.Place.alone(WIDTH));
  }

  private static List<String> names(MixerConfig config) {
    return parameters(config).specs().stream().map(ParameterSpec::name).toList();
  }

  @Test
  void family_hasAllMembers() {
    assertThat(family()).hasSize(21);
  }

  @ParameterizedTest
  @MethodSource("family")
  void switchedOff_declaresNothingForIt(String type) {
    MixerConfig off = Configs.with(standard(type), OFF);
    assertThat(names(off))
        .isNotEmpty()
        .noneMatch(name -> name.matches("output_gate.*|norm.*|conv.*|mix_.*"));
    assertThat(build(off).parametrisation().stateBytes(1, DataType.FLOAT))
        .isLessThanOrEqualTo(build(standard(type)).parametrisation().stateBytes(1, DataType.FLOAT));
  }

  @ParameterizedTest
  @MethodSource("family")
  void switch_changesNoOtherParameter(String type) {
    MixerConfig off = Configs.with(standard(type), OFF);
    MixerConfig gated = Configs.with(off, "outputGate", true);
    assertThat(names(gated)).containsAll(names(off));
    assertThat(names(Configs.with(off, "norm", true)))
        .containsAll(names(off))
        .contains("norm")
        .hasSizeGreaterThan(names(off).size());
    assertThat(parameters(gated).count()).isGreaterThan(parameters(off).count());
    assertThat(names(Configs.with(off, "shortConvolution", 2)))
        .containsAll(names(off))
        .anyMatch(name -> name.matches("conv_.*|mix_.*"));
  }

  @ParameterizedTest
  @MethodSource("family")
  void sigmoidOfZero_halvesWhatHasNoGate(String type) {
    if (type.equals(Mamba2Config.NAME) || type.equals(Rwkv7Config.NAME)) {
      // Theirs share a matrix with what is gated, and have no kinds: see their own tests.
      return;
    }
    MixerConfig open = Configs.with(standard(type), "outputGate", "none");
    if (type.equals(M2RnnConfig.NAME)) {
      // Its norm comes after the gate and would undo the halving.
      open = Configs.with(open, "norm", false);
    }
    MixerConfig gated = Configs.with(open, "outputGate", "sigmoid");
    Parameters parameters = parameters(open);
    Parameters half = parameters(gated);
    for (ParameterSpec spec : half.specs()) {
      INDArray value = half.value(spec.name());
      value.assign(parameters.contains(spec.name()) ? parameters.value(spec.name()) : value.like());
    }
    INDArray whole = run(open, parameters);
    assertThat(whole.sub(run(gated, half).mul(2)).amaxNumber().doubleValue())
        .isCloseTo(0, within(DOUBLE));
    assertThat(whole.amaxNumber().doubleValue()).isPositive();
  }

  private static INDArray run(MixerConfig config, Parameters parameters) {
    double[][][] x = {LayerOracle.input(1, WIDTH)};
    try (Tape tape = Tape.inference()) {
      return build(config)
          .forward(
              Context.inference(tape, parameters), tape.constant(Nd4j.createFromArray(x)), null)
          .outputs()
          .value()
          .dup('c')
          .detach();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{type: mamba2, convolution: 3} | {type: mamba2, shortConvolution: 3}",
        "{type: linear_attention, outputNorm: true} | {type: linear_attention, norm: true}",
        "{type: forgetting_attention, outputNorm: true} | {type: forgetting_attention, norm: true}",
        "{type: lightnet, gate: swish} | {type: lightnet, outputGate: silu}",
        "{type: lightnet, gate: none, norm: whole} | {type: lightnet, outputGate: false}",
        "{type: delta_net, outputGate: true} | {type: delta_net, outputGate: silu}",
        "{type: delta_product, outputGate: false} | {type: delta_product, outputGate: none}"
      })
  void keysOfVersion01_areRead(String old, String now) {
    assertThat(Configs.read("mixer", old, BlockConfig.class))
        .isEqualTo(Configs.read("mixer", now, BlockConfig.class));
  }

  @Test
  void unknownKind_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Configs.read("mixer", "{type: gla, outputGate: sigmoids}", BlockConfig.class))
        .withMessageContaining("outputGate: unknown value sigmoids")
        .withMessageContaining("sigmoid");
  }

  @Test
  void featuresWithoutNormaliser_needNoOtherKey() {
    assertThat(
            Configs.read(
                "mixer",
                "{type: linear_attention, featureMap: identity, normalised: false}",
                BlockConfig.class))
        .isEqualTo(
            Configs.with(
                LinearAttentionConfig.standard(),
                Map.of("featureMap", FeatureMap.IDENTITY, "normalised", false)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gla", "retnet", "simple_gla", "hgrn2", "kimi_delta_attention", "rwkv7"})
  void writtenAs01_hasNoneOfTheNewKeys(String type) {
    MixerConfig config = standard(type);
    String old = Configs.writeAs01(config);
    assertThat(old).doesNotContain("outputGate", "norm\"");
    assertThat(Configs.read("mixer", old, BlockConfig.class)).isEqualTo(config);
    assertThat(Configs.write(config)).contains("outputGate", "norm\"");
  }
}
