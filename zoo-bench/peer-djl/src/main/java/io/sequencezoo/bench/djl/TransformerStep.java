package io.sequencezoo.bench.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import io.sequencezoo.bench.PeerServer;

/**
 * One training step (forward, backward, AdamW) of a pre-norm Transformer language model of the
 * library's layers: learned positions, MLP 4D with GELU, tied embeddings, and causal attention by a
 * mask, the scores in memory.
 */
final class TransformerStep implements PeerServer.Trained {
  private static final double DEVIATION = 0.02;

  private final Training training;

  TransformerStep(int batch, int time, int width, int heads, int layers, int vocabulary) {
    NDManager manager = Training.manager();
    NDArray row = manager.arange(time).reshape(1, time);
    NDArray causal = row.lte(row.transpose()).reshape(1, time, time);
    NDArray targets = tokens(manager, batch, time, vocabulary).reshape(-1, 1);
    // The model gives log probabilities already.
    Loss loss = new SoftmaxCrossEntropyLoss("loss", 1, -1, true, false);
    training =
        new Training(
            new LanguageModel(time, width, heads, layers, vocabulary),
            DEVIATION,
            loss,
            new NDList(
                tokens(manager, batch, time, vocabulary),
                row.repeat(0, batch).toType(DataType.INT64, false),
                causal.repeat(0, batch)),
            targets);
    training.checkOutput((long) batch * time, vocabulary);
  }

  private static NDArray tokens(NDManager manager, int batch, int time, int vocabulary) {
    return manager.randomInteger(0, vocabulary, new Shape(batch, time), DataType.INT64);
  }

  @Override
  public void run() {
    training.run(true);
  }

  @Override
  public double train() {
    return training.run(true);
  }
}
