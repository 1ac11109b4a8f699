package io.sequencezoo.eval.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.chaos.Lorenz96;
import io.sequencezoo.eval.cli.Zoo;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.models.model.Forecaster;
import io.sequencezoo.train.ForcedBatch;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("any-kernels")
class ChaosTaskTest {
  private static final String YAML =
      """
      task:
        type: chaos
        system: {type: lorenz63}
        trainSamples: 400
        window: 16
        noise: 0.01
        forcing: {alpha: 1, end: 0.5}
        validationExamples: 2
        testExamples: 3
        warmup: 20
        horizon: 40
        exponents: 3
        exponentSteps: 40
      model: {type: forecaster, width: 8, layers: 1, horizon: 2, mixer: {type: lstm}}
      mixers: [{type: lstm}, {type: softmax_attention, heads: 2}]
      train: {optimizer: {type: adamw, lr: 1e-2}, steps: 6, batch: 4, seed: 1, evaluateEvery: 3}
      """;

  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String line) {
    return Zoo.run(new PrintWriter(out, true), new PrintWriter(err, true), line.split(" "));
  }

  @Test
  void task_isTrainedScoredReportedAndResumed() throws Exception {
    Path file = Files.writeString(folder.resolve("tiny.yaml"), YAML);
    Path to = folder.resolve("run");
    String line = "run lorenz63 --config " + file + " --output " + to;
    assertThat(run(line)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("echo state network", "context parroting", "lstm");
    JsonNode results = Configs.json().readTree(to.resolve("results.json").toFile());
    JsonNode test = results.at("/runs/0/test");
    assertThat(test.path("exponents")).hasSize(3);
    assertThat(test.at("/validTime/value").asDouble()).isNotNegative();
    assertThat(results.at("/runs/1/test/exponents")).isEmpty();
    assertThat(results.at("/runs/0/forecast/truth")).hasSize(40);
    assertThat(results.at("/baselines/the system elsewhere/exponents/0").asDouble())
        .isBetween(-3d, 6d);
    assertThat(Files.readString(to.resolve("report.html"))).contains("Forecasts of Lorenz-63");
    String finished = Files.readString(to.resolve("lstm-seed1/run.json"));
    assertThat(run("run --resume " + to)).as(err.toString()).isZero();
    assertThat(to.resolve("lstm-seed1/run.json")).hasContent(finished);
    assertThat(run("describe lstm --spectrum --model " + to.resolve("lstm-seed1/model")))
        .isEqualTo(1);
    assertThat(err.toString()).contains("must be a model of tokens, got forecaster");
  }

  @Test
  void study_comparesForecasters() throws Exception {
    String study =
        YAML.substring(0, YAML.indexOf("mixers:")).replace("task:\n  type", "tasks:\n- type")
            + """
            changes: ["lstm -> gru", {name: wide, set: {width: 12}}]
            train: {optimizer: {type: adamw, lr: 1e-2}, steps: 2, batch: 4, seed: 1, evaluateEvery: 1}
            metric: validTime
            seeds: 2
            """;
    Path file = Files.writeString(folder.resolve("study.yaml"), study);
    assertThat(run("ablate " + file + " --dry-run")).as(err.toString()).isZero();
    assertThat(run("ablate " + file + " --output " + folder.resolve("study")))
        .as(err.toString())
        .isZero();
    assertThat(out.toString()).contains("lstm -> gru", "wide");
  }

  @Test
  void alpha_goesFromOneShareToTheOther() {
    ExperimentConfig config = ExperimentConfig.parse("tiny", YAML);
    Forecaster model = (Forecaster) config.contestants().get("lstm").build();
    var batches = ((ChaosTask) config.task()).lesson(model, config.train(), null).batches();
    ForcedBatch first = batches.next();
    assertThat(first.alpha()).isEqualTo(1);
    assertThat(first.series().inputs().shape()).containsExactly(4, 16, 3);
    assertThat(first.series().targets().shape()).containsExactly(4, 16, 2, 3);
    batches.seek(5);
    ForcedBatch last = batches.next();
    assertThat(last.alpha()).isEqualTo(0.5);
    batches.seek(0);
    assertThat(batches.next().series().inputs()).isEqualTo(first.series().inputs());
  }

  @Test
  void configuration_isReadAndWritten() {
    Task task = Configs.read("task", "{type: chaos, system: {type: lorenz96}}", Task.class);
    assertThat(task).isEqualTo(ChaosTask.standard(Lorenz96.standard()));
    assertThat(Configs.read("json", Configs.write(task), Task.class)).isEqualTo(task);
  }

  @Test
  void mistakes_areOneLine() {
    for (String[] wrong :
        List.of(
            new String[] {"testExamples: 3", "testExamples: 1", "testExamples must be between 2"},
            new String[] {"end: 0.5", "end: 2", "forcing: end must be in [0, 1], got 2.0"},
            new String[] {"noise: 0.01", "noise: -1", "noise must not be negative, got -1.0"},
            new String[] {"width: 8", "width: 8, features: 4", "features must be the task's 3"},
            new String[] {
              "type: forecaster, width: 8, layers: 1, horizon: 2",
              "type: language_model, width: 8, layers: 1",
              "model must be a forecaster for task lorenz63, got language_model"
            })) {
      assertThatThrownBy(() -> ExperimentConfig.parse("my.yaml", YAML.replace(wrong[0], wrong[1])))
          .hasMessageStartingWith("my.yaml: ")
          .hasMessageContaining(wrong[2])
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }
    assertThatThrownBy(
            () ->
                ExperimentConfig.parse(
                    "my.yaml", YAML.replace("{type: forecaster,", "{type: forecastr,")))
        .hasMessageStartingWith("my.yaml: ");
  }
}
