package io.sequencezoo.bench;

import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.eval.experiment.EpochBatches;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.TaskCatalog;
import io.sequencezoo.eval.experiment.Tasks;
import io.sequencezoo.eval.experiment.TokenTask;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.LayeredConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/**
 * How long the batches of tasks take to be drawn, beside the training step of the model that reads
 * them: the cheapest of those that {@code zoo run} trains by default. Tasks that need a file are
 * left out, as are those whose models aren't language models.
 */
final class GeneratorSpeed {
  private static final double MILLIS = 1e3;

  private GeneratorSpeed() {}

  /** Draws batches, and trains on rows of as many tokens, for some rounds. */
  static ResultTable measure(int rounds) {
    ResultTable table =
        new ResultTable(
            "generators",
            "Drawing a batch, and the cheapest training step on it",
            new Column("task", "task", "%s"),
            new Column("rows", "rows", "%d"),
            new Column("steps", "tokens", "%d"),
            new Column("drawMillis", "draw ms", "%.3f"),
            new Column("trainMillis", "train ms", "%.1f"),
            new Column("ratio", "train / draw", "%.0f"));
    for (TaskCatalog.Entry entry : Tasks.get().entries().values()) {
      if (entry.standard() instanceof TokenTask task && !task.name().equals("text")) {
        measure(table, task, rounds);
      }
    }
    return table;
  }

  private static void measure(ResultTable table, TokenTask task, int rounds) {
    ExperimentConfig experiment = experiment(task);
    int rows = experiment.train().batch();
    EpochBatches<TokenBatch> batches =
        EpochBatches.ofTokens(task, rows, experiment.window(), /* seed= */ 1);
    // Puts the epoch in order, which happens once.
    TokenBatch first = batches.next();
    double[] draw = Timing.rounds(rounds, List.of(() -> batches.next()))[0];
    double cheapest = Double.POSITIVE_INFINITY;
    for (LayeredConfig model : experiment.contestants().values()) {
      TrainingStep step = new TrainingStep((LanguageModelConfig) model, rows, first.steps());
      cheapest = Math.min(cheapest, Timing.median(Timing.rounds(rounds, List.of(step))[0]));
    }
    double drawn = Timing.median(draw);
    table.add(
        task.name(), rows, first.steps(), MILLIS * drawn, MILLIS * cheapest, cheapest / drawn);
  }

  private static ExperimentConfig experiment(Task task) {
    try {
      return ExperimentConfig.parse(task.name(), Tasks.get().experiment(task), task, Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
