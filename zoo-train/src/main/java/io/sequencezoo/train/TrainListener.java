package io.sequencezoo.train;

import java.nio.file.Path;
import java.util.Map;

/** Is told what a training run does. Called on the training thread. */
public interface TrainListener {
  /** The run begins, or goes on after a step that a checkpoint holds. */
  default void started(Start start) {}

  /** An update was made. */
  default void stepped(Step step) {}

  /** The model was evaluated after an update. */
  default void evaluated(History.Evaluated evaluated, boolean best) {}

  /** A checkpoint was written. */
  default void saved(long step, Path folder) {}

  /** The run ended. */
  default void finished(TrainResult result) {}

  /** The run ended with an exception, which the caller of the trainer gets. */
  default void failed(RuntimeException cause) {}

  /**
   * How a run begins.
   *
   * @param steps updates in all
   * @param resumedStep updates made before, 0 for a new run
   * @param parameters number of parameters
   */
  record Start(long steps, long resumedStep, long parameters) {}

  /**
   * One update.
   *
   * @param step its number, from 1
   * @param steps updates in all
   * @param tokens that counted towards its loss
   * @param totalTokens since the start of the run
   * @param loss mean over its tokens
   * @param learningRate its rate
   * @param gradientNorm before clipping
   * @param seconds it took
   * @param cpuSeconds that all threads of the process spent meanwhile
   * @param auxiliary means of the losses of blocks, by path, before their weights
   */
  record Step(
      long step,
      long steps,
      long tokens,
      long totalTokens,
      double loss,
      double learningRate,
      double gradientNorm,
      double seconds,
      double cpuSeconds,
      Map<String, Double> auxiliary) {}
}
