package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code zoo}, with a Maven and a Java that say what they were asked. */
class LauncherTest {
  private static final List<String> MODULES =
      List.of("zoo-core", "zoo-models", "zoo-train", "datasets", "zoo-eval");

  @TempDir Path folder;
  private Path checkout;

  @BeforeEach
  void standIns() throws IOException {
    String root = System.getProperty("zoo.root");
    assumeThat(root).isNotNull();
    assumeThat(Path.of("/bin/bash")).exists();
    checkout = folder.toRealPath().resolve("checkout");
    for (String module : MODULES) {
      Files.createDirectories(checkout.resolve(module).resolve("src/main"));
      Files.createFile(checkout.resolve(module).resolve("pom.xml"));
    }
    Files.createFile(checkout.resolve("pom.xml"));
    Files.copy(Path.of(root, "zoo"), checkout.resolve("zoo"));
    executable(
        "bin/mvn",
        "echo build >>" + folder.resolve("builds"),
        "mkdir -p zoo-eval/target",
        "pwd -P >zoo-eval/target/zoo.classpath");
    executable(
        "bin/java",
        "case \"$*\" in",
        "  *XshowSettings*) echo '    java.specification.version = 17' ;;",
        "  *) while [ \"$1\" != -cp ]; do shift; done; echo \"$2\" ;;",
        "esac");
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    // The build is newer than any source, as it is after a while.
    Files.setLastModifiedTime(
        checkout.resolve("zoo-eval/target/zoo.classpath"),
        FileTime.fromMillis(System.currentTimeMillis() + 10_000));
  }

  @Test
  void builtCheckout_isNotBuiltAgain() throws IOException {
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void link_runsTheCheckoutItPointsTo() throws IOException {
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Files.createSymbolicLink(elsewhere.resolve("absolute"), checkout.resolve("zoo"));
    Files.createSymbolicLink(elsewhere.resolve("zoo"), Path.of("absolute"));
    assertThat(run(elsewhere)).isEqualTo(checkout.toString());
    assertThat(builds()).isEqualTo(1);
    assertThat(elsewhere.resolve("zoo-eval")).doesNotExist();
  }

  @Test
  void movedCheckout_isBuiltWhereItIs() throws IOException {
    Path moved = Files.move(checkout, folder.toRealPath().resolve("moved"));
    assertThat(run(moved)).isEqualTo(moved.toString());
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void copyThatKeepsTimes_runsItsOwnJars() throws IOException {
    Path copy = folder.toRealPath().resolve("copy");
    execute("cp", "-a", checkout.toString(), copy.toString());
    assertThat(run(copy)).isEqualTo(copy.toString());
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    assertThat(builds()).isEqualTo(2);
  }

  private void executable(String name, String... lines) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/bash\n" + String.join("\n", lines) + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private long builds() throws IOException {
    try (Stream<String> lines = Files.lines(folder.resolve("builds"))) {
      return lines.count();
    }
  }

  /** The class path that the script in a folder runs Java with. */
  private String run(Path where) throws IOException {
    return execute("/bin/bash", where.resolve("zoo").toString(), "version");
  }

  private String execute(String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("JAVA_HOME");
    builder.environment().merge("PATH", folder.resolve("bin") + ":", (old, bin) -> bin + old);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return output.replace("zoo: building ...\n", "").strip();
  }
}
