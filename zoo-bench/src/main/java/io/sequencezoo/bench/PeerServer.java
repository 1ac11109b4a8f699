package io.sequencezoo.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The side of a peer, in a process of its own: a line {@code NAME SIZES...} on standard input runs
 * that workload once and answers with its nanoseconds on standard output, or with {@code -} where
 * the peer has no such workload. The first request of a workload builds it. Needs nothing but the
 * JDK, so that a peer's class path is its own.
 */
public final class PeerServer {
  /** What {@link #serve} says first, before what the peer is. */
  static final String READY = "ready";

  /** The answer to a workload that the peer doesn't have. */
  static final String ABSENT = "-";

  private static final int TRAINING_STEPS = 2;

  private PeerServer() {}

  /** A peer's workloads. */
  @FunctionalInterface
  public interface Workloads {
    /** Builds one whose calls run it and give the nanoseconds; null where there is none. */
    LongSupplier create(String name, int... sizes);
  }

  /** Something that can show that it learns. */
  public interface Trained extends Runnable {
    /** The pass that is timed. */
    @Override
    void run();

    /** One step of training; the loss before it. */
    double train();
  }

  /**
   * Answers until standard input ends. Whatever else prints to standard output goes to standard
   * error.
   *
   * @param description the library, its version and its BLAS, in one line
   */
  public static void serve(String description, Workloads workloads) throws IOException {
    PrintStream out = System.out;
    System.setOut(System.err);
    Map<String, LongSupplier> built = new HashMap<>();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    out.println(READY + " " + description);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      LongSupplier workload = built.computeIfAbsent(line, request -> create(workloads, request));
      out.println(workload == null ? ABSENT : Long.toString(workload.getAsLong()));
    }
  }

  private static LongSupplier create(Workloads workloads, String request) {
    String[] words = request.split(" ");
    int[] sizes = Arrays.stream(words).skip(1).mapToInt(Integer::parseInt).toArray();
    return workloads.create(words[0], sizes);
  }

  /** The nanoseconds of one run. */
  public static long nanos(Runnable action) {
    long start = System.nanoTime();
    action.run();
    return System.nanoTime() - start;
  }

  /**
   * The passes of something that is trained, once it has shown that it learns.
   *
   * @throws IllegalStateException if a few steps don't lower its loss
   */
  public static LongSupplier trained(Trained workload) {
    double first = workload.train();
    double last = first;
    for (int step = 1; step <= TRAINING_STEPS; step++) {
      last = workload.train();
    }
    if (!(last < first)) {
      throw new IllegalStateException(
          "peer: loss must fall in training, got " + first + ", then " + last);
    }
    return () -> nanos(workload);
  }

  /**
   * Checks the shape of an output.
   *
   * @throws IllegalStateException if it isn't what was expected
   */
  public static void checkShape(long[] shape, long... expected) {
    if (!Arrays.equals(shape, expected)) {
      throw new IllegalStateException(
          "peer: output must be " + Arrays.toString(expected) + ", got " + Arrays.toString(shape));
    }
  }
}
