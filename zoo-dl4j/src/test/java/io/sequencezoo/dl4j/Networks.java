package io.sequencezoo.dl4j;

import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks and data in DL4J's layout. */
final class Networks {
  static final int WIDTH = 4;
  static final int CLASSES = 3;

  private Networks() {}

  static MultiLayerConfiguration configuration(
      DataType type, IUpdater updater, RNNFormat format, Layer... layers) {
    NeuralNetConfiguration.ListBuilder list =
        new NeuralNetConfiguration.Builder()
            .seed(5)
            .dataType(type)
            .updater(updater)
            .activation(Activation.TANH)
            .list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    return list.layer(
            new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(CLASSES)
                .dataFormat(format)
                .build())
        .setInputType(InputType.recurrent(WIDTH, format))
        .build();
  }

  static MultiLayerNetwork network(Layer... layers) {
    return initialised(configuration(DataType.DOUBLE, new NoOp(), RNNFormat.NCW, layers));
  }

  static MultiLayerNetwork initialised(MultiLayerConfiguration configuration) {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return network;
  }

  static MixerLayer mixer(String text) {
    return new MixerLayer.Builder().mixer(text).build();
  }

  static INDArray features(int seed, int batch, int steps) {
    double[] values =
        new SplittableRandom(seed).doubles((long) batch * WIDTH * steps, -1, 1).toArray();
    return Nd4j.createFromArray(values).reshape('c', batch, WIDTH, steps);
  }

  /** One-hot {@code [B, classes, T]}. */
  static INDArray labels(int seed, int batch, int steps) {
    INDArray labels = Nd4j.zeros(DataType.DOUBLE, batch, CLASSES, steps);
    SplittableRandom random = new SplittableRandom(seed);
    for (int b = 0; b < batch; b++) {
      for (int t = 0; t < steps; t++) {
        labels.putScalar(new int[] {b, random.nextInt(CLASSES), t}, 1);
      }
    }
    return labels;
  }
}
