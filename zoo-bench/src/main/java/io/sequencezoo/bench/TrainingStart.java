package io.sequencezoo.bench;

import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How soon training runs at its full speed, from the start of the process: each mixer in a Java of
 * its own, since the second would find the first one's code compiled.
 */
final class TrainingStart {
  private static final int VOCABULARY = 256;
  private static final int WIDTH = 256;
  private static final int LAYERS = 4;
  private static final int ROWS = 2;
  private static final int TIME = 128;
  private static final double MILLIS = 1e3;

  /** Steps whose median is the speed at a time. */
  static final int WINDOW = 9;

  /** How near to the steady median counts as reached. */
  private static final double NEAR = 1.05;

  /** Seconds of the process that C2 may take to compile vector loops, and again as long. */
  static final double LEAST_SECONDS = 16;

  /** What the lines begin with that tell the parent process when steps ended. */
  private static final String MARK = "step ended ";

  private TrainingStart() {}

  /**
   * When each step ended, from the process's start; the first entry is when the first one began.
   *
   * @param ends in seconds
   */
  record Steps(double... ends) {
    private double median(int from, int to) {
      double[] seconds = new double[to - from];
      Arrays.setAll(seconds, i -> ends[from + i + 1] - ends[from + i]);
      return Timing.median(seconds);
    }

    int count() {
      return ends.length - 1;
    }

    /** The median of the last quarter, in seconds. */
    double steady() {
      return median(count() - Math.max(WINDOW, count() / 4), count());
    }

    /** How many steps were taken before the next few had the steady median within 5 %. */
    int slow() {
      double limit = NEAR * steady();
      int step = 0;
      while (median(step, step + WINDOW) > limit) {
        step++;
      }
      return step;
    }

    /**
     * Whether it has gone on at its steady speed for as long as it took to reach it, and long
     * enough for compilers to have had their say.
     */
    boolean isSettled() {
      if (count() < 4 * WINDOW || ends[count()] < LEAST_SECONDS) {
        return false;
      }
      return ends[count()] >= 2 * ends[slow()];
    }

    /** Seconds lost to the steps so far that steady ones would not have taken. */
    double lost() {
      return ends[slow()] - ends[0] - slow() * steady();
    }
  }

  /** Trains every mixer until it is steady, or for so many seconds. */
  static ResultTable measure(double seconds) {
    ResultTable table =
        new ResultTable(
            "start",
            "Training from the start of the process (width 256, 4 layers, batch 2 x 128)",
            new Column("mixer", "mixer", "%s"),
            new Column("beginSeconds", "first step at s", "%.2f"),
            new Column("firstMillis", "first step ms", "%.0f"),
            new Column("steadyMillis", "steady step ms", "%.1f"),
            new Column("slowSteps", "steps to 95 %", "%d"),
            new Column("slowSeconds", "s to 95 %", "%.1f"),
            new Column("lostSeconds", "lost s", "%.1f"));
    for (String mixer : TrainingMemory.mixers().keySet()) {
      Steps steps = train(mixer, seconds);
      double[] ends = steps.ends();
      table.add(
          mixer,
          ends[0],
          MILLIS * (ends[1] - ends[0]),
          MILLIS * steps.steady(),
          steps.slow(),
          ends[steps.slow()],
          steps.lost());
    }
    return table;
  }

  private static Steps train(String mixer, double seconds) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(TrainingStart.class.getName());
    command.addAll(List.of(mixer, Double.toString(seconds), "" + Parallel.threads()));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      checkState(code == 0, "start: training of %s must end with 0, got %s", mixer, code);
      // Logging may go to the same stream.
      return new Steps(
          output
              .lines()
              .filter(line -> line.startsWith(MARK))
              .mapToDouble(line -> Double.parseDouble(line.substring(MARK.length())))
              .toArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("start: interrupted while training " + mixer, e);
    }
  }

  /**
   * Trains a mixer on some threads until it is steady, or for some seconds, and prints when the
   * steps ended.
   */
  public static void main(String[] args) {
    MixerConfig mixer = TrainingMemory.mixers().get(args[0]);
    double seconds = Double.parseDouble(args[1]);
    Parallel.setThreads(Integer.parseInt(args[2]));
    TrainingStep step =
        new TrainingStep(
            LanguageModelConfig.of(VOCABULARY, WIDTH, LAYERS, mixer, GluConfig.standard()),
            ROWS,
            TIME);
    long origin = System.nanoTime();
    double begun =
        (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) / MILLIS;
    List<Double> ends = new ArrayList<>(List.of(begun));
    while (ends.size() <= 2 * WINDOW || ends.get(ends.size() - 1) < seconds) {
      step.run();
      ends.add(begun + (System.nanoTime() - origin) * 1e-9);
      if (ends.size() % WINDOW == 0
          && new Steps(ends.stream().mapToDouble(end -> end).toArray()).isSettled()) {
        break;
      }
    }
    ends.forEach(end -> System.out.println(MARK + end));
  }
}
