package io.sequencezoo.eval.study;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.experiment.Lesson;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.report.TextTable;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a study would train, and about how long that takes. */
public final class Plan {
  /** The first updates compile; the others are timed. */
  private static final int WARM_UP = 3;

  private static final int TIMED = 5;
  private static final double NANOS = 1e9;

  private final List<List<String>> rows = new ArrayList<>();
  private double seconds;

  /** Counts everything, and tries a few updates of each model. Writes nothing. */
  public Plan(StudyConfig config) throws IOException {
    for (Task task : config.tasks()) {
      int longest = StudyConfig.longest(task);
      long updates = updates(task, config.train());
      for (Variant variant : config.variants(task)) {
        double each = secondsPerUpdate(task, variant.model(), config.train());
        double whole = each * updates * config.seeds();
        seconds += whole;
        rows.add(
            List.of(
                task.name(),
                variant.label(),
                Integer.toString(variant.model().width()),
                String.format(Locale.ROOT, "%,d", Budget.parameters(variant.model())),
                String.format(Locale.ROOT, "%,d", Budget.stateBytes(variant.model(), longest)),
                String.format(Locale.ROOT, "%d x %,d", config.seeds(), updates),
                String.format(Locale.ROOT, "%.0f", whole)));
      }
    }
  }

  private static long updates(Task task, TrainConfig train) {
    if (train.steps() > 0) {
      return train.steps();
    }
    long batches = ((long) task.examples(Split.TRAIN) + train.batch() - 1) / train.batch();
    return (batches * train.epochs() + train.accumulate() - 1) / train.accumulate();
  }

  private static double secondsPerUpdate(Task task, LayeredConfig config, TrainConfig train)
      throws IOException {
    Model model = config.build();
    Parameters parameters = Parameters.of(model, train.precision().dataType(), train.seed());
    Lesson<?> lesson = task.lesson(model, train, task.standardWindow());
    train(lesson, parameters, train, WARM_UP);
    long start = System.nanoTime();
    train(lesson, parameters, train, TIMED);
    return (System.nanoTime() - start) / NANOS / TIMED;
  }

  private static <B> void train(
      Lesson<B> lesson, Parameters parameters, TrainConfig train, int steps) throws IOException {
    ObjectNode few = Configs.json().valueToTree(train);
    few.remove(List.of("epochs", "evaluateEvery", "checkpointEvery"));
    TrainConfig tried = Configs.json().treeToValue(few.put("steps", steps), TrainConfig.class);
    new Trainer<>(tried, parameters, lesson.objective(), lesson.batches()).run();
  }

  /** Seconds of all updates of all runs, on this machine as it is. */
  public double seconds() {
    return seconds;
  }

  /** A line per model. */
  public String text() {
    List<String> header =
        List.of("task", "variant", "width", "parameters", "state bytes", "updates", "about s");
    return TextTable.of(header, rows).toString();
  }
}
