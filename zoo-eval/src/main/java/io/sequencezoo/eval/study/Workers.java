package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Processes on this machine that share the runs of a study. Each takes the next run that nobody
 * has, and the threads of this process are divided among them; since neither who trains a run nor
 * with how many threads decides a bit of it, results are those of one process.
 *
 * <p>A worker ends when its standard input does, so that none outlives this process, however it
 * ends.
 */
public final class Workers {
  /** Flags of this process that its workers get anew, or that are its own. */
  private static final String OWN = "-Dzoo\\.(threads|terminal)=.*|-agent.*|-javaagent.*|-Xlog.*";

  private static final int MOST = 256;
  private static final double HEAP_PERCENT = 80;
  private static final double STANDARD_HEAP_PERCENT = 25;

  private final int count;
  private final int threads;
  private final List<String> command;
  private final Consumer<String> lines;
  private final List<Process> running = new CopyOnWriteArrayList<>();
  private volatile boolean stopRequested;

  /**
   * So many processes.
   *
   * @param threads that they share
   * @param command the main class and its arguments, to which the study's folder is added
   * @param lines gets what they print
   */
  public Workers(int count, int threads, List<String> command, Consumer<String> lines) {
    checkArgument(
        count >= 1 && count <= MOST, "workers: must be between 1 and %s, got %s", MOST, count);
    this.count = count;
    this.threads = threads;
    this.command = List.copyOf(command);
    this.lines = lines;
  }

  /** Asks them to stop soon and to leave checkpoints. */
  void requestStop() {
    stopRequested = true;
    running.forEach(Workers::release);
  }

  private static void release(Process process) {
    try {
      process.getOutputStream().close();
    } catch (IOException hasEnded) {
      // Then there is nothing to ask it.
    }
  }

  /** Runs them to their ends; tells what went wrong with those that ended badly. */
  Optional<String> run(Path folder) throws IOException {
    List<Thread> readers = new ArrayList<>();
    try {
      for (int i = 0; i < count && !stopRequested; i++) {
        Process process = builder(folder, i).start();
        running.add(process);
        Thread reader = new Thread(() -> read(process), "zoo-worker-" + i);
        reader.start();
        readers.add(reader);
      }
      List<String> trouble = new ArrayList<>();
      for (Process process : running) {
        int code = process.waitFor();
        if (code != 0) {
          trouble.add("got exit code " + code);
        }
      }
      for (Thread reader : readers) {
        reader.join();
      }
      return trouble.stream().findFirst();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("got an interruption");
    } finally {
      running.forEach(Workers::release);
    }
  }

  /** The process of a worker by its number, which ends when its input does. */
  ProcessBuilder builder(Path folder, int number) {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments();
    flags.stream().filter(flag -> !flag.matches(OWN)).forEach(line::add);
    if (flags.stream().noneMatch(flag -> flag.matches("-Xmx.*|-XX:Max.*RAM.*|-XX:MaxHeap.*"))) {
      double each = Math.min(STANDARD_HEAP_PERCENT, HEAP_PERCENT / count);
      line.add("-XX:MaxRAMPercentage=" + each);
    }
    // The first get one more where they can't be divided.
    int own = Math.max(1, threads / count + (number < threads % count ? 1 : 0));
    line.add("-Dzoo.threads=" + own);
    line.add("-cp");
    line.add(System.getProperty("java.class.path"));
    line.addAll(command);
    line.add(folder.toString());
    return new ProcessBuilder(line).redirectErrorStream(true);
  }

  private void read(Process process) {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        lines.accept(text);
      }
    } catch (IOException hasEnded) {
      lines.accept("worker: its output broke off (" + hasEnded.getMessage() + ")");
    }
  }
}
