package io.sequencezoo.core.kernel;

import static com.google.common.base.Preconditions.checkState;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a thread computed, to be computed again without the code that put it together: the regions
 * of {@link Parallel} in their order, on the same arrays. A token costs its kernels then, and no
 * memory.
 *
 * <pre>{@code
 * Replay replay = Replay.record();
 * try {
 *   step.run();
 * } finally {
 *   replay.end();
 * }
 * while (replay.isRepeatable()) {
 *   replay.run();
 * }
 * }</pre>
 *
 * <p>Only what computes in regions alone comes out right. An operation whose tasks read all numbers
 * that it depends on says so by the way that it asks for them; whoever asks for a number to decide
 * with it calls {@link #spoil}, and the recording can't be repeated.
 */
public final class Replay {
  private static final ThreadLocal<Replay> RECORDING = new ThreadLocal<>();

  private final List<Runnable> regions = new ArrayList<>();
  private final List<int[]> counts = new ArrayList<>();
  private final IdentityHashMap<INDArray, Supplier<INDArray>> growing = new IdentityHashMap<>();
  private Runnable[] program = {};
  private int[][] counting = {};
  private int left = Integer.MAX_VALUE;
  private boolean recording = true;
  private boolean spoilt;

  private Replay() {}

  /** Has this thread note what it computes, until {@link #end}. */
  public static Replay record() {
    checkState(RECORDING.get() == null, "replay: a thread records one at a time, got two");
    Replay replay = new Replay();
    RECORDING.set(replay);
    return replay;
  }

  /** Ends the recording. */
  public void end() {
    if (recording) {
      recording = false;
      RECORDING.remove();
      program = regions.toArray(Runnable[]::new);
      counting = counts.toArray(int[][]::new);
    }
  }

  /** Says that what this thread records depends on a number that was looked at. */
  public static void spoil() {
    Replay replay = RECORDING.get();
    if (replay != null) {
      replay.spoilt = true;
    }
  }

  /** Says how often at most what this thread records may be repeated. */
  public static void limit(int times) {
    Replay replay = RECORDING.get();
    if (replay != null) {
      replay.left = Math.min(replay.left, times);
    }
  }

  /**
   * Numbers of tokens that grow by one whenever what this thread records is repeated.
   *
   * @return the same array
   */
  public static int[] counting(int[] tokens) {
    Replay replay = RECORDING.get();
    if (replay != null) {
      replay.counts.add(tokens);
    }
    return tokens;
  }

  /**
   * Numbers of tokens for the tasks of an operation: while this thread records the same array, so
   * that they grow as it does, otherwise a copy.
   */
  public static int[] following(int[] tokens) {
    return isRecording() ? tokens : tokens.clone();
  }

  /** Runs something now, and again whenever what this thread records is repeated. */
  public static void run(Runnable region) {
    Replay replay = RECORDING.get();
    if (replay == null) {
      region.run();
      return;
    }
    replay.regions.add(region);
    // What a region runs inside belongs to it.
    RECORDING.remove();
    try {
      region.run();
    } finally {
      RECORDING.set(replay);
    }
  }

  /**
   * Says that an array shows what grows by a token whenever what this thread records is repeated.
   *
   * @param array as it is now
   * @param now gives it as it is then
   */
  public static void growing(INDArray array, Supplier<INDArray> now) {
    Replay replay = RECORDING.get();
    if (replay != null) {
      replay.growing.put(array, now);
    }
  }

  /** What an array that the recording left shows by now: itself, unless it grows. */
  public INDArray now(INDArray array) {
    Supplier<INDArray> now = growing.get(array);
    return now == null ? array : now.get();
  }

  /** Computes something now alone: what it gives stays while what this thread records repeats. */
  public static <T> T once(Supplier<T> computation) {
    Replay replay = RECORDING.get();
    if (replay == null) {
      return computation.get();
    }
    RECORDING.remove();
    try {
      return computation.get();
    } finally {
      RECORDING.set(replay);
    }
  }

  /** Whether this thread records. */
  public static boolean isRecording() {
    return RECORDING.get() != null;
  }

  /** Whether {@link #run()} computes what the recorded code would. */
  public boolean isRepeatable() {
    return !recording && !spoilt && left > 0;
  }

  /** Computes the same again, on what the arrays hold now, one token later. */
  public void run() {
    checkState(isRepeatable(), "replay: must be repeatable, got one that isn't");
    left--;
    for (int[] tokens : counting) {
      for (int b = 0; b < tokens.length; b++) {
        tokens[b]++;
      }
    }
    for (Runnable region : program) {
      region.run();
    }
  }
}
