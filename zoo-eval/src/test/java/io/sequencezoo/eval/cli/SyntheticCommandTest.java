package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("any-kernels")
class SyntheticCommandTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String line) {
    return Zoo.run(new PrintWriter(out, true), new PrintWriter(err, true), line.split(" "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"parity", "keep_5th", "one_hop", "two_hop"})
  void everyTask_runsToAReport(String task) throws Exception {
    String line =
        "synthetic "
            + task
            + " --mixers lstm,gla --length 6 --train-examples 32 --epochs 1"
            + " --output "
            + folder;
    assertThat(run(line)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("chance", "lstm", "gla", "last position");
    JsonNode results = Configs.json().readTree(folder.resolve("results.json").toFile());
    assertThat(results.path("config").path("task").path("task").asText()).isEqualTo(task);
    assertThat(results.path("runs")).hasSize(2);
    assertThat(results.path("runs").get(0).path("steps").asInt()).isEqualTo(2);
    assertThat(Files.readString(folder.resolve("report.html"))).contains("Synthetic task " + task);
    // The same command again reads what is there; another one is refused.
    String first = Files.readString(folder.resolve("lstm-seed1/run.json"));
    assertThat(run(line)).isZero();
    assertThat(Files.readString(folder.resolve("lstm-seed1/run.json"))).isEqualTo(first);
    assertThat(run(line.replace("--length 6", "--length 7"))).isEqualTo(1);
    assertThat(err.toString()).contains("holds another experiment");
  }

  @Test
  void parity_isLearntByAnLstmAndNotByAttention() throws Exception {
    Path config = folder.resolve("small.yaml");
    Files.writeString(
        config,
        """
        task:
          {type: synthetic, task: parity, length: 12, trainExamples: 800, validationExamples: 50, testExamples: 100}
        model: {type: language_model, width: 32, layers: 1, mixer: {type: lstm}}
        train: {optimizer: {type: adamw, lr: 5e-3}, epochs: 6, batch: 16, clip: 1, seed: 1}
        """);
    String line =
        "synthetic parity --config "
            + config
            + " --mixers lstm,softmax_attention --output "
            + folder.resolve("out");
    assertThat(run(line)).as(err.toString()).isZero();
    JsonNode runs =
        Configs.json().readTree(folder.resolve("out/results.json").toFile()).path("runs");
    assertThat(runs.get(0).path("test").path("last").asDouble()).isGreaterThan(0.95);
    assertThat(runs.get(1).path("test").path("last").asDouble()).isLessThan(0.75);
  }

  @Test
  void mistakes_areOneLine() throws Exception {
    Path config = folder.resolve("hop.yaml");
    Files.writeString(
        config,
        """
        task: {type: synthetic, task: one_hop}
        model: {type: language_model, width: 8, layers: 1, mixer: {type: lstm}}
        train: {optimizer: {type: adamw, lr: 1e-3}, epochs: 1, batch: 4, seed: 1}
        """);
    List<String> lines =
        List.of(
            "synthetic parity --config " + config,
            "synthetic parity --config " + folder.resolve("absent.yaml"),
            "synthetic parity --mixers swiglu",
            "synthetic parity --mixers nothing",
            "synthetic parity --mixers ,",
            "synthetic keep_5th --length 3",
            "synthetic parity --train-examples 0",
            "synthetic parity --seeds 0",
            "synthetic parity --epochs 0");
    for (String line : lines) {
      assertThat(run(line)).as(line).isEqualTo(1);
    }
    assertThat(err.toString().strip().lines())
        .hasSize(lines.size())
        .allSatisfy(text -> assertThat(text).startsWith("zoo: "));
    assertThat(err.toString()).contains("TASK must be the task one_hop");
    assertThat(run("synthetic counting")).isEqualTo(2);
  }
}
