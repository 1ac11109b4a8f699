package io.sequencezoo.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.eval.report.TextTable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times the zoo against PyTorch: the same shapes and threads, runs interleaved (zoo, peer, zoo,
 * peer ...), medians, and the median of the pairwise ratios. {@code zoo-bench/compare} runs it.
 */
@Command(name = "compare", mixinStandardHelpOptions = true)
public final class PeerComparison implements Runnable {
  @Option(names = "--threads", defaultValue = "2", description = "Threads on both sides.")
  private int threads;

  @Option(names = "--rounds", defaultValue = "9", description = "Counted rounds.")
  private int rounds;

  @Option(names = "--warm-up", defaultValue = "4", description = "Rounds before the counted.")
  private int warmUp;

  @Option(names = "--cases", defaultValue = ".*", description = "A pattern of names to run.")
  private Pattern cases;

  @Option(names = "--root", defaultValue = ".", description = "The root of the repository.")
  private Path root;

  @Option(names = "--output", description = "Also write the results as JSON.")
  private Path output;

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new PeerComparison()).execute(args));
  }

  @Override
  public void run() {
    Parallel.setThreads(threads);
    try (Peer peer = Peer.start(root.resolve("zoo-bench/peer"), threads)) {
      List<Result> results = new ArrayList<>();
      for (Comparison comparison : Workloads.comparisons()) {
        if (cases.matcher(comparison.name()).matches()) {
          results.add(measure(comparison, peer));
        }
      }
      report(results, System.out);
      if (output != null) {
        Files.writeString(output, json(results));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private Result measure(Comparison comparison, Peer peer) throws IOException {
    Runnable zoo = comparison.zoo().get();
    Runnable bound = Workloads.sgemm();
    double[] ours = new double[rounds];
    double[] theirs = new double[rounds];
    double[] ratios = new double[rounds];
    double[] rates = new double[rounds];
    for (int round = -warmUp; round < rounds; round++) {
      double rate = Workloads.SGEMM_FLOPS / seconds(bound);
      double mine = seconds(zoo);
      double other = comparison.peer() == null ? Double.NaN : peer.seconds(comparison.peer());
      if (round >= 0) {
        rates[round] = rate;
        ours[round] = mine;
        theirs[round] = other;
        ratios[round] = mine / other;
      }
    }
    return new Result(
        comparison, median(ours), median(theirs), median(ratios), median(rates), ours, theirs);
  }

  private static double seconds(Runnable action) {
    long start = System.nanoTime();
    action.run();
    return (System.nanoTime() - start) * 1e-9;
  }

  private static double median(double[] values) {
    return Double.isNaN(values[0]) ? Double.NaN : new Percentile().evaluate(values, 50);
  }

  private void report(List<Result> results, PrintStream out) {
    List<List<String>> rows = new ArrayList<>();
    for (Result result : results) {
      Comparison comparison = result.comparison;
      boolean compared = comparison.peer() != null;
      rows.add(
          List.of(
              comparison.name(),
              format("%.2f", result.zoo * 1e3),
              compared ? format("%.2f", result.peer * 1e3) : "-",
              compared ? format("%.2f", result.ratio) : "-",
              comparison.target() == null ? "-" : format("%.2f", comparison.target()),
              comparison.flops() == 0 ? "-" : format("%.2f", result.overBound())));
    }
    out.printf(
        Locale.ROOT,
        "%d threads, %s kernels, median of %d interleaved rounds, sgemm %.0f GFLOP/s%n%n",
        threads,
        Precision.FLOAT.kernels().name(),
        rounds,
        results.isEmpty() ? 0 : results.get(0).rate * 1e-9);
    out.print(
        TextTable.of(
            List.of("case", "zoo ms", "PyTorch ms", "zoo/PyTorch", "target", "zoo/sgemm bound"),
            rows));
  }

  private static String format(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }

  private String json(List<Result> results) {
    ObjectNode document = Configs.json().createObjectNode();
    Map<String, Object> machine = new LinkedHashMap<>();
    machine.put("threads", threads);
    machine.put("rounds", rounds);
    machine.put("kernels", Precision.FLOAT.kernels().name());
    machine.put("java", System.getProperty("java.vm.version"));
    machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    document.set("machine", Configs.json().valueToTree(machine));
    ArrayNode array = document.putArray("results");
    for (Result result : results) {
      ObjectNode node = array.addObject();
      node.put("case", result.comparison.name());
      node.put("zooSeconds", result.zoo);
      if (result.comparison.peer() != null) {
        node.put("peer", result.comparison.peer());
        node.put("peerSeconds", result.peer);
        node.put("ratio", result.ratio);
        node.set("peerRuns", Configs.json().valueToTree(result.theirs));
      }
      if (result.comparison.flops() > 0) {
        node.put("overSgemmBound", result.overBound());
      }
      node.put("sgemmFlopsPerSecond", result.rate);
      node.set("zooRuns", Configs.json().valueToTree(result.ours));
    }
    return Configs.write(document);
  }

  private record Result(
      Comparison comparison,
      double zoo,
      double peer,
      double ratio,
      double rate,
      double[] ours,
      double[] theirs) {
    double overBound() {
      return zoo * rate / comparison.flops();
    }
  }
}
