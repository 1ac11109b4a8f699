package io.sequencezoo.bench;

import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Every registered mixer under its default configuration: the recurrence against plain linear
 * attention of the same size, time per token as sequences get longer, and the memory of training
 * per token. {@code zoo-bench/families} runs it.
 */
@Command(name = "families", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class FamilyBenchmark extends TableCommand {
  private static final double MICROS = 1e6;
  private static final double KIB = 1 << 10;
  private static final int BATCH = 8;

  /** B x T of the passes whose time per token is compared. */
  private static final int TOKENS = 16384;

  /** The length that the longest is compared with. */
  private static final int REFERENCE = 1024;

  /** The first pass of a workspace only counts, the second allocates, the third uses it. */
  private static final int SETTLING_PASSES = 3;

  @Option(
      names = "--measure",
      split = ",",
      defaultValue = "KERNEL,LENGTH,MEMORY,COST",
      description = "What to measure: ${COMPLETION-CANDIDATES}.")
  private List<Measure> measures;

  @Option(names = "--mixers", defaultValue = ".*", description = "A pattern of names to run.")
  private Pattern mixers;

  @Option(names = "--width", defaultValue = "256", description = "Width of the layers.")
  private int width;

  @Option(names = "--threads", defaultValue = "2", description = "Threads of the pool.")
  private int threads;

  @Option(names = "--rounds", defaultValue = "7", description = "Counted rounds.")
  private int rounds;

  @Option(
      names = "--compile-seconds",
      defaultValue = "4",
      description = "How long a new pass runs first, so that HotSpot compiles it.")
  private double compileSeconds;

  /** What can be measured. */
  enum Measure {
    /** Recurrences with a matrix state against linear attention, batch 8, T = 256 and 2048. */
    KERNEL,
    /** Time per token of recurrence and layer by T, at equal B x T. */
    LENGTH,
    /** The workspace of forward and backward of a layer per token. */
    MEMORY,
    /** What memories, n-gram heads and shared depth cost next to what they stand for. */
    COST
  }

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new FamilyBenchmark()).execute(args));
  }

  @Override
  public void run() {
    Parallel.setThreads(threads);
    start("; " + rounds + " rounds");
    for (Measure measure : measures) {
      show(
          switch (measure) {
            case KERNEL -> kernels();
            case LENGTH -> lengths();
            case MEMORY -> memory();
            case COST -> costs();
          });
    }
    write(settings -> settings.put("rounds", rounds).put("width", width));
  }

  /** The mixers of the families named, or of all, under their standard configurations. */
  private Map<String, MixerPasses> passes(Family... families) {
    Map<String, MixerPasses> passes = new LinkedHashMap<>();
    for (String name : Registry.get().mixers()) {
      if (!mixers.matcher(name).matches()) {
        continue;
      }
      MixerConfig config = (MixerConfig) Configs.standard(name);
      MixerPasses pass = new MixerPasses(config, width);
      if (families.length == 0 || List.of(families).contains(pass.family())) {
        passes.put(name, pass);
      }
    }
    return passes;
  }

  private ResultTable kernels() {
    ResultTable table =
        new ResultTable(
            "kernels",
            "Matrix-state recurrences over plain linear attention of the same size, batch " + BATCH,
            Column.MIXER,
            Column.TIME,
            new Column("microsPerToken", "µs/token", "%.3f"),
            new Column("linearAttentionMicrosPerToken", "linear attention µs/token", "%.3f"),
            new Column("ratio", "ratio", "%.2f"));
    passes(Family.MATRIX_STATE)
        .forEach(
            (name, passes) -> {
              int[] times = {256, 2048};
              double[][] seconds =
                  interleave(
                      2,
                      passes.recurrence(BATCH, times[0]),
                      passes.recurrence(BATCH, times[1]),
                      passes.linearAttention(BATCH, times[0]),
                      passes.linearAttention(BATCH, times[1]));
              for (int i = 0; i < times.length; i++) {
                double scale = MICROS / (BATCH * (double) times[i]);
                table.add(
                    name,
                    times[i],
                    Timing.median(seconds[i]) * scale,
                    Timing.median(seconds[i + 2]) * scale,
                    Timing.medianRatio(seconds[i], seconds[i + 2]));
              }
            });
    return table;
  }

  private ResultTable lengths() {
    ResultTable table =
        new ResultTable(
            "lengths",
            String.format(
                Locale.ROOT, "Forward and backward per token by length, B x T = %d", TOKENS),
            Column.MIXER,
            new Column("family", "family", "%s"),
            new Column("recurrence", "recurrence µs/token, T=1024", "%.3f"),
            new Column("recurrenceRatio", "T=16384 over T=1024", "%.2f"),
            new Column("layer", "layer µs/token, T=1024", "%.3f"),
            new Column("layerRatio", "layer, T=16384 over T=1024", "%.2f"));
    passes()
        .forEach(
            (name, passes) -> {
              double[][] seconds =
                  interleave(
                      2,
                      passes.recurrence(TOKENS / REFERENCE, REFERENCE),
                      passes.recurrence(1, TOKENS),
                      passes.layer(TOKENS / REFERENCE, REFERENCE),
                      passes.layer(1, TOKENS));
              table.add(
                  name,
                  passes.family().name().toLowerCase(Locale.ROOT),
                  Timing.median(seconds[0]) * MICROS / TOKENS,
                  Timing.medianRatio(seconds[1], seconds[0]),
                  Timing.median(seconds[2]) * MICROS / TOKENS,
                  Timing.medianRatio(seconds[3], seconds[2]));
            });
    return table;
  }

  /**
   * Seconds of every round of every pass, the passes of a round one after the other.
   *
   * @param alike neighbours that run the same code, so that HotSpot needs only the first to compile
   */
  private double[][] interleave(int alike, Runnable... passes) {
    for (int i = 0; i < passes.length; i += alike) {
      Timing.repeat(passes[i], compileSeconds);
    }
    return Timing.rounds(rounds, List.of(passes));
  }

  private ResultTable memory() {
    ResultTable table =
        new ResultTable(
            "memory",
            "Workspace of forward and backward of a layer per token",
            Column.MIXER,
            new Column("short", "KiB/token, 8 x 256", "%.1f"),
            new Column("long", "KiB/token, 8 x 2048", "%.1f"),
            new Column("one", "KiB/token, 1 x 16384", "%.1f"));
    passes()
        .forEach(
            (name, passes) ->
                table.add(
                    name,
                    kibPerToken(passes, BATCH, 256),
                    kibPerToken(passes, BATCH, 2048),
                    kibPerToken(passes, 1, TOKENS)));
    return table;
  }

  private ResultTable costs() {
    ResultTable table =
        new ResultTable(
            "costs",
            "Forward and backward next to what it stands for, width " + width,
            new Column("what", "what", "%s"),
            new Column("over", "over", "%s"),
            Column.BATCH,
            Column.TIME,
            new Column("micros", "µs/token", "%.3f"),
            new Column("overMicros", "over µs/token", "%.3f"),
            new Column("ratio", "ratio", "%.3f"),
            new Column("target", "at most", "%.2f"));
    for (FamilyCosts.Pair pair : FamilyCosts.pairs(width)) {
      if (!mixers.matcher(pair.what()).matches()) {
        continue;
      }
      double[][] seconds = interleave(1, pair.own().get(), pair.other().get());
      double scale = MICROS / ((double) pair.batch() * pair.time());
      table.add(
          pair.what(),
          pair.over(),
          pair.batch(),
          pair.time(),
          Timing.median(seconds[0]) * scale,
          Timing.median(seconds[1]) * scale,
          Timing.medianRatio(seconds[0], seconds[1]),
          pair.target());
    }
    return table;
  }

  private static double kibPerToken(MixerPasses passes, int batch, int time) {
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
    Runnable layer = passes.layer(batch, time);
    for (int i = 0; i < SETTLING_PASSES; i++) {
      layer.run();
    }
    double bytes = TrainingMemory.workspaceBytes();
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
    return bytes / KIB / (batch * (double) time);
  }
}
