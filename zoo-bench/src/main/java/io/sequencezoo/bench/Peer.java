package io.sequencezoo.bench;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A library in a process of its own, which answers as {@link PeerServer} says: sends the name of a
 * workload, receives its nanoseconds.
 */
final class Peer implements AutoCloseable {
  private final Process process;
  private final PrintWriter requests;
  private final BufferedReader answers;
  private final String description;

  private Peer(Process process) throws IOException {
    this.process = process;
    this.requests =
        new PrintWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8), true);
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String hello = answers.readLine();
    checkState(
        hello != null && hello.startsWith(PeerServer.READY),
        "peer: must start with ready, got %s",
        hello);
    description = hello.substring(PeerServer.READY.length()).strip();
  }

  /**
   * Starts a library.
   *
   * @param folder the folder {@code zoo-bench}, its peers built
   * @param settings how its thread pools behave
   * @throws IllegalArgumentException if it isn't built
   * @throws IllegalStateException if it doesn't start
   */
  static Peer start(Path folder, int threads, Library library, Library.Settings settings)
      throws IOException {
    Path target = folder.resolve(library.module()).resolve("target").toAbsolutePath();
    Path classPath = target.resolve("class-path.txt");
    checkArgument(
        Files.exists(classPath), "peer: %s must exist; build with mvn -Ppeer package", classPath);
    String classes =
        target.resolve("classes")
            + System.getProperty("path.separator")
            + Files.readString(classPath).strip();
    ProcessBuilder builder = process(classes, library.main(), threads);
    builder.environment().keySet().removeIf(name -> name.startsWith("OMP_"));
    builder.environment().remove("OPENBLAS_NUM_THREADS");
    if (library == Library.DL4J) {
      builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
    }
    builder.environment().put("DJL_CACHE_DIR", target.resolve("djl").toString());
    builder.environment().putAll(settings.environment());
    return start(builder);
  }

  /** What starts a peer's main class. */
  static ProcessBuilder process(String classPath, String main, int threads) throws IOException {
    // Where a libtorch of the system lies in the library path, the presets' own crashes.
    Path empty = Files.createTempDirectory("zoo-peer");
    return new ProcessBuilder(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.library.path=" + empty,
            "-Dorg.bytedeco.javacpp.maxbytes=0",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "-cp",
            classPath,
            main,
            Integer.toString(threads)));
  }

  /** Starts a process that answers; what it says on standard error is this process's. */
  static Peer start(ProcessBuilder builder) throws IOException {
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      return new Peer(process);
    } catch (IOException | RuntimeException e) {
      process.destroy();
      throw e;
    }
  }

  /** The library, its version and its BLAS. */
  String description() {
    return description;
  }

  /** Runs a workload once and returns its seconds; NaN where the peer has no such workload. */
  double seconds(String workload) throws IOException {
    requests.println(workload);
    String answer = answers.readLine();
    checkState(answer != null, "peer: ended while it ran %s", workload);
    return answer.equals(PeerServer.ABSENT) ? Double.NaN : Long.parseLong(answer.strip()) * 1e-9;
  }

  @Override
  public void close() {
    requests.close();
    process.destroy();
  }
}
