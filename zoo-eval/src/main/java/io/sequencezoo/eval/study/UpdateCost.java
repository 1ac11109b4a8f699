package io.sequencezoo.eval.study;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.eval.experiment.EpochBatches;
import io.sequencezoo.eval.experiment.Lesson;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.Treatment;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.TrainListener;
import io.sequencezoo.train.Trainer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What an update costs on this machine as it is, by trying a few.
 *
 * @param seconds on the wall
 * @param cpuSeconds of all threads together
 */
record UpdateCost(double seconds, double cpuSeconds) {
  /** The first updates compile. */
  private static final int WARM_UP = 3;

  private static final int MOST = 1000;

  /** Processor time is counted in hundredths of a second on some systems. */
  private static final double ENOUGH_SECONDS = 0.4;

  /** Of a model on a task. Writes nothing. */
  static UpdateCost measure(Task task, LayeredConfig config, TrainConfig train) {
    Model model = config.build();
    Parameters parameters = Parameters.of(model, train.precision().dataType(), train.seed());
    return measure(task.lesson(model, train, task.standardWindow()), parameters, train);
  }

  private static <B> UpdateCost measure(
      Lesson<B> lesson, Parameters parameters, TrainConfig train) {
    TrainConfig few = new Treatment(WARM_UP + MOST, 0, false).train(train);
    Trainer<B> trainer = new Trainer<>(few, parameters, lesson.objective(), lesson.batches());
    Watch watch = new Watch(trainer);
    trainer.listener(watch).run();
    return watch.mean();
  }

  private static final class Watch implements TrainListener {
    private final Trainer<?> trainer;
    private int count;
    private double seconds;
    private double cpuSeconds;

    Watch(Trainer<?> trainer) {
      this.trainer = trainer;
    }

    @Override
    public void stepped(Step step) {
      if (step.step() > WARM_UP) {
        count++;
        seconds += step.seconds();
        cpuSeconds += step.cpuSeconds();
      }
      if (seconds >= ENOUGH_SECONDS) {
        trainer.requestStop();
      }
    }

    UpdateCost mean() {
      return new UpdateCost(seconds / count, cpuSeconds / count);
    }
  }

  /** The updates of a training. */
  static long updates(Task task, TrainConfig train) {
    return train.totalSteps(EpochBatches.perEpoch(task, train.batch()));
  }

  /**
   * How many updates each model has time for, where the first makes as many as the training says.
   */
  static List<Long> equalTimes(Task task, List<Variant> variants, TrainConfig train) {
    List<UpdateCost> costs =
        variants.stream().map(variant -> measure(task, variant.model(), train)).toList();
    long usual = updates(task, train);
    // What differs from the first in its treatment alone costs what the first costs.
    return IntStream.range(0, costs.size())
        .mapToObj(
            v ->
                variants.get(v).model().equals(variants.get(0).model())
                    ? usual
                    : timed(usual, costs.get(0), costs.get(v)))
        .toList();
  }

  /** The updates that take as much processor time at one cost as so many at another. */
  static long timed(long updates, UpdateCost each, UpdateCost other) {
    return Math.max(1, Math.round(updates * each.cpuSeconds / other.cpuSeconds));
  }
}
