package io.sequencezoo.bench.dl4j;

import io.sequencezoo.bench.PeerServer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex.Op;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * One training step (forward, backward, Adam with decoupled weight decay) of a pre-norm Transformer
 * as Deeplearning4j's layers can express it: learned positions, MLP 4D with GELU, but embeddings
 * that aren't tied to the output, and attention without biases that sees the whole sequence: its
 * layer knows no causal mask.
 */
final class TransformerStep implements PeerServer.Trained {
  private final ComputationGraph network;
  private final MultiDataSet batch;

  TransformerStep(int rows, int time, int width, int heads, int layers, int vocabulary) {
    GraphBuilder graph =
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .dataType(DataType.FLOAT)
            .updater(new Adam(1e-3))
            .weightDecay(0.01)
            .weightInit(new NormalDistribution(0, 0.02))
            .activation(Activation.IDENTITY)
            .graphBuilder()
            .addInputs("tokens", "positions")
            .setInputTypes(InputType.recurrent(vocabulary, time), InputType.recurrent(time, time))
            .addLayer("token", embedding(vocabulary, width), "tokens")
            .addLayer("position", embedding(time, width), "positions")
            .addVertex("x0", new ElementWiseVertex(Op.Add), "token", "position");
    String x = "x0";
    for (int i = 1; i <= layers; i++) {
      graph.addLayer("norm-a" + i, new LayerNorm(width), x);
      graph.addLayer("attention" + i, attention(width, heads), "norm-a" + i);
      graph.addVertex("a" + i, new ElementWiseVertex(Op.Add), x, "attention" + i);
      graph.addLayer("norm-m" + i, new LayerNorm(width), "a" + i);
      graph.addLayer("up" + i, dense(width, 4 * width, Activation.GELU), "norm-m" + i);
      graph.addLayer("down" + i, dense(4 * width, width, Activation.IDENTITY), "up" + i);
      graph.addVertex("x" + i, new ElementWiseVertex(Op.Add), "a" + i, "down" + i);
      x = "x" + i;
    }
    graph.addLayer("norm", new LayerNorm(width), x);
    graph.addLayer(
        "output",
        new RnnOutputLayer.Builder(LossFunction.MCXENT)
            .activation(Activation.SOFTMAX)
            .nIn(width)
            .nOut(vocabulary)
            .build(),
        "norm");
    network = new ComputationGraph(graph.setOutputs("output").build());
    network.init();
    INDArray tokens = tokens(rows, time, vocabulary);
    INDArray positions = Nd4j.arange(time).reshape(1, 1, time).broadcast(rows, 1, time);
    batch =
        new MultiDataSet(
            new INDArray[] {tokens, positions.castTo(DataType.FLOAT)},
            new INDArray[] {oneHot(tokens(rows, time, vocabulary), vocabulary)});
    PeerServer.checkShape(network.output(batch.getFeatures())[0].shape(), rows, vocabulary, time);
  }

  private static EmbeddingSequenceLayer embedding(int entries, int width) {
    return new EmbeddingSequenceLayer.Builder().nIn(entries).nOut(width).build();
  }

  private static SelfAttentionLayer attention(int width, int heads) {
    return new SelfAttentionLayer.Builder()
        .nIn(width)
        .nOut(width)
        .nHeads(heads)
        .headSize(width / heads)
        .projectInput(true)
        .build();
  }

  private static TimeDistributed dense(int in, int out, Activation activation) {
    return new TimeDistributed(
        new DenseLayer.Builder().nIn(in).nOut(out).activation(activation).build());
  }

  private static INDArray tokens(int rows, int time, int vocabulary) {
    return Nd4j.rand(DataType.FLOAT, rows, 1, time)
        .muli(vocabulary)
        .castTo(DataType.INT32)
        .castTo(DataType.FLOAT);
  }

  private static INDArray oneHot(INDArray tokens, int vocabulary) {
    INDArray labels = Nd4j.zeros(DataType.FLOAT, tokens.size(0), vocabulary, tokens.size(2));
    for (long row = 0; row < tokens.size(0); row++) {
      for (long t = 0; t < tokens.size(2); t++) {
        labels.putScalar(row, (long) tokens.getDouble(row, 0, t), t, 1);
      }
    }
    return labels;
  }

  @Override
  public void run() {
    network.fit(batch);
  }

  @Override
  public double train() {
    network.fit(batch);
    return network.score();
  }
}
