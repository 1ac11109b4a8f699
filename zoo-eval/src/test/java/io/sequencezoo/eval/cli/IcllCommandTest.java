package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.experiment.TinyExperiment;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code zoo icll} as a user runs it: options, files, exit codes, and Ctrl-C. */
class IcllCommandTest {
  private static final long TIMEOUT_SECONDS = 120;

  /** More updates than a process makes before the test interrupts it, few enough to finish. */
  private static final int INTERRUPTED_STEPS = 1000;

  @TempDir Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int zoo(String... args) {
    return Zoo.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }

  private String config(int steps) throws IOException {
    return Files.writeString(folder.resolve("tiny.yaml"), TinyExperiment.yaml(steps)).toString();
  }

  private JsonNode json(String file) throws IOException {
    return Configs.json().readTree(Files.readString(folder.resolve(file)));
  }

  @Test
  void options_changeTheExperiment() throws IOException {
    String run = folder.resolve("run").toString();
    String[] options = {"--mixers", "lstm,gla", "--train-examples", "5", "--seeds", "2"};
    List<String> args = new ArrayList<>(List.of("icll", "--config", config(1), "--output", run));
    args.addAll(List.of(options));
    assertThat(zoo(args.toArray(String[]::new))).as("%s", err).isZero();
    JsonNode results = json("run/results.json");
    assertThat(results.path("runs").findValuesAsText("name"))
        .containsExactly("lstm", "lstm", "gla", "gla");
    assertThat(results.at("/runs/1/seed").asInt()).isEqualTo(2);
    assertThat(results.at("/config/task/trainExamples").asInt()).isEqualTo(5);
    assertThat(out.toString()).contains("lstm seed 1", "gla seed 2", "report.html", "3-gram");
    assertThat(err.toString()).contains("lstm seed 2");

    assertThat(zoo("icll", "--resume", run)).isZero();
    assertThat(zoo("icll", "--config", config(1), "--output", run)).isEqualTo(1);
    assertThat(err.toString())
        .endsWith(
            "zoo: icll: %s holds an experiment already; use --resume %s or another --output\n"
                .formatted(run, run));
  }

  @Test
  void baselinesOnly_writesTableAndJson() throws IOException {
    String run = folder.resolve("run").toString();
    assertThat(zoo("icll", "--baselines-only", "--problems", "4", "--seed", "7", "--output", run))
        .as("%s", err)
        .isZero();
    assertThat(out.toString()).contains("2-gram", "4-gram", "uniform", "L1", "baselines.json");
    JsonNode results = json("run/baselines.json");
    assertThat(results.at("/config/testExamples").asInt()).isEqualTo(4);
    assertThat(results.at("/config/seed").asInt()).isEqualTo(7);
    assertThat(results.path("scores")).hasSizeGreaterThanOrEqualTo(7);
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --baselines-only --mixers gla     | --baselines-only takes
          --baselines-only --seeds 2        | --baselines-only takes
          --baselines-only --train-examples 9 | --baselines-only takes
          --baselines-only --problems 0     | problems must be at least 1, got 0
          --problems 5                      | --problems and --seed belong to --baselines-only
          --seed 5                          | --problems and --seed belong to --baselines-only
          --resume x --seeds 2              | --resume takes everything from its folder
          --resume x --output y             | --resume takes everything from its folder
          --resume x                        | resume: x must hold config.json
          --config x --full                 | --config and --full exclude each other
          --seeds 0                         | seeds must be at least 1, got 0
          --mixers rms_norm                 | mixers: rms_norm is not a sequence mixer
          """)
  void mistakes_areOneLineAndWriteNothing(String options, String message) {
    List<String> args = new ArrayList<>(List.of("icll"));
    args.addAll(List.of(options.split(" ")));
    assertThat(zoo(args.toArray(String[]::new))).isEqualTo(1);
    assertThat(err.toString().strip()).startsWith("zoo: ").contains(message).hasLineCount(1);
    assertThat(out.toString()).isEmpty();
    assertThat(Path.of("x")).doesNotExist();
    assertThat(Path.of("y")).doesNotExist();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void ctrlC_losesNothing() throws Exception {
    String config = config(INTERRUPTED_STEPS);
    // Best evaluations are saved; with none before the end, only the interruption is.
    Files.writeString(
        Path.of(config),
        TinyExperiment.yaml(INTERRUPTED_STEPS).replace("evaluateEvery: 2", "evaluateEvery: 0"));
    Path run = folder.resolve("interrupted");
    Process child = start("icll", "--config", config, "--mixers", "gla", "--output", "" + run);
    Path log = run.resolve("gla-seed1/log.jsonl");
    awaitUpdates(child, log);
    // A process that ignores SIGINT from birth, as those of background jobs do, still hears TERM.
    boolean ignored = ignoresInterrupts(child);
    new ProcessBuilder("kill", ignored ? "-TERM" : "-INT", "" + child.pid()).start().waitFor();
    assertThat(child.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    String errors = Files.readString(folder.resolve("child.err"));
    assertThat(child.exitValue()).as(errors).isEqualTo(ignored ? 143 : 130);
    assertThat(errors.lines().toList())
        .endsWith("zoo: interrupted; go on with 'zoo icll --resume " + run + "'")
        .noneMatch(line -> line.contains("\tat "));
    // The checkpoint of the interruption holds the last update.
    List<String> lines = Files.readAllLines(log);
    JsonNode last = lastStep(lines);
    assertThat(last.path("step").asInt()).isLessThan(INTERRUPTED_STEPS);
    assertThat(run.resolve("gla-seed1/checkpoints/step-" + last.path("step"))).isDirectory();

    assertThat(zoo("icll", "--resume", run.toString())).as("%s", err).isZero();
    Path whole = folder.resolve("whole");
    assertThat(zoo("icll", "--config", config, "--mixers", "gla", "--output", "" + whole)).isZero();
    assertThat(TinyExperiment.comparable(run)).isEqualTo(TinyExperiment.comparable(whole));
  }

  private static JsonNode lastStep(List<String> lines) throws IOException {
    JsonNode last = null;
    for (String text : lines) {
      JsonNode line = Configs.json().readTree(text);
      last = line.path("event").asText().equals("step") ? line : last;
    }
    return last;
  }

  private Process start(String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      // Bits are those of one kernel provider; the child must choose the one of this process.
      command.add("--add-modules=jdk.incubator.vector");
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Zoo.class.getName()));
    command.addAll(List.of(args));
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(folder.resolve("child.err").toFile())
        .start();
  }

  private void awaitUpdates(Process child, Path log) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!Files.exists(log) || Files.size(log) == 0) {
      assertThat(child.isAlive()).as(Files.readString(folder.resolve("child.err"))).isTrue();
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(5);
    }
  }

  private static boolean ignoresInterrupts(Process child) throws IOException {
    Path status = Path.of("/proc/" + child.pid() + "/status");
    if (!Files.exists(status)) {
      return false;
    }
    String mask =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .map(line -> line.substring("SigIgn:".length()).strip())
            .findFirst()
            .orElse("0");
    int interrupt = 2;
    return (Long.parseUnsignedLong(mask, 16) >> (interrupt - 1) & 1) == 1;
  }
}
