package io.sequencezoo.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The program runs at the smallest sizes; what it measures is not judged here. */
@Tag("any-kernels")
class ScalingBenchmarkTest {
  @Test
  void measurements_areWrittenRowByRow(@TempDir Path folder) throws IOException {
    Path output = folder.resolve("scaling.json");
    int code =
        new CommandLine(new ScalingBenchmark())
            .execute(
                "--measure=SEQUENCE,GENERATION,GROWTH,START",
                "--rounds=1",
                "--warm-up=0",
                "--lengths=16,32",
                "--tokens=32",
                "--positions=2,4",
                "--width=48",
                "--batch=1,2",
                "--window=2",
                "--steps=5",
                "--seconds=0",
                "--output=" + output);
    assertThat(code).isZero();
    JsonNode results = Configs.json().readTree(Files.readString(output));
    assertThat(results.get("sequence")).hasSize(2);
    assertThat(results.get("generation")).hasSize(28);
    assertThat(results.get("growth")).hasSize(15);
    assertThat(results.get("start")).hasSize(3);
    assertThat(results.get("machine").get("kernels").asText()).isNotEmpty();
    JsonNode first = results.get("growth").get(1).get("workspaceKiB");
    assertThat(results.get("growth").get(4).get("workspaceKiB")).isEqualTo(first);
  }
}
