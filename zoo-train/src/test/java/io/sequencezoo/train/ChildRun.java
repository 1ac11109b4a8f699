package io.sequencezoo.train;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.TokenBatch;
import java.nio.file.Path;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/** A training run in a process of its own, for tests that kill it. */
final class ChildRun {
  static final TrainConfig CONFIG =
      Configs.read(
          "train",
          "{optimizer: {type: adamw, lr: 0.01}, steps: 150, batch: 4, seed: 1, evaluateEvery: 20,"
              + " checkpointEvery: 3, clip: 1}",
          TrainConfig.class);

  private ChildRun() {}

  /** Trains in the folder that is the first argument; resumes what is there. */
  public static void main(String[] arguments) {
    try {
      run(Path.of(arguments[0]));
    } catch (RuntimeException e) {
      System.err.println(e.getMessage());
      System.exit(3);
    }
  }

  static TrainResult run(Path folder) {
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    Objective<TokenBatch> objective = new TokenObjective(new TinyModel(7, 8, 0.1));
    return new Trainer<>(CONFIG, parameters, objective, new CycleSource(4, 9, 7, 1))
        .validator(Validator.loss(objective, List.of(new CycleSource(8, 9, 7, 77).next())))
        .checkpoints(folder.resolve("checkpoints"), CONFIG)
        .listener(new JsonLinesLog(folder.resolve("log.jsonl")))
        .run();
  }
}
