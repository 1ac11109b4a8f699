package io.sequencezoo.bench;

import io.sequencezoo.core.kernel.Parallel;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How time and memory grow: per token with the length of a sequence, per generated token with the
 * position, of a training step with its tokens and with the steps before. And how soon training
 * runs at full speed, and what drawing its batches takes. {@code zoo-bench/scaling} runs it.
 */
@Command(name = "scaling", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class ScalingBenchmark extends TableCommand {
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
      names = "--width",
      split = ",",
      defaultValue = "256",
      description = "Widths of the models that generate.")
  private int[] widths;

  @Option(
      names = "--batch",
      split = ",",
      defaultValue = "1",
      description = "Rows that are generated together.")
  private int[] batches;

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
      description = "Seconds of training from the start, unless it is steady before.")
  private double seconds;

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
    START,
    /** Drawing the batches of tasks, beside training on them. */
    GENERATORS
  }

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new ScalingBenchmark()).execute(args));
  }

  @Override
  public void run() {
    Parallel.setThreads(threads);
    start("; " + rounds + " rounds");
    for (Measure measure : measures) {
      show(measure(measure));
    }
    write(settings -> settings.put("rounds", rounds));
  }

  private ResultTable measure(Measure measure) {
    return switch (measure) {
      case SEQUENCE -> SequenceScaling.measure(lengths, tokens, warmUp, rounds);
      case GENERATION ->
          GenerationScaling.measure(widths, batches, positions, window, warmUp, rounds);
      case MEMORY -> TrainingMemory.byTokens();
      case GROWTH -> TrainingMemory.bySteps(steps);
      case START -> TrainingStart.measure(seconds);
      case GENERATORS -> GeneratorSpeed.measure(rounds);
    };
  }
}
