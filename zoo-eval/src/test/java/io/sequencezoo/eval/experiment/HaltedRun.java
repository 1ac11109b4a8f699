package io.sequencezoo.eval.experiment;

import io.sequencezoo.core.io.Halt;
import java.io.IOException;
import java.nio.file.Path;

/** An experiment in a process of its own, halted where it would force or rename a file. */
final class HaltedRun {
  private HaltedRun() {}

  /** Takes a folder and the number of the step to halt before. */
  public static void main(String[] arguments) throws IOException {
    Halt.before(Integer.parseInt(arguments[1]));
    run(Path.of(arguments[0]));
  }

  /** Runs or goes on. */
  static void run(Path folder) throws IOException {
    if (new Experiment(config(), folder, TinyExperiment::silent).run().isEmpty()) {
      throw new IllegalStateException("nobody asked it to stop");
    }
  }

  /** Two updates of one mixer, with a checkpoint and an evaluation after each. */
  static ExperimentConfig config() {
    return TinyExperiment.config(2).withMixers(java.util.List.of("lstm"));
  }
}
