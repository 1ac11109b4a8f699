package io.sequencezoo.bench.djl;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.AdamW;
import ai.djl.training.tracker.Tracker;
import io.sequencezoo.bench.PeerServer;

/** A block under a trainer of the library's, on one batch. */
final class Training {
  private final Trainer trainer;
  private final NDList inputs;
  private final NDList labels;

  /** Initialises the block; its weights are N(0, deviation²). */
  Training(Block block, double deviation, Loss loss, NDList inputs, NDArray labels) {
    this.inputs = inputs;
    this.labels = new NDList(labels);
    Model model = Model.newInstance("peer", "PyTorch");
    model.setBlock(block);
    trainer =
        model.newTrainer(
            new DefaultTrainingConfig(loss)
                .optInitializer(new NormalInitializer((float) deviation), Parameter.Type.WEIGHT)
                .optOptimizer(
                    AdamW.builder()
                        .optLearningRateTracker(Tracker.fixed(1e-3f))
                        .optWeightDecays(0.01f)
                        .build()));
    trainer.initialize(inputs.getShapes());
  }

  /** A manager of what lives as long as the process. */
  static NDManager manager() {
    return Engine.getEngine("PyTorch").newBaseManager();
  }

  /** A list of its own for every pass: recurrent blocks add their initial states to it. */
  private NDList batch() {
    return new NDList(inputs);
  }

  /** Owns what is computed from the batch until it is closed, as a data set's batches do. */
  private NDManager batchManager() {
    NDManager manager = trainer.getManager().newSubManager();
    inputs.tempAttach(manager);
    labels.tempAttach(manager);
    return manager;
  }

  /** Forward and backward, and the optimiser's step if asked; the loss before it. */
  double run(boolean step) {
    try (NDManager manager = batchManager()) {
      NDArray loss;
      try (GradientCollector collector = trainer.newGradientCollector()) {
        loss = trainer.getLoss().evaluate(labels, trainer.forward(batch()));
        collector.backward(loss);
      }
      if (step) {
        trainer.step();
      }
      return loss.getFloat();
    }
  }

  /** Checks the shape of the block's output. */
  void checkOutput(long... shape) {
    try (NDManager manager = batchManager()) {
      Shape output = trainer.evaluate(batch()).singletonOrThrow().getShape();
      PeerServer.checkShape(output.getShape(), shape);
    }
  }
}
