package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script {@code zoo}, with a Maven and a Java that say what they were asked. */
@Tag("any-kernels")
class LauncherTest {
  private static final List<String> MODULES =
      List.of("zoo-core", "zoo-models", "zoo-train", "datasets", "zoo-eval");

  @TempDir Path folder;
  private Path checkout;
  private String javaHome;

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
    java("bin/java");
    // The sources are older than any build, as they are after a while.
    try (Stream<Path> sources = Files.walk(checkout)) {
      for (Path source : sources.toList()) {
        Files.setLastModifiedTime(source, FileTime.fromMillis(System.currentTimeMillis() - 10_000));
      }
    }
    assertThat(run(checkout)).isEqualTo(checkout.toString());
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

  @Test
  void classes_areArchivedOncePerBuild() throws IOException {
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    assertThat(archives()).isEqualTo(1);
    assertThat(arguments()).contains("-XX:SharedArchiveFile=" + archive("17.0.1+2"));
    assertThat(archive("17.0.1+2")).content().isEqualTo("classes\n");
    assertThat(leftOvers()).isEmpty();

    Files.delete(checkout.resolve("zoo-eval/target/zoo.root"));
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    assertThat(archives()).isEqualTo(2);
  }

  @Test
  void anotherJdk_hasItsOwnArchive() throws IOException {
    java("jdk/bin/java");
    Files.writeString(
        folder.resolve("jdk/release"),
        "JAVA_VERSION=\"25.0.3\"\nJAVA_RUNTIME_VERSION=\"25.0.3+9\"\n");
    javaHome = folder.resolve("jdk").toString();
    for (int i = 0; i < 2; i++) {
      assertThat(run(checkout)).isEqualTo(checkout.toString());
      assertThat(arguments())
          .contains("-XX:SharedArchiveFile=" + archive("25.0.3+9"))
          .contains("--sun-misc-unsafe-memory-access=allow");
    }
    javaHome = null;
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    assertThat(arguments()).contains("-XX:SharedArchiveFile=" + archive("17.0.1+2"));
    assertThat(archives()).isEqualTo(2);
    assertThat(builds()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fail", "cut"})
  void javaThatMakesNoWholeArchive_isAskedOnce(String way) throws IOException {
    Files.delete(archive("17.0.1+2"));
    Files.createFile(folder.resolve(way));
    for (int i = 0; i < 2; i++) {
      assertThat(run(checkout)).isEqualTo(checkout.toString());
      assertThat(arguments()).doesNotContain("SharedArchiveFile");
      assertThat(archives()).isEqualTo(2);
    }
    assertThat(leftOvers()).isEmpty();
  }

  @Test
  void readOnlyCheckout_runsWithoutArchive() throws IOException {
    Files.delete(archive("17.0.1+2"));
    executable("bin/mktemp", "echo 'mktemp: Read-only file system' >&2", "exit 1");
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    assertThat(arguments()).doesNotContain("SharedArchiveFile");
    assertThat(archives()).isEqualTo(1);
  }

  @Test
  void scriptKilledWhileArchiving_leavesNoHalfArchive() throws IOException {
    Files.delete(archive("17.0.1+2"));
    Files.createFile(folder.resolve("kill"));
    assertThat(run(checkout)).isEmpty();
    assertThat(archive("17.0.1+2")).doesNotExist();
    Files.delete(folder.resolve("kill"));
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    assertThat(archive("17.0.1+2")).content().isEqualTo("classes\n");

    Files.delete(checkout.resolve("zoo-eval/target/zoo.root"));
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    assertThat(leftOvers()).isEmpty();
  }

  @Test
  void interruptedWhileArchiving_endsAndCleansUp() throws IOException {
    Files.delete(archive("17.0.1+2"));
    Files.createFile(folder.resolve("interrupt"));
    assertThat(run(checkout)).isEmpty();
    assertThat(archive("17.0.1+2")).doesNotExist();
    assertThat(leftOvers()).isEmpty();
  }

  @Test
  void twoAtOnce_bothRun() throws IOException {
    Files.delete(archive("17.0.1+2"));
    Files.createFile(folder.resolve("two"));
    CompletableFuture<String> other = CompletableFuture.supplyAsync(() -> runUnchecked(checkout));
    assertThat(run(checkout)).isEqualTo(checkout.toString());
    assertThat(other.join()).isEqualTo(checkout.toString());
    assertThat(archives()).isEqualTo(3);
    assertThat(archive("17.0.1+2")).content().isEqualTo("classes\n");
    assertThat(leftOvers()).isEmpty();
  }

  @Test
  void onlyCommandsThatComputeNothing_doWithoutTheBestCompiler() throws IOException {
    for (String command : List.of("", "--help", "list", "list --markdown", "describe gla")) {
      run(checkout, command.isEmpty() ? new String[0] : command.split(" "));
      assertThat(arguments()).as(command).contains("-XX:TieredStopAtLevel=1 ");
    }
    for (String command : List.of("version", "icll", "describe gla --spectrum", "run list")) {
      run(checkout, command.split(" "));
      assertThat(arguments()).as(command).doesNotContain("TieredStopAtLevel");
    }
  }

  private Path archive(String version) {
    return checkout.resolve("zoo-eval/target/zoo-" + version + ".jsa");
  }

  /** What the archiving has not removed behind itself. */
  private List<Path> leftOvers() throws IOException {
    try (Stream<Path> files = Files.list(checkout.resolve("zoo-eval/target"))) {
      return files.filter(file -> file.getFileName().toString().startsWith("archive")).toList();
    }
  }

  /**
   * A Java 17 that notes its arguments, and says the class path or writes an archive; crashes on
   * half a one.
   */
  private void java(String name) throws IOException {
    executable(
        name,
        "cd " + folder,
        "for argument; do",
        "  case \"$argument\" in",
        "    -XshowSettings*) echo '    java.runtime.version = 17.0.1+2'; exit ;;",
        "    -XX:ArchiveClassesAtExit=*)",
        "      echo archive >>archives",
        "      echo half >\"${argument#*=}\"",
        "      [ -e fail ] && exit 1",
        "      [ -e cut ] && exit",
        "      [ -e kill ] && kill -KILL $PPID && exit 1",
        "      [ -e interrupt ] && kill -INT $PPID && exit 130",
        "      while [ -e two ] && [ \"$(grep -c . archives)\" -lt 3 ]; do sleep 0.1; done",
        "      echo classes >\"${argument#*=}\"",
        "      exit ;;",
        "    -XX:SharedArchiveFile=*) grep -q half \"${argument#*=}\" && kill -ABRT $$ ;;",
        "  esac",
        "done",
        "echo \"$*\" >arguments",
        "while [ \"$1\" != -cp ]; do shift; done; echo \"$2\"");
  }

  private void executable(String name, String... lines) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/bash\n" + String.join("\n", lines) + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private long builds() throws IOException {
    return lines("builds");
  }

  private long archives() throws IOException {
    return lines("archives");
  }

  private long lines(String file) throws IOException {
    try (Stream<String> lines = Files.lines(folder.resolve(file))) {
      return lines.count();
    }
  }

  /** What Java was last asked to run. */
  private String arguments() throws IOException {
    return Files.readString(folder.resolve("arguments"));
  }

  /** The class path that the script in a folder runs Java with. */
  private String run(Path where, String... command) throws IOException {
    List<String> line = new ArrayList<>(List.of("/bin/bash", where.resolve("zoo").toString()));
    line.addAll(List.of(command));
    return execute(line.toArray(new String[0]));
  }

  private String runUnchecked(Path where) {
    try {
      return run(where);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String execute(String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("JAVA_HOME");
    if (javaHome != null) {
      builder.environment().put("JAVA_HOME", javaHome);
    }
    builder.environment().merge("PATH", folder.resolve("bin") + ":", (old, bin) -> bin + old);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return output.replace("zoo: building ...\n", "").strip();
  }
}
