package io.sequencezoo.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.kernel.Parallel;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * How time and memory grow: per token with the length of a sequence, per generated token with the
 * position, of a training step with its tokens and with the steps before. And how soon training
 * runs at full speed. {@code zoo-bench/scaling} runs it.
 */
@Command(name = "scaling", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class ScalingBenchmark implements Runnable {
  @Option(
      names = "--measure",
      split = ",",
      defaultValue = "SEQUENCE,GENERATION,MEMORY,GROWTH",
      description = "What to measure: ${COMPLETION-CANDIDATES}.")
  private List<Measure> measures;

  @Option(names = "--threads", defaultValue = "2", description = "Threads of the pool.")
  private int threads;

  @Option(names = "--rounds", defaultValue = "9", description = "Counted rounds.")
  private int rounds;

  @Option(names = "--warm-up", defaultValue = "4", description = "Rounds before the counted.")
  private int warmUp;

  @Option(
      names = "--lengths",
      split = ",",
      defaultValue = "256,1024,2048,4096,16384",
      description = "T of the sequences.")
  private int[] lengths;

  @Option(
      names = "--tokens",
      defaultValue = "16384",
      description = "B x T of every sequence pass; 0 for a single row whatever T is.")
  private int tokens;

  @Option(
      names = "--positions",
      split = ",",
      defaultValue = "100,1000,10000",
      description = "Tokens before the generated ones.")
  private int[] positions;

  @Option(
      names = "--window",
      defaultValue = "64",
      description = "Tokens generated from each position in each round.")
  private int window;

  @Option(names = "--steps", defaultValue = "1000", description = "Steps of the growth.")
  private int steps;

  @Option(
      names = "--seconds",
      defaultValue = "60",
      description = "Seconds of training from the start.")
  private double seconds;

  @Option(names = "--markdown", description = "Print the tables as Markdown.")
  private boolean markdown;

  @Option(names = "--output", description = "Also write the results as JSON.")
  private Path output;

  @Spec private CommandSpec spec;

  /** What can be measured. */
  enum Measure {
    /** Forward and backward per token, by T. */
    SEQUENCE,
    /** Token by token, by position. */
    GENERATION,
    /** The memory of a training step, by B x T. */
    MEMORY,
    /** The memory of training, by steps taken. */
    GROWTH,
    /** The steps of training from the start of the process. */
    START
  }

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new ScalingBenchmark()).execute(args));
  }

  @Override
  public void run() {
    Parallel.setThreads(threads);
    PrintStream out = System.out;
    out.println(Machine.line() + "; " + rounds + " rounds");
    List<ResultTable> tables = new ArrayList<>();
    for (Measure measure : measures) {
      ResultTable table = measure(measure);
      out.println();
      out.print(table.toString(markdown));
      tables.add(table);
    }
    if (output != null) {
      write(tables);
    }
  }

  private ResultTable measure(Measure measure) {
    return switch (measure) {
      case SEQUENCE -> SequenceScaling.measure(lengths, tokens, warmUp, rounds);
      case GENERATION -> GenerationScaling.measure(positions, window, warmUp, rounds);
      case MEMORY -> TrainingMemory.byTokens();
      case GROWTH -> TrainingMemory.bySteps(steps);
      case START -> TrainingStart.measure(seconds);
    };
  }

  private void write(List<ResultTable> tables) {
    ObjectNode document = Configs.json().createObjectNode();
    document.put("rounds", rounds);
    document.set("machine", Machine.json(spec.commandLine().getParseResult().originalArgs()));
    for (ResultTable table : tables) {
      document.set(table.name(), table.toJson());
    }
    try {
      Files.writeString(output, Configs.write(document));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
