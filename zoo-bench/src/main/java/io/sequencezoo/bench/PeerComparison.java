package io.sequencezoo.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.eval.report.TextTable;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
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

  @Option(names = "--markdown", description = "Print the table as Markdown.")
  private boolean markdown;

  @Option(names = "--output", description = "Also write the results as JSON.")
  private Path output;

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new PeerComparison()).execute(args));
  }

  @Override
  public void run() {
    Parallel.setThreads(threads);
    Map<Peer.Settings, Peer> peers = new EnumMap<>(Peer.Settings.class);
    try {
      for (Peer.Settings settings : Peer.Settings.values()) {
        peers.put(settings, Peer.start(root.resolve("zoo-bench/peer"), threads, settings));
      }
      List<Result> results = new ArrayList<>();
      for (Comparison comparison : Workloads.comparisons()) {
        if (cases.matcher(comparison.name()).matches()) {
          results.add(measure(comparison, peers));
        }
      }
      report(results, System.out);
      if (output != null) {
        Files.writeString(output, json(results));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      peers.values().forEach(Peer::close);
    }
  }

  private Result measure(Comparison comparison, Map<Peer.Settings, Peer> peers) throws IOException {
    Runnable zoo = comparison.zoo().get();
    Timing.compile(zoo);
    Runnable bound = Workloads.sgemm();
    double[] rates = new double[rounds];
    double[] ours = new double[rounds];
    Map<Peer.Settings, double[]> theirs = new EnumMap<>(Peer.Settings.class);
    if (comparison.peer() != null) {
      peers.keySet().forEach(settings -> theirs.put(settings, new double[rounds]));
    }
    for (int round = -warmUp; round < rounds; round++) {
      Timing.pause();
      // The machine's rate is that of a product that runs again and again, not of one from idle.
      double rate = 0;
      for (int i = 0; i < 5; i++) {
        rate = Math.max(rate, Workloads.SGEMM_FLOPS / Timing.seconds(bound));
      }
      double mine = Timing.seconds(zoo);
      if (round >= 0) {
        rates[round] = rate;
        ours[round] = mine;
      }
      for (Map.Entry<Peer.Settings, double[]> runs : theirs.entrySet()) {
        double other = peers.get(runs.getKey()).seconds(comparison.peer());
        Timing.pause();
        if (round >= 0) {
          runs.getValue()[round] = other;
        }
      }
    }
    Peer.Settings best = null;
    for (Map.Entry<Peer.Settings, double[]> runs : theirs.entrySet()) {
      boolean better =
          best == null || Timing.median(runs.getValue()) < Timing.median(theirs.get(best));
      best = better ? runs.getKey() : best;
    }
    return new Result(comparison, Timing.median(rates), ours, best, theirs);
  }

  private void report(List<Result> results, PrintStream out) {
    List<List<String>> rows = new ArrayList<>();
    for (Result result : results) {
      Comparison comparison = result.comparison;
      boolean compared = comparison.peer() != null;
      rows.add(
          List.of(
              comparison.name(),
              format("%.2f", Timing.median(result.ours) * 1e3),
              compared ? format("%.2f", Timing.median(result.best()) * 1e3) : "-",
              compared ? result.settings.name().toLowerCase(Locale.ROOT) : "-",
              compared ? format("%.3f", result.ratio()) : "-",
              comparison.target() == null ? "-" : format("%.3f", comparison.target()),
              comparison.flops() == 0 ? "-" : format("%.2f", result.overBound())));
    }
    TextTable table =
        TextTable.of(
            List.of(
                "case",
                "zoo ms",
                "PyTorch ms",
                "its best setting",
                "zoo/PyTorch",
                "target",
                "zoo/sgemm bound"),
            rows);
    out.printf(
        Locale.ROOT,
        "%s; median of %d interleaved rounds; sgemm %.0f GFLOP/s%n%n%s",
        Machine.line(),
        rounds,
        results.isEmpty() ? 0 : results.get(0).rate * 1e-9,
        markdown ? table.toMarkdown() : table);
  }

  private static String format(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }

  private String json(List<Result> results) {
    ObjectNode document = Configs.json().createObjectNode();
    document.put("rounds", rounds);
    document.set("machine", Machine.json(List.of("compare", cases.pattern())));
    ArrayNode array = document.putArray("results");
    for (Result result : results) {
      ObjectNode node = array.addObject();
      node.put("case", result.comparison.name());
      node.put("zooSeconds", Timing.median(result.ours));
      if (result.comparison.peer() != null) {
        node.put("peer", result.comparison.peer());
        node.put("peerSettings", result.settings.name().toLowerCase(Locale.ROOT));
        node.put("peerSeconds", Timing.median(result.best()));
        node.put("ratio", result.ratio());
        ObjectNode runs = node.putObject("peerRuns");
        result.theirs.forEach(
            (settings, seconds) ->
                runs.set(
                    settings.name().toLowerCase(Locale.ROOT), Configs.json().valueToTree(seconds)));
      }
      if (result.comparison.flops() > 0) {
        node.put("overSgemmBound", result.overBound());
      }
      node.put("sgemmFlopsPerSecond", result.rate);
      node.set("zooRuns", Configs.json().valueToTree(result.ours));
    }
    return Configs.write(document);
  }

  /** Seconds of every counted round; of the peer under each of its settings. */
  private record Result(
      Comparison comparison,
      double rate,
      double[] ours,
      Peer.Settings settings,
      Map<Peer.Settings, double[]> theirs) {
    double[] best() {
      return theirs.get(settings);
    }

    /** The median of the ratios of the rounds. */
    double ratio() {
      return Timing.medianRatio(ours, best());
    }

    double overBound() {
      return Timing.median(ours) * rate / comparison.flops();
    }
  }
}
