package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZooTest {
  private static final String[] COMMANDS = {
    "run", "tasks", "icll", "synthetic", "list", "describe", "generate", "conformance", "version"
  };

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Zoo.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }

  @Test
  void help_listsEveryCommand() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString()).contains(COMMANDS);
  }

  @ParameterizedTest
  @FieldSource("COMMANDS")
  void help_existsForEveryCommand(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString()).startsWith("Usage: zoo " + command);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nope",
        "nope --help",
        "icll nope --help",
        "describe",
        "icll --seeds x",
        "synthetic",
        "synthetic counting",
        "--threads 0 version",
        "conformance",
        "generate /tmp"
      })
  void usage_mistakesAreOneLineAndExitTwo(String line) {
    assertThat(run(line.split(" "))).isEqualTo(2);
    assertThat(err.toString().strip()).startsWith("zoo: ").hasLineCount(1);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void unknownCommand_namesTheNearest() {
    for (String line : new String[] {"descrbe", "descrbe --help", "--threads 1 descrbe -h"}) {
      assertThat(run(line.split(" "))).isEqualTo(2);
    }
    assertThat(err.toString().lines())
        .hasSize(3)
        .allSatisfy(text -> assertThat(text).contains("'descrbe'; the nearest is 'describe'"));
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void namesOfTasks_areWrittenAsHelpWritesThem() {
    assertThat(run("synthetic", "counting")).isEqualTo(2);
    assertThat(err.toString())
        .contains("must be one of [parity, keep_5th, one_hop, two_hop], got counting");
  }

  @Test
  void tasks_areListed() {
    assertThat(run("tasks")).isZero();
    assertThat(out.toString())
        .contains("icll", "parity", "keep_5th", "one_hop", "two_hop")
        .contains("copy", "reverse", "addition", "mqar");
  }

  @Test
  void failures_areOneLineAndExitOne(@TempDir Path folder) {
    assertThat(run("describe", "transformer")).isEqualTo(1);
    assertThat(run("conformance", folder.toString())).isEqualTo(1);
    assertThat(run("conformance", folder.resolve("absent").toString())).isEqualTo(1);
    assertThat(run("generate", folder.toString(), "--prompt", "ab")).isEqualTo(1);
    assertThat(run("icll", "--config", folder.resolve("absent.yaml").toString())).isEqualTo(1);
    assertThat(run("icll", "--resume", folder.toString())).isEqualTo(1);
    assertThat(run("icll", "--mixers", "swiglu")).isEqualTo(1);
    assertThat(run("icll", "--train-examples", "0")).isEqualTo(1);
    assertThat(err.toString().strip().lines())
        .hasSize(8)
        .allSatisfy(text -> assertThat(text).startsWith("zoo: "));
  }

  @Test
  void list_showsTheThreeMixers() {
    assertThat(run("list")).isZero();
    assertThat(out.toString()).contains("softmax_attention", "gla", "lstm", "swiglu", "rms_norm");
  }

  @ParameterizedTest
  @ValueSource(strings = {"softmax_attention", "gla", "lstm", "swiglu"})
  void describe_showsPaperAndParameters(String name) {
    assertThat(run("describe", name)).isZero();
    assertThat(out.toString()).contains("paper", "parameters at width 256", "\"type\" : \"" + name);
  }

  @Test
  void version_namesTheKernels() {
    assertThat(run("version")).isZero();
    assertThat(out.toString()).contains(System.getProperty("zoo.expected.kernels", "kernels"));
    assertThat(out.toString())
        .contains("OpenBLAS 0.3.31, core ")
        .containsPattern("[1-9][0-9]* GFLOP/s");
  }
}
