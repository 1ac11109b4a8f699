package io.sequencezoo.eval.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.io.Resources;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.icll.IcllTask;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.matrix.GateActivation;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExperimentConfigTest {
  private static final String HYBRID =
      """
      model:
        type: language_model
        width: 128
        layers: 4
        mixer: {type: gla, heads: 4, keyExpansion: 0.5}
        channel: {type: swiglu, expansion: 2.67}
      task:  {type: icll, trainExamples: 2500}
      train: {optimizer: {type: adamw, lr: 1e-3, weightDecay: 0.1}, schedule: {type: cosine, warmup: 0.1}, epochs: 40, batch: 32, seed: 1}
      """;

  private static LanguageModelConfig model(ExperimentConfig config, String name) {
    return (LanguageModelConfig) config.contestants().get(name);
  }

  @Test
  void oneModel_needsNoListOfMixers() {
    ExperimentConfig config = ExperimentConfig.parse("experiment", HYBRID);
    assertThat(config.contestants()).containsOnlyKeys("gla");
    assertThat(model(config, "gla").vocabulary()).isEqualTo(20);
    assertThat(config.task().examples(Split.TRAIN)).isEqualTo(2500);
    assertThat(config.seeds()).isEqualTo(1);
    assertThat(config.validationProblems()).isEqualTo(100);
    assertThat(model(config, "gla").build().config().layers().count()).isEqualTo(4);
  }

  @Test
  void everyDefault_isWrittenAndReadBack() {
    ExperimentConfig config = ExperimentConfig.parse("experiment", HYBRID);
    String json = Configs.write(config);
    assertThat(ExperimentConfig.parse("json", json)).isEqualTo(config);
    assertThat(json).contains("\"window\" : 16", "\"dropout\" : 0.0", "\"seed\" : 0");
  }

  @Test
  void listOfLayers_isAHybrid() {
    ExperimentConfig config =
        ExperimentConfig.parse(
            "experiment",
            """
            task: {type: icll, seed: 1}
            model:
              type: language_model
              width: 8
              layers: [{mixer: {type: gla, heads: 2}}, {mixer: {type: softmax_attention, heads: 2}}]
            train: {optimizer: {type: adamw, lr: 1e-3}, steps: 1, batch: 1, seed: 1}
            """);
    assertThat(config.contestants()).containsOnlyKeys("hybrid");
  }

  @Test
  void models_areNamedWhereTheyDifferInMoreThanMixers() {
    String yaml =
        """
        task: {type: algorithmic, task: copy}
        models:
          plain: {type: language_model, width: 8, layers: 2, mixer: {type: lstm}}
          universal: {type: language_model, width: 8, layers: [{type: universal_transformer, depth: 2}], mixer: {type: lstm}}
        train: {optimizer: {type: adamw, lr: 1e-3}, steps: 1, batch: 1, seed: 1}
        """;
    ExperimentConfig config = ExperimentConfig.parse("my.yaml", yaml);
    assertThat(config.contestants().keySet()).containsExactly("plain", "universal");
    assertThat(model(config, "universal").vocabulary()).isEqualTo(11);
    assertThat(ExperimentConfig.parse("json", Configs.write(config))).isEqualTo(config);
    assertThat(Configs.write(ExperimentConfig.parse("experiment", HYBRID)))
        .doesNotContain("\"models\"");
    assertThatThrownBy(() -> config.withMixers(List.of("gla")))
        .hasMessage(
            "mixers: must be left out of an experiment that names its models [plain, universal],"
                + " got [gla]");
    assertThatThrownBy(() -> ExperimentConfig.parse("my.yaml", yaml + "mixers: [{type: gla}]"))
        .hasMessageContaining("experiment: models [plain, universal] must be alone");
    assertThatThrownBy(
            () -> ExperimentConfig.parse("my.yaml", yaml.replace("plain:", "\"../plain\":")))
        .hasMessageContaining("names of models must be of letters, digits, - and _, got ../plain");
    assertThatThrownBy(
            () ->
                ExperimentConfig.parse(
                    "my.yaml",
                    yaml.replace("width: 8, layers: 2", "vocabulary: 3, width: 8, layers: 2")))
        .hasMessageContaining("models.plain.vocabulary must be the task's 11, got 3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"default.yaml", "full.yaml"})
  void builtInExperiments_trainTheThreeArchitectures(String name) throws IOException {
    String text =
        Resources.toString(Resources.getResource(IcllTask.class, name), StandardCharsets.UTF_8);
    ExperimentConfig config = ExperimentConfig.parse(name, text);
    assertThat(config.contestants()).containsOnlyKeys("softmax_attention", "gla", "lstm");
    assertThat(config.task().examples(Split.TEST)).isEqualTo(500);
    config.contestants().values().forEach(model -> assertThat(model.build()).isNotNull());
  }

  @Test
  void fullExperiment_isThePapers() throws IOException {
    String text =
        Resources.toString(
            Resources.getResource(IcllTask.class, "full.yaml"), StandardCharsets.UTF_8);
    ExperimentConfig config = ExperimentConfig.parse("full.yaml", text);
    assertThat(config.task().examples(Split.TRAIN)).isEqualTo(40_000);
    assertThat(config.task().examples(Split.VALIDATION)).isEqualTo(500);
    assertThat(config.train().epochs()).isEqualTo(200);
    long updates = config.train().totalSteps(40_000 / config.train().batch());
    assertThat(updates).isEqualTo(250_000);
    // Ten per cent of warm-up, and a tenth of the rate at the end.
    assertThat(config.train().schedule().factor(24_999, updates)).isEqualTo(1);
    assertThat(config.train().schedule().factor(12_499, updates)).isEqualTo(0.5);
    assertThat(config.train().schedule().factor(updates, updates)).isEqualTo(0.1);
  }

  @Test
  void mixers_areTheGivenOnesOfThatType() {
    ExperimentConfig tiny = TinyExperiment.config(1);
    assertThat(tiny.withMixers(List.of("lstm", "softmax_attention")).mixers())
        .containsExactly(LstmConfig.standard(), SoftmaxAttentionConfig.of(2));
    ExperimentConfig alone = ExperimentConfig.parse("experiment", HYBRID);
    assertThat(alone.withMixers(List.of("gla", "lstm", "lstm")).contestants())
        .containsOnlyKeys("gla", "lstm", "lstm-2");
    GlaConfig gla = new GlaConfig(2, 0.5, 1, 16, 16, 0, GateActivation.SILU, true);
    assertThat(tiny.withMixers(List.of("gla")).mixers()).containsExactly(gla);
    assertThatThrownBy(() -> tiny.withMixers(List.of("swiglu")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("mixers: swiglu is not a sequence mixer; use one of [")
        .hasMessageContaining("gla");
    assertThatThrownBy(() -> tiny.withMixers(List.of("transformer")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("transformer");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          steps: 7          | step: 7            | step
          type: lstm        | type: lstmm        | lstmm
          seed: 3           | seed: 3.5          | seed
          heads: 2          | head: 2            | head
          type: icll        | type: icl          | icl
          width: 8          | width: 8, width: 9 | width
          width: 8          | vocabulary: 5      | vocabulary must be the task's 8, got 5
          trainExamples: 8  | trainExamples: 0   | trainExamples must be between 1 and 1000000, got 0
          """)
  void mistakes_areRefusedInOneLineThatNamesThem(String right, String wrong, String named) {
    String yaml = TinyExperiment.yaml(7);
    assertThat(yaml).contains(right);
    String replaced =
        wrong.startsWith("vocabulary") ? "width: 8\n  " + wrong : wrong.replace(", ", "\n  ");
    assertThatThrownBy(() -> ExperimentConfig.parse("my.yaml", yaml.replace(right, replaced)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("my.yaml: ")
        .hasMessageContaining(named)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @ParameterizedTest
  @CsvSource({"task", "model", "train"})
  void eachPart_mustBeThere(String part) {
    String without =
        HYBRID
            .lines()
            .collect(java.util.stream.Collectors.joining("\n"))
            .replace(part + ":", "seeds: 1 #");
    String yaml = part.equals("model") ? HYBRID.substring(HYBRID.indexOf("task:")) : without;
    assertThatThrownBy(() -> ExperimentConfig.parse("my.yaml", yaml))
        .hasMessageContaining("experiment: " + part + " must be given");
  }
}
