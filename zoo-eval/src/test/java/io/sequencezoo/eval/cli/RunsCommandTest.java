package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.runs.RunIndex;
import io.sequencezoo.eval.study.Study;
import io.sequencezoo.eval.study.StudyConfig;
import io.sequencezoo.train.TrainListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of two studies, found again. */
@Tag("any-kernels")
class RunsCommandTest {
  private static final String STUDY =
      """
      tasks: [{type: synthetic, task: TASK, length: 4, trainExamples: 8, validationExamples: 4, testExamples: 4}]
      model: {type: language_model, width: 8, layers: 1, mixer: {type: lstm}}
      changes: [lstm -> gru, {name: broken, set: {initStd: 1.0e+38}}]
      train: {optimizer: {type: adamw, lr: 1.0e-2}, steps: 2, batch: 4, seed: 1}
      seeds: 2
      """;

  @TempDir static Path runs;
  @TempDir Path folder;

  @BeforeAll
  static void train() throws IOException {
    for (String task : List.of("parity", "one_hop")) {
      StudyConfig study = StudyConfig.parse("study", STUDY.replace("TASK", task));
      Study running = new Study(study, runs.resolve(task), name -> new TrainListener() {});
      assertThat(running.run()).isPresent();
    }
  }

  private static String zoo(int code, String... more) {
    List<String> line = new ArrayList<>(List.of("runs"));
    line.addAll(List.of(more));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int got = Zoo.run(new PrintWriter(out), new PrintWriter(err), line.toArray(String[]::new));
    assertThat(got).as("%s %s", line, err).isEqualTo(code);
    return code == 0 ? out.toString() : err.toString();
  }

  private static List<String> csv(String... more) {
    List<String> line = new ArrayList<>(List.of(runs.toString(), "--format", "csv"));
    line.addAll(List.of(more));
    return zoo(0, line.toArray(String[]::new)).lines().toList();
  }

  @Test
  void runs_areListedWithTheirFields() {
    assertThat(csv("--columns", "task,name,seed,status,model.width", "--sort", "-seed"))
        .hasSize(1 + 12)
        .startsWith("task,name,seed,status,model.width")
        .contains("parity,base,1,done,8", "one_hop,broken,2,failed,8");
    assertThat(zoo(0, runs.toString())).contains("accuracy").contains("lstm-to-gru");
  }

  @Test
  void conditions_choose() {
    assertThat(csv("--task", "parity", "--mixer", "gru")).hasSize(1 + 2);
    assertThat(csv("--where", "status!=failed", "--where", "seed<2")).hasSize(1 + 4);
    assertThat(csv("--where", "train.optimizer.lr=0.01")).hasSize(1 + 12);
    assertThat(csv("--where", "train.optimizer.lr>0.01")).hasSize(1);
    assertThat(csv("--where", "accuracy>=0")).hasSize(1 + 8);
  }

  @Test
  void index_isOnlyAnIndex() throws IOException {
    List<String> before = csv("--columns", "folder,accuracy");
    Path index = runs.resolve(RunIndex.FILE);
    assertThat(index).exists();
    Files.delete(index);
    assertThat(csv("--columns", "folder,accuracy")).isEqualTo(before);
    Files.writeString(index, "no database");
    assertThat(csv("--columns", "folder,accuracy")).isEqualTo(before);
    // A file that changes is read again, one that goes is forgotten, one that is broken told of.
    Path copy = folder.resolve("runs");
    zoo(0, runs.toString(), "--merge", copy.toString());
    assertThat(zoo(0, copy.toString(), "--format", "csv").lines()).hasSize(1 + 8);
    Path run;
    try (var files = Files.walk(copy)) {
      run = files.filter(file -> file.endsWith("run.json")).findFirst().orElseThrow();
    }
    ObjectNode json = (ObjectNode) Configs.json().readTree(run.toFile());
    Files.writeString(run, Configs.write(json.put("parameters", 12345678)));
    assertThat(zoo(0, copy.toString(), "--where", "parameters=12345678", "--format", "csv").lines())
        .hasSize(2);
    Files.delete(run);
    assertThat(zoo(0, copy.toString(), "--format", "csv").lines()).hasSize(1 + 7);
    Files.writeString(run, "{");
    assertThat(zoo(0, copy.toString(), "--format", "csv").lines()).hasSize(1 + 7);
  }

  @Test
  void comparison_isThatOfTheStudy() throws IOException {
    String json =
        zoo(
            0,
            runs.toString(),
            "--task",
            "parity",
            "--compare",
            "mixer",
            "--where",
            "name!=broken",
            "--sort",
            "-mixer",
            "--format",
            "json");
    JsonNode rows = Configs.json().readTree(json);
    JsonNode study =
        Configs.json().readTree(runs.resolve("parity").resolve(Study.RESULTS).toFile());
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0).path("mixer").asText()).isEqualTo("lstm");
    assertThat(rows.get(1).path("pairs").asText()).isEqualTo("2");
    assertThat(rows.get(1).path("difference").asText())
        .isEqualTo(
            String.format(Locale.ROOT, "%.4f", study.at("/tasks/0/differences/0/mean").asDouble()));
  }

  @Test
  void mergedRuns_areTakenOverByAStudy() throws IOException {
    Path merged = folder.resolve("merged");
    assertThat(zoo(0, runs.toString(), "--merge", merged.toString())).contains("8 new of 12");
    assertThat(zoo(0, runs.toString(), "--merge", merged.toString())).contains("0 new of 12");
    Path study = Files.writeString(folder.resolve("study.yaml"), STUDY.replace("TASK", "parity"));
    StringWriter out = new StringWriter();
    int code =
        Zoo.run(
            new PrintWriter(out),
            new PrintWriter(new StringWriter()),
            "ablate",
            study.toString(),
            "--reuse",
            merged.toString(),
            "--output",
            folder.resolve("again").toString());
    assertThat(code).as("the broken ones fail again").isEqualTo(1);
    assertThat(out.toString().lines().filter(line -> line.startsWith("reused: "))).hasSize(4);
  }

  @Test
  void mistakes_areToldInOneLine() {
    assertThat(zoo(1, folder.resolve("nowhere").toString())).contains("must be a folder, got none");
    assertThat(zoo(1, runs.toString(), "--where", "width")).contains("where must be KEY=VALUE");
    assertThat(zoo(1, runs.toString(), "--where", "task>parity"))
        .contains("> must compare with a number");
    assertThat(zoo(1, runs.toString(), "--columns", "widht")).contains("got widht");
    assertThat(zoo(1, runs.toString(), "--compare", "model.width"))
        .contains("must be one for each task and seed");
    assertThat(zoo(1, runs.toString(), "--task", "parity", "--mixer", "gru", "--compare", "mixer"))
        .contains("mixer must differ among the runs, got [gru]");
    assertThat(zoo(2, runs.toString(), "--format", "xml")).contains("must be one of [table, csv");
  }
}
