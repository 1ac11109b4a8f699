package io.sequencezoo.bench.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RNN;
import ai.djl.training.loss.Loss;
import io.sequencezoo.bench.PeerServer;

/**
 * Forward and backward of a recurrent block of the library's on {@code [B, T, D]}, to the mean
 * squared error of its outputs.
 */
final class RecurrentPass implements PeerServer.Trained {
  private final Training training;

  private RecurrentPass(Block layer, int batch, int time, int width) {
    NDManager manager = Training.manager();
    Shape shape = new Shape(batch, time, width);
    NDArray x = manager.randomNormal(shape);
    x.setRequiresGradient(true);
    training =
        new Training(
            layer, 1 / Math.sqrt(width), Loss.l2Loss(), new NDList(x), manager.randomNormal(shape));
    training.checkOutput(batch, time, width);
  }

  static RecurrentPass lstm(int batch, int time, int width) {
    LSTM.Builder builder = LSTM.builder().setStateSize(width).setNumLayers(1);
    return new RecurrentPass(builder.optBatchFirst(true).build(), batch, time, width);
  }

  static RecurrentPass gru(int batch, int time, int width) {
    GRU.Builder builder = GRU.builder().setStateSize(width).setNumLayers(1);
    return new RecurrentPass(builder.optBatchFirst(true).build(), batch, time, width);
  }

  static RecurrentPass rnn(int batch, int time, int width) {
    RNN.Builder builder = RNN.builder().setStateSize(width).setNumLayers(1);
    Block layer = builder.optBatchFirst(true).setActivation(RNN.Activation.TANH).build();
    return new RecurrentPass(layer, batch, time, width);
  }

  @Override
  public void run() {
    training.run(false);
  }

  @Override
  public double train() {
    return training.run(true);
  }
}
