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
 * Times the zoo against other libraries: the same shapes and threads, runs interleaved (zoo, peer,
 * zoo, peer ...), medians, and the median of the pairwise ratios. {@code zoo-bench/compare} runs
 * it. A library that doesn't start is a column of dashes.
 */
@Command(name = "compare", mixinStandardHelpOptions = true)
public final class PeerComparison implements Runnable {
  /** How long products run before their rate is taken. */
  private static final double BOUND_SECONDS = 0.1;

  @Option(
      names = "--peers",
      defaultValue = "pytorch",
      split = ",",
      description = "Libraries to compare with: ${COMPLETION-CANDIDATES}.")
  private List<Library> libraries;

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
    System.exit(
        new CommandLine(new PeerComparison())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(args));
  }

  @Override
  public void run() {
    Parallel.setThreads(threads);
    Map<Library, Map<Library.Settings, Peer>> peers = new EnumMap<>(Library.class);
    try {
      for (Library library : libraries) {
        peers.put(library, start(library));
      }
      List<Result> results = new ArrayList<>();
      for (Comparison comparison : Workloads.comparisons()) {
        if (cases.matcher(comparison.name()).matches()) {
          results.add(measure(comparison, peers));
        }
      }
      report(results, peers, System.out);
      if (output != null) {
        Files.writeString(output, json(results, peers));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      peers.values().forEach(PeerComparison::close);
    }
  }

  /** A library under each of its settings; under none if it doesn't start. */
  private Map<Library.Settings, Peer> start(Library library) {
    Map<Library.Settings, Peer> started = new EnumMap<>(Library.Settings.class);
    try {
      for (Library.Settings settings : library.settings()) {
        started.put(settings, Peer.start(root.resolve("zoo-bench"), threads, library, settings));
      }
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      System.err.println(library + ": not compared with; " + e.getMessage());
      close(started);
      started.clear();
    }
    return started;
  }

  private static void close(Map<Library.Settings, Peer> peers) {
    peers.values().forEach(Peer::close);
  }

  private Result measure(Comparison comparison, Map<Library, Map<Library.Settings, Peer>> peers)
      throws IOException {
    Runnable zoo = comparison.zoo().get();
    Timing.compile(zoo);
    Runnable bound = Workloads.sgemm();
    double[] rates = new double[rounds];
    double[] ours = new double[rounds];
    Map<Library, PeerRuns> theirs = new EnumMap<>(Library.class);
    peers.forEach(
        (library, started) -> {
          Map<Library.Settings, double[]> seconds = new EnumMap<>(Library.Settings.class);
          if (comparison.peer() != null) {
            started.keySet().forEach(settings -> seconds.put(settings, new double[rounds]));
          }
          theirs.put(library, new PeerRuns(seconds));
        });
    for (int round = -warmUp; round < rounds; round++) {
      Timing.pause();
      // The machine's rate is that of a product that runs again and again, not of one from idle.
      Timing.repeat(bound, BOUND_SECONDS);
      double rate = 0;
      for (int i = 0; i < 5; i++) {
        rate = Math.max(rate, Workloads.SGEMM_FLOPS / Timing.seconds(bound));
      }
      double mine = Timing.burst(() -> Timing.seconds(zoo));
      if (round >= 0) {
        rates[round] = rate;
        ours[round] = mine;
      }
      for (Map.Entry<Library, PeerRuns> library : theirs.entrySet()) {
        for (Map.Entry<Library.Settings, double[]> runs : library.getValue().seconds().entrySet()) {
          Peer peer = peers.get(library.getKey()).get(runs.getKey());
          Timing.pause();
          double other = Timing.burst(() -> peer.seconds(comparison.peer()));
          if (round >= 0) {
            runs.getValue()[round] = other;
          }
        }
      }
    }
    return new Result(comparison, Timing.median(rates), ours, theirs);
  }

  private void report(
      List<Result> results, Map<Library, Map<Library.Settings, Peer>> peers, PrintStream out) {
    List<String> header = new ArrayList<>(List.of("case", "zoo ms"));
    for (Library library : peers.keySet()) {
      header.addAll(List.of(library.title() + " ms", "its best setting", "zoo/" + library.title()));
    }
    header.addAll(List.of("target", "zoo/sgemm bound"));
    List<List<String>> rows = new ArrayList<>();
    for (Result result : results) {
      Comparison comparison = result.comparison;
      List<String> row = new ArrayList<>();
      row.add(comparison.name());
      row.add(format("%.2f", Timing.median(result.ours) * 1e3));
      for (PeerRuns runs : result.theirs.values()) {
        row.add(runs.present() ? format("%.2f", runs.median() * 1e3) : "-");
        row.add(runs.present() ? runs.best().toString() : "-");
        row.add(runs.present() ? format("%.3f", runs.ratio(result.ours)) : "-");
      }
      row.add(comparison.target() == null ? "-" : format("%.3f", comparison.target()));
      row.add(comparison.flops() == 0 ? "-" : format("%.2f", result.overBound()));
      rows.add(row);
    }
    TextTable table = TextTable.of(header, rows);
    out.printf(
        Locale.ROOT,
        "%s; median of %d interleaved rounds; sgemm %.0f GFLOP/s%n%n%s%n",
        Machine.line(),
        rounds,
        results.isEmpty() ? 0 : results.get(0).rate * 1e-9,
        markdown ? table.toMarkdown() : table);
    peers.forEach(
        (library, started) ->
            out.println(
                description(library, started)
                    + (library.note().isEmpty() ? "" : ": " + library.note())));
  }

  private static String description(Library library, Map<Library.Settings, Peer> started) {
    return started.values().stream()
        .map(Peer::description)
        .findFirst()
        .orElse(library.title() + " (did not start)");
  }

  private static String format(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }

  private String json(List<Result> results, Map<Library, Map<Library.Settings, Peer>> peers) {
    ObjectNode document = Configs.json().createObjectNode();
    document.put("rounds", rounds);
    document.set("machine", Machine.json(List.of("compare", cases.pattern())));
    ObjectNode descriptions = document.putObject("peers");
    peers.forEach(
        (library, started) -> descriptions.put(library.toString(), description(library, started)));
    ArrayNode array = document.putArray("results");
    for (Result result : results) {
      ObjectNode node = array.addObject();
      node.put("case", result.comparison.name());
      node.put("zooSeconds", Timing.median(result.ours));
      if (result.comparison.peer() != null) {
        node.put("peer", result.comparison.peer());
      }
      result.theirs.forEach(
          (library, runs) -> {
            if (runs.present()) {
              ObjectNode peer = node.putObject(library.toString());
              peer.put("settings", runs.best().toString());
              peer.put("seconds", runs.median());
              peer.put("ratio", runs.ratio(result.ours));
              ObjectNode seconds = peer.putObject("runs");
              runs.seconds()
                  .forEach(
                      (settings, values) ->
                          seconds.set(settings.toString(), Configs.json().valueToTree(values)));
            }
          });
      if (result.comparison.flops() > 0) {
        node.put("overSgemmBound", result.overBound());
      }
      node.put("sgemmFlopsPerSecond", result.rate);
      node.set("zooRuns", Configs.json().valueToTree(result.ours));
    }
    return Configs.write(document);
  }

  /** Seconds of every counted round, ours and the libraries'. */
  private record Result(
      Comparison comparison, double rate, double[] ours, Map<Library, PeerRuns> theirs) {
    double overBound() {
      return Timing.median(ours) * rate / comparison.flops();
    }
  }
}
