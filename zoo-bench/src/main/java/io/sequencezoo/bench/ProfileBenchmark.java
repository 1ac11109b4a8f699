package io.sequencezoo.bench;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.kernel.Parallel;
import java.util.List;
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Where the time of a workload goes, by operation, against the bound of its own products and bytes
 * on this machine. {@code zoo-bench/profile CASE} runs it.
 */
@Command(name = "profile", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class ProfileBenchmark extends TableCommand {
  /** Floats of the arrays that memory's rate is measured with: larger than any cache. */
  private static final long COPIED = 1L << 26;

  private static final int COPIES = 5;

  @Parameters(index = "0", paramLabel = "CASE", description = "A case of zoo-bench/compare.")
  private String name;

  @Option(names = "--threads", defaultValue = "2", description = "Threads of the pool.")
  private int threads;

  @Option(names = "--steps", defaultValue = "20", description = "Observed steps.")
  private int steps;

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new ProfileBenchmark()).execute(args));
  }

  @Override
  public void run() {
    Parallel.setThreads(threads);
    Runnable step = workload();
    Timing.compile(step);
    double flops = flopsPerSecond();
    double bytes = bytesPerSecond();
    OperationProfile profile = new OperationProfile();
    double[] seconds = new double[1];
    Tape.observe(
        profile,
        () -> {
          for (int i = 0; i < steps; i++) {
            seconds[0] += Timing.seconds(step);
            profile.endStep();
          }
        });
    start("; " + steps + " steps");
    show(
        profile.table(
            String.format(
                Locale.ROOT,
                "%s: %.2f ms a step; sgemm %.0f GFLOP/s, copying %.1f GB/s",
                name,
                seconds[0] / steps * 1e3,
                flops * 1e-9,
                bytes * 1e-9),
            steps,
            seconds[0],
            flops,
            bytes));
    write(settings -> {});
  }

  private Runnable workload() {
    List<Comparison> all = Workloads.comparisons();
    for (Comparison comparison : all) {
      if (comparison.name().equals(name)) {
        return comparison.zoo().get();
      }
    }
    checkArgument(
        false,
        "case: must be one of %s, got %s",
        all.stream().map(Comparison::name).toList(),
        name);
    throw new AssertionError();
  }

  private static double flopsPerSecond() {
    Runnable sgemm = Workloads.sgemm();
    Timing.repeat(sgemm, 1);
    double best = 0;
    for (int i = 0; i < COPIES; i++) {
      best = Math.max(best, Workloads.SGEMM_FLOPS / Timing.seconds(sgemm));
    }
    return best;
  }

  /** Bytes read and written by the fastest copy of a large array, its halves side by side. */
  private static double bytesPerSecond() {
    INDArray from = Nd4j.ones(DataType.FLOAT, COPIED);
    INDArray to = Nd4j.create(DataType.FLOAT, COPIED);
    double best = 0;
    for (int i = 0; i < COPIES; i++) {
      double seconds = Timing.seconds(() -> Streams.copy(from, to));
      best = Math.max(best, 2.0 * COPIED * Float.BYTES / seconds);
    }
    return best;
  }
}
