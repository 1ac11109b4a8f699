package io.sequencezoo.eval.algorithmic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.cli.Zoo;
import io.sequencezoo.eval.experiment.SizeScores;
import io.sequencezoo.eval.experiment.SizedTask;
import io.sequencezoo.eval.experiment.Tasks;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tasks whose examples have a size, from the command line to the page. */
class SizedTasksTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String line) {
    return Zoo.run(new PrintWriter(out, true), new PrintWriter(err, true), line.split(" "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"copy", "reverse", "addition", "mqar"})
  void everyTask_runsToAReportWithACurveBySize(String task) throws Exception {
    List<String> line = new ArrayList<>(List.of("run", task, "--mixers", "lstm"));
    List<String> settings = new ArrayList<>();
    if (task.equals("mqar")) {
      settings.add("task.train=[{length: 16, pairs: 2, examples: 32}]");
      settings.add(
          "task.test=[{length: 16, pairs: 2, examples: 5}, {length: 16, pairs: 4, examples: 5}]");
    } else {
      settings.addAll(
          List.of("task.maxLength=3", "task.testLengths=[3, 5]", "task.testExamples=5"));
    }
    settings.addAll(List.of("task.validationExamples=4", "train.steps=2", "train.evaluateEvery=1"));
    settings.forEach(setting -> line.addAll(List.of("--set", setting)));
    line.addAll(List.of("--output", folder.toString()));
    int code =
        Zoo.run(
            new PrintWriter(out, true), new PrintWriter(err, true), line.toArray(String[]::new));
    assertThat(code).as(err.toString()).isZero();
    assertThat(out.toString()).contains("chance", "lstm", "exact beyond");
    JsonNode results = Configs.json().readTree(folder.resolve("results.json").toFile());
    JsonNode test = results.at("/runs/0/test");
    assertThat(test.at("/trained").asInt()).isEqualTo(task.equals("mqar") ? 2 : 3);
    assertThat(test.at("/sizes")).hasSize(2);
    assertThat(test.at("/sizes/1/accuracy").isNumber()).isTrue();
    assertThat(results.at("/baselines/chance/sizes")).hasSize(2);
    assertThat(Files.readString(folder.resolve("report.html"))).contains("By size");
  }

  @Test
  void copying_isLearntByAttention() throws Exception {
    Path config = folder.resolve("small.yaml");
    Files.writeString(
        config,
        """
        task: {type: algorithmic, task: copy, symbols: 4, minLength: 4, maxLength: 5, testLengths: [4, 5], trainExamples: 4000, validationExamples: 20, testExamples: 40}
        model:
          type: language_model
          width: 32
          layers: 2
          mixer: {type: softmax_attention, heads: 2, shortConvolution: 4}
        train: {optimizer: {type: adamw, lr: 1e-2}, steps: 400, batch: 32, clip: 1, seed: 1}
        """);
    assertThat(run("run copy --config " + config + " --output " + folder.resolve("out")))
        .as(err.toString())
        .isZero();
    JsonNode test =
        Configs.json().readTree(folder.resolve("out/results.json").toFile()).at("/runs/0/test");
    assertThat(test.at("/sizes/1/exact").asDouble()).isGreaterThan(0.9);
  }

  @Test
  void guesses_areRightInProportion() {
    SizedTask copy = (SizedTask) Tasks.get().standard("copy");
    SizeScores guess = copy.guess(size -> 0.5, size -> size);
    assertThat(guess.sizes().get(0)).isEqualTo(new SizeScores.Size(5, 0.5, 1 / 32.0));
    assertThat(guess.estimates().get("accuracyBeyond").value()).isEqualTo(0.5);
    assertThat(guess.estimates().get("exact").value())
        .isCloseTo((1 / 32.0 + 1 / 1024.0) / 2, within(1e-12));
  }

  @Test
  void batches_arePaddedOnTheRight() {
    SizedTask copy = (SizedTask) Tasks.get().standard("copy");
    int shorter = 0;
    int longer = 0;
    while (copy.length(Split.TRAIN, longer) <= copy.length(Split.TRAIN, shorter)) {
      longer++;
    }
    TokenBatch batch = copy.batch(Split.TRAIN, List.of(shorter, longer));
    int[] lengths = {copy.length(Split.TRAIN, shorter), copy.length(Split.TRAIN, longer)};
    assertThat(batch.lengths()).containsExactly(lengths);
    assertThat(batch.steps()).isEqualTo(lengths[1]);
    assertThat(batch.targets().toIntMatrix()[0][lengths[1] - 1]).isEqualTo(TokenBatch.IGNORED);
  }

  @Test
  void mistakes_areOneLine() {
    for (String options :
        new String[] {
          "copy --set task.maxLength=1",
          "addition --set task.testLengths=[]",
          "reverse --set task.digits=3",
          "mqar --set task.vocabulary=6",
          "mqar --set task.power=0",
          "mqar --set task.train=8"
        }) {
      assertThat(run("run " + options + " --output " + folder.resolve("none")))
          .as(options)
          .isEqualTo(1);
    }
    assertThat(err.toString().strip().lines())
        .hasSize(6)
        .allSatisfy(text -> assertThat(text).startsWith("zoo: "));
    assertThat(folder.resolve("none")).doesNotExist();
  }
}
