package io.sequencezoo.bench.dl4j;

import io.sequencezoo.bench.PeerServer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Forward and backward of a recurrent layer of Deeplearning4j, in its layout {@code [B, D, T]}, to
 * the mean squared error of its outputs: a network must end in a loss.
 */
final class RecurrentPass implements PeerServer.Trained {
  private final MultiLayerNetwork network;
  private final INDArray x;
  private final INDArray target;

  RecurrentPass(BaseRecurrentLayer.Builder<?> layer, int batch, int time, int width) {
    network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .dataType(DataType.FLOAT)
                .updater(new Adam(1e-3))
                .weightInit(WeightInit.XAVIER)
                .activation(Activation.TANH)
                .list()
                .layer(layer.nIn(width).nOut(width).build())
                .layer(
                    new RnnLossLayer.Builder(LossFunction.MSE)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
    network.init();
    x = Nd4j.randn(DataType.FLOAT, batch, width, time);
    target = Nd4j.randn(DataType.FLOAT, batch, width, time);
    PeerServer.checkShape(network.output(x).shape(), batch, width, time);
  }

  @Override
  public void run() {
    network.setInput(x);
    network.setLabels(target);
    network.computeGradientAndScore();
  }

  @Override
  public double train() {
    network.fit(x, target);
    return network.score();
  }
}
