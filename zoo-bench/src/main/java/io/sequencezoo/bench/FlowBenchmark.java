package io.sequencezoo.bench;

import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.kernel.Fourier;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.datasets.chaos.ChaoticSystem;
import io.sequencezoo.datasets.chaos.Flow;
import io.sequencezoo.datasets.chaos.KuramotoSivashinsky;
import io.sequencezoo.datasets.chaos.Lorenz96;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Steps of Kuramoto-Sivashinsky and Lorenz-96 against the same steps in NumPy, and against the
 * eight real transforms that a step of the former is made of. {@code zoo-bench/flows} runs it.
 */
@Command(name = "flows", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class FlowBenchmark extends TableCommand {
  /** Of four evaluations, each forward and back. */
  private static final int TRANSFORMS = 8;

  @Option(
      names = "--points",
      split = ",",
      defaultValue = "64,128,256,512",
      description = "Points of Kuramoto-Sivashinsky.")
  private int[] points;

  @Option(
      names = "--sites",
      split = ",",
      defaultValue = "8,40,256",
      description = "Sites of Lorenz-96.")
  private int[] sites;

  @Option(names = "--steps", defaultValue = "2000", description = "Steps of a pass.")
  private int steps;

  @Option(names = "--rounds", defaultValue = "9", description = "Counted rounds.")
  private int rounds;

  @Option(
      names = "--compile",
      defaultValue = "3",
      description = "Seconds that each side of the zoo runs before it is timed.")
  private double compile;

  @Option(
      names = "--peer",
      defaultValue = "zoo-bench/peer-numpy/flows.py",
      description = "The script of the NumPy side.")
  private Path peer;

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new FlowBenchmark()).execute(args));
  }

  @Override
  public void run() {
    try (Peer numpy = Peer.start(python())) {
      start("; " + numpy.description() + "; one thread; " + rounds + " rounds of " + steps);
      ResultTable table =
          new ResultTable(
              "flows",
              "Microseconds of a step, and how many times as long NumPy takes",
              new Column("system", "system", "%s"),
              new Column("size", "size", "%d"),
              new Column("zooMicros", "zoo", "%.2f"),
              new Column("numpyMicros", "NumPy", "%.1f"),
              new Column("ratio", "NumPy / zoo", "%.1f"),
              new Column("transformsMicros", "8 transforms", "%.2f"),
              new Column("bound", "zoo / transforms", "%.2f"));
      for (int n : points) {
        // Longer as there are more points, so that all waves are resolved alike.
        add(table, numpy, new KuramotoSivashinsky(22 * n / 64d, n, 0.25, 1, 1), n);
      }
      for (int n : sites) {
        add(table, numpy, new Lorenz96(n, 8, 0.01, 1, 1), n);
      }
      show(table);
      write(settings -> settings.put("rounds", rounds).put("steps", steps));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ProcessBuilder python() {
    String named = System.getenv("PYTHON");
    return new ProcessBuilder(named == null ? "python3" : named, peer.toString());
  }

  private void add(ResultTable table, Peer numpy, ChaoticSystem system, int n) throws IOException {
    Flow flow = system.flow();
    double[] state = flow.start(new SplittableRandom(1));
    for (int t = 0; t < steps; t++) {
      flow.step(state);
    }
    boolean hasWaves = system instanceof KuramotoSivashinsky;
    Runnable zoo = () -> follow(flow, state);
    Runnable transforms = hasWaves ? transforms(n) : () -> {};
    Timing.repeat(zoo, compile);
    if (hasWaves) {
      Timing.repeat(transforms, compile);
    }
    String name = hasWaves ? "kuramoto_sivashinsky" : "lorenz96";
    List<double[]> seconds = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      double own = Timing.burst(() -> Timing.seconds(zoo));
      double bound = hasWaves ? Timing.burst(() -> Timing.seconds(transforms)) : Double.NaN;
      double other = Timing.burst(() -> numpy.seconds(name + " " + n + " " + steps));
      seconds.add(new double[] {own, other, bound});
    }
    double[] own = column(seconds, 0);
    double[] other = column(seconds, 1);
    double[] bound = column(seconds, 2);
    double micros = 1e6 / steps;
    table.add(
        name,
        n,
        Timing.median(own) * micros,
        Timing.median(other) * micros,
        Timing.medianRatio(other, own),
        hasWaves ? Timing.median(bound) * micros : Double.NaN,
        hasWaves ? Timing.medianRatio(own, bound) : Double.NaN);
  }

  private void follow(Flow flow, double[] state) {
    for (int t = 0; t < steps; t++) {
      flow.step(state);
    }
  }

  private Runnable transforms(int n) {
    Fourier<double[]> fourier = Fourier.of(Precision.DOUBLE, n);
    double[] x = new SplittableRandom(1).doubles(n, -1, 1).toArray();
    return () -> {
      for (int t = 0; t < steps; t++) {
        for (int i = 0; i < TRANSFORMS / 2; i++) {
          fourier.forward(x);
          fourier.inverse(x);
        }
      }
    };
  }

  private static double[] column(List<double[]> seconds, int which) {
    return seconds.stream().mapToDouble(row -> row[which]).toArray();
  }
}
