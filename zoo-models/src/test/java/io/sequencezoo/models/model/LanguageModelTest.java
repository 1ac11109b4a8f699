package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.contract.KernelRun;
import io.sequencezoo.core.io.StateFiles;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.channel.MlpConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class LanguageModelTest {
  private static final MixerConfig LSTM = LstmConfig.standard();

  /** Every mixer in a default model, and models that use every option. */
  static Stream<LanguageModelConfig> models() {
    Stream<LanguageModelConfig> mixers =
        Registry.get().mixers().stream()
            .map(name -> (MixerConfig) Registry.get().entry(name).examples().get(0))
            // A language model predicts what its mixers must not have seen.
            .filter(mixer -> !isBidirectional(mixer))
            .map(mixer -> LanguageModelConfig.of(11, 8, 2, mixer, GluConfig.standard()));
    return Stream.concat(mixers, Stream.of(everyOption(), hybrid()));
  }

  private static boolean isBidirectional(MixerConfig mixer) {
    return mixer.build(MixerConfig.Place.alone(8)).parametrisation().isBidirectional();
  }

  private static LanguageModelConfig everyOption() {
    return new LanguageModelConfig(
        5,
        8,
        Layers.of(2),
        LSTM,
        MlpConfig.standard(),
        LayerNormConfig.standard(),
        NormPlacement.POST,
        false,
        9,
        0.1,
        0.1,
        3);
  }

  private static LanguageModelConfig hybrid() {
    Layers layers =
        Layers.of(
            List.of(
                LayerConfig.of(new LstmConfig(4, 0.0)),
                new LayerConfig(null, MlpConfig.reluSquared())));
    return LanguageModelConfig.of(5, 8, layers, LSTM, null);
  }

  @ParameterizedTest
  @MethodSource("models")
  void model_keepsTheLaws(LanguageModelConfig config) {
    for (DataType type : KernelRun.types()) {
      ModelLaws.laws(config, type).values().forEach(Runnable::run);
    }
  }

  @Test
  void dropout_needsTrainingAndFollowsTheSeed() {
    LanguageModel model = new LanguageModel(everyOption());
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    double[] plain = logits(model, Context.inference(Tape.detached(), parameters));
    double[] first = logits(model, Context.training(Tape.detached(), parameters, 1));
    assertThat(logits(model, Context.training(Tape.detached(), parameters, 1)))
        .containsExactly(first);
    assertThat(logits(model, Context.training(Tape.detached(), parameters, 2))).isNotEqualTo(first);
    assertThat(first).isNotEqualTo(plain);
  }

  private static double[] logits(LanguageModel model, Context context) {
    return model
        .forward(context, Nd4j.createFromArray(new int[][] {{0, 1, 2, 3}}))
        .value()
        .data()
        .asDouble();
  }

  @Test
  void parameters_haveDottedPathsAndScaledResiduals() {
    LanguageModel model =
        new LanguageModel(LanguageModelConfig.of(7, 64, 8, LSTM, MlpConfig.standard()));
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    assertThat(parameters.contains("embedding.weight")).isTrue();
    assertThat(parameters.contains("head.weight")).isFalse();
    double up = parameters.value("layers.7.channel.up.weight").stdNumber().doubleValue();
    double down = parameters.value("layers.7.channel.down.weight").stdNumber().doubleValue();
    assertThat(up).isBetween(0.0195, 0.0205);
    // 0.02 / √(2 · 8).
    assertThat(down).isBetween(0.00488, 0.00512);
  }

  @Test
  void stateFile_isOfAConfigurationAsItIsReadNow(@TempDir Path folder) throws IOException {
    String brief =
        "{type: language_model, vocabulary: 5, width: 8, layers: 1, mixer: {type: lstm}}";
    LanguageModel model =
        new LanguageModel(Configs.read("model", brief, LanguageModelConfig.class));
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    Context context = Context.inference(Tape.detached(), parameters);
    Path file = folder.resolve("state.safetensors");
    ModelStateFiles.save(file, model, model.initialState(context, 2, DataType.FLOAT));
    // As a version would have written that knew fewer fields.
    StateFiles.saveAll(file, StateFiles.loadAll(file), Map.of("config", brief));
    assertThat(ModelStateFiles.load(file, model, parameters).consumed()).containsExactly(0, 0);
    LanguageModel other =
        new LanguageModel(
            Configs.read(
                "model",
                brief.replace("width: 8", "width: 8, dropout: 0.5"),
                LanguageModelConfig.class));
    assertThatThrownBy(() -> ModelStateFiles.load(file, other, parameters))
        .hasMessageContaining("must be a state of a model of this configuration, got another's");
  }

  @Test
  void positions_beyondTheTableAreRefused() {
    LanguageModel model = new LanguageModel(everyOption());
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    Context context = Context.inference(Tape.detached(), parameters);
    assertThatThrownBy(() -> model.forward(context, Nd4j.createFromArray(new int[1][10])))
        .hasMessage(
            "language_model: row 0 must fit maxPositions=9, got 10 tokens; raise maxPositions");
  }

  @Test
  void config_readsYamlAndFillsInDefaults() {
    LanguageModelConfig read =
        Configs.read(
            "model",
            "{type: language_model, width: 8, layers: 2, mixer: {type: lstm},"
                + " channel: {type: swiglu, expansion: 2.67}}",
            LanguageModelConfig.class);
    assertThat(read.withVocabulary(11))
        .isEqualTo(LanguageModelConfig.of(11, 8, 2, LSTM, GluConfig.standard()));
    LanguageModelConfig hybrid =
        Configs.read(
            "model",
            "{type: language_model, vocabulary: 5, width: 8, mixer: {type: lstm}, layers: ["
                + "{mixer: {type: lstm, hidden: 4, forgetBias: 0.0}},"
                + " {channel: {type: mlp, activation: relu_squared, bias: false}}]}",
            LanguageModelConfig.class);
    assertThat(hybrid).isEqualTo(hybrid());
  }

  @Test
  void config_refusesMistakesInOneLine() {
    refuse("{type: language_model, width: 8, layers: 0, mixer: {type: lstm}}", "layers: must be");
    refuse("{type: language_model, width: 8, layers: 2}", "layer 0 must have a mixer, got none");
    refuse("{type: language_model, layers: 2, mixer: {type: lstm}}", "width must be given");
    refuse("{type: language_model, width: 8, mixer: {type: lstm}}", "layers must be given");
    refuse("{type: language_model, width: 8, layers: 2, mixer: {type: lstm}, depth: 3}", "depth");
    refuse(
        "{type: language_model, width: 8, layers: 1, mixer: {type: lstm}, dropout: 1.0}",
        "dropout must be in [0, 1), got 1.0");
    refuse("{type: language_model, width: 8, layers: 1, mixer: {type: swiglu}}", "swiglu");
    refuse("{type: language_model, width: 8, layers: 1, mixer: {type: lstn}}", "lstn");
  }

  private static void refuse(String yaml, String message) {
    assertThatThrownBy(() -> Configs.read("model", yaml, LanguageModelConfig.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void vocabulary_mustBeKnownToBuild() {
    LanguageModelConfig config =
        Configs.read(
            "model",
            "{type: language_model, width: 8, layers: 1, mixer: {type: lstm}}",
            LanguageModelConfig.class);
    assertThatThrownBy(() -> new LanguageModel(config)).hasMessageContaining("vocabulary");
  }
}
