package io.sequencezoo.bench;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.ImmutableMap;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** PyTorch in a process of its own: sends the name of a workload, receives its nanoseconds. */
final class Peer implements AutoCloseable {
  /**
   * Which thread pool of PyTorch is in the way of which differs by workload, so that each workload
   * is timed under every setting and its best counts.
   */
  enum Settings {
    /** As PyTorch starts by itself. */
    DEFAULT(ImmutableMap.of()),
    /** OpenBLAS on one thread, so that parallel regions don't nest. */
    SINGLE_BLAS(ImmutableMap.of("OPENBLAS_NUM_THREADS", "1")),
    /** Idle OpenMP threads sleep instead of spinning. */
    PASSIVE(ImmutableMap.of("OMP_WAIT_POLICY", "PASSIVE"));

    private final ImmutableMap<String, String> environment;

    Settings(ImmutableMap<String, String> environment) {
      this.environment = environment;
    }
  }

  private final Process process;
  private final PrintWriter requests;
  private final BufferedReader answers;

  private Peer(Process process) {
    this.process = process;
    this.requests =
        new PrintWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8), true);
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts it.
   *
   * @param folder the built module {@code zoo-bench/peer}
   * @param settings how its thread pools behave
   */
  static Peer start(Path folder, int threads, Settings settings) throws IOException {
    Path classPath = folder.resolve("target/class-path.txt");
    checkArgument(
        Files.exists(classPath), "peer: %s must exist; build with mvn -Ppeer package", classPath);
    // Where a libtorch of the system lies in the library path, the presets' own crashes.
    Path empty = Files.createTempDirectory("zoo-peer");
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.library.path=" + empty,
                "-Dorg.bytedeco.javacpp.maxbytes=0",
                "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                "-cp",
                folder.resolve("target/classes")
                    + System.getProperty("path.separator")
                    + Files.readString(classPath).strip(),
                "io.sequencezoo.bench.peer.PeerMain",
                Integer.toString(threads)));
    builder.environment().keySet().removeIf(name -> name.startsWith("OMP_"));
    builder.environment().remove("OPENBLAS_NUM_THREADS");
    builder.environment().putAll(settings.environment);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Peer peer = new Peer(builder.start());
    String hello = peer.answers.readLine();
    checkState("ready".equals(hello), "peer: must start with ready, got %s", hello);
    return peer;
  }

  /** Runs a workload once and returns its seconds. */
  double seconds(String workload) throws IOException {
    requests.println(workload);
    String answer = answers.readLine();
    checkState(answer != null, "peer: ended while it ran %s", workload);
    return Long.parseLong(answer.strip()) * 1e-9;
  }

  @Override
  public void close() {
    requests.close();
    process.destroy();
  }
}
