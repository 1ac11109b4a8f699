package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesLogTest {
  @TempDir Path folder;

  @Test
  void resume_keepsEveryStepOnce() throws IOException {
    Path file = folder.resolve("run/log.jsonl");
    try (JsonLinesLog log = new JsonLinesLog(file)) {
      log.started(new TrainListener.Start(9, 0, 5));
      for (long step = 1; step <= 5; step++) {
        log.stepped(step(step));
      }
      log.evaluated(new History.Evaluated(4, 8, new Evaluation(0.5, Map.of("loss", 0.5))), true);
    }
    Files.writeString(file, "{\"event\":\"step\",\"st", StandardOpenOption.APPEND);
    JsonLinesLog resumed = new JsonLinesLog(file);
    resumed.started(new TrainListener.Start(9, 3, 5));
    for (long step = 4; step <= 9; step++) {
      resumed.stepped(step(step));
    }
    resumed.finished(
        new TrainResult(
            TrainResult.End.FINISHED, 9, 18, -1, 1.5, new History(List.of(), List.of())));
    List<String> events = new ArrayList<>();
    for (String text : Files.readAllLines(file)) {
      JsonNode line = Configs.json().readTree(text);
      events.add(line.path("event").asText() + line.path("step").asLong());
    }
    assertThat(events)
        .containsExactly(
            "step1", "step2", "step3", "step4", "step5", "step6", "step7", "step8", "step9",
            "end9");
  }

  @Test
  void stepped_writesAllNumbers() throws IOException {
    Path file = folder.resolve("log.jsonl");
    try (JsonLinesLog log = new JsonLinesLog(file)) {
      log.started(new TrainListener.Start(9, 0, 5));
      log.stepped(step(1));
    }
    assertThat(file)
        .hasContent(
            "{\"event\":\"step\",\"step\":1,\"tokens\":2,\"loss\":0.25,\"learningRate\":0.1,"
                + "\"gradientNorm\":3.0,\"seconds\":0.5,\"cpuSeconds\":0.75}\n");
  }

  private static TrainListener.Step step(long step) {
    return new TrainListener.Step(step, 9, 2, 2 * step, 0.25, 0.1, 3, 0.5, 0.75, Map.of());
  }
}
