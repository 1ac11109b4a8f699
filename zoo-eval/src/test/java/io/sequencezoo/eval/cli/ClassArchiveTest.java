package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What starts with a command. */
@Tag("any-kernels")
class ClassArchiveTest {
  @Test
  void commands_succeed(@TempDir Path folder) {
    assertThat(ClassArchive.run(folder.resolve("run").toString())).isZero();
    assertThat(folder.resolve("run/report.html")).exists();
  }

  @ParameterizedTest
  @ValueSource(strings = {"list", "tasks", "--help", "describe gla"})
  void commandsThatComputeNothing_startNeitherNd4jNorLogging(String command) throws Exception {
    List<String> loaded = classesOf(command.split(" "));
    assertThat(loaded).anyMatch(line -> line.contains(Zoo.class.getName()));
    assertThat(loaded)
        .noneMatch(line -> line.contains("org.nd4j.linalg.factory."))
        .noneMatch(line -> line.contains("org.bytedeco."))
        .noneMatch(line -> line.contains("ch.qos.logback."));
  }

  private static List<String> classesOf(String... command) throws Exception {
    List<String> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xlog:class+load:stdout",
            "-cp",
            System.getProperty("java.class.path"),
            Zoo.class.getName());
    List<String> arguments = new ArrayList<>(java);
    arguments.addAll(List.of(command));
    Process process = new ProcessBuilder(arguments).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return output.lines().filter(line -> line.contains("[class,load]")).toList();
  }
}
