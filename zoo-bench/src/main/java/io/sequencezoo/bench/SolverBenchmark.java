package io.sequencezoo.bench;

import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.kernel.Parallel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The solvers of ParaGRU and ParaLSTM by length, batch and threads: fused and sequential, Newton's
 * method, and naive application; and a model of how the first two would scale with cores. {@code
 * zoo-bench/solvers} runs it.
 */
@Command(name = "solvers", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class SolverBenchmark extends TableCommand {
  private static final double MICROS = 1e6;
  private static final int MODEL_TIME = 16384;

  @Option(
      names = "--lengths",
      split = ",",
      defaultValue = "256,1024,4096,16384,65536",
      description = "T of the sequences.")
  private int[] lengths;

  @Option(names = "--batches", split = ",", defaultValue = "1,8", description = "B.")
  private int[] batches;

  @Option(
      names = "--threads",
      split = ",",
      defaultValue = "1,2",
      description = "Threads of the pool, one table each.")
  private int[] threads;

  @Option(names = "--width", defaultValue = "256", description = "Channels of the cell.")
  private int width;

  @Option(
      names = "--naive-tokens",
      defaultValue = "8192",
      description = "Most tokens B x T that the naive form runs over.")
  private int naiveTokens;

  @Option(names = "--rounds", defaultValue = "5", description = "Counted rounds.")
  private int rounds;

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new SolverBenchmark()).execute(args));
  }

  @Override
  public void run() {
    start("; " + rounds + " rounds, width " + width);
    for (int count : threads) {
      Parallel.setThreads(count);
      for (boolean backward : new boolean[] {false, true}) {
        show(speeds(count, backward));
      }
    }
    for (boolean gru : new boolean[] {true, false}) {
      show(model(gru));
    }
    write(settings -> settings.put("rounds", rounds).put("width", width));
  }

  private static String name(boolean gru) {
    return gru ? "para_gru" : "para_lstm";
  }

  private ResultTable speeds(int count, boolean backward) {
    String passes = backward ? "forward and backward" : "forward";
    ResultTable table =
        new ResultTable(
            (backward ? "training" : "forward") + "Threads" + count,
            "Solvers by length: " + passes + ", " + count + (count == 1 ? " thread" : " threads"),
            Column.CELL,
            Column.BATCH,
            Column.TIME,
            new Column("sequentialMicrosPerToken", "sequential µs/token", "%.3f"),
            new Column("newtonMicrosPerToken", "Newton µs/token", "%.3f"),
            new Column("iterations", "iterations", "%d"),
            new Column("newtonOverSequential", "Newton/sequential", "%.2f"),
            new Column("naiveOverSequential", "naive/sequential", "%.0f"),
            new Column("naiveOverNewton", "naive/Newton", "%.0f"));
    for (boolean gru : new boolean[] {true, false}) {
      for (int batch : batches) {
        for (int time : lengths) {
          addSpeeds(table, gru, batch, time, backward);
        }
      }
    }
    return table;
  }

  private void addSpeeds(ResultTable table, boolean gru, int batch, int time, boolean backward) {
    CellPasses cell = new CellPasses(gru, batch, time, width);
    List<Runnable> passes = new ArrayList<>();
    passes.add(cell.solved(Solver.SEQUENTIAL, backward));
    passes.add(cell.solved(Solver.NEWTON, backward));
    if (batch * (long) time <= naiveTokens) {
      passes.add(cell.naive(backward));
    }
    if (batch == batches[0] && time == lengths[0]) {
      passes.forEach(Timing::compile);
    }
    double[][] seconds = Timing.rounds(rounds, passes);
    double scale = MICROS / (batch * (double) time);
    boolean naive = seconds.length > 2;
    table.add(
        name(gru),
        batch,
        time,
        Timing.median(seconds[0]) * scale,
        Timing.median(seconds[1]) * scale,
        cell.iterations(),
        Timing.medianRatio(seconds[1], seconds[0]),
        naive ? Timing.medianRatio(seconds[2], seconds[0]) : Double.NaN,
        naive ? Timing.medianRatio(seconds[2], seconds[1]) : Double.NaN);
  }

  private ResultTable model(boolean gru) {
    Parallel.setThreads(1);
    CellPasses cell = new CellPasses(gru, 1, MODEL_TIME, width);
    double[][] seconds =
        Timing.rounds(
            rounds,
            List.of(cell.solved(Solver.SEQUENTIAL, false), cell.solved(Solver.NEWTON, false)));
    Parallel.setThreads(Math.max(2, Arrays.stream(threads).max().orElse(2)));
    CoreModel model =
        new CoreModel(
            width,
            Timing.median(seconds[0]) / MODEL_TIME,
            Timing.median(seconds[1]) / MODEL_TIME,
            cell.iterations(),
            CoreModel.measureRegion());
    return model.table(name(gru), new int[] {1024, MODEL_TIME, 65536});
  }
}
