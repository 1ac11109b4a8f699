package io.sequencezoo.dl4j;

import static io.sequencezoo.dl4j.Networks.CLASSES;
import static io.sequencezoo.dl4j.Networks.WIDTH;
import static io.sequencezoo.dl4j.Networks.features;
import static io.sequencezoo.dl4j.Networks.labels;
import static io.sequencezoo.dl4j.Networks.mixer;
import static io.sequencezoo.dl4j.Networks.network;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.gradientcheck.GradientCheckUtil;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Corners of DL4J in which a layer has been seen to go wrong. */
@Tag("double")
class MixerLayerFaultsTest extends DoubleByDefault {
  /** The same sums of a few dozen products in double, in another order. */
  private static final double TOLERANCE = 1e-12;

  /** Moves no weight; DL4J's NoOp subtracts the gradient itself. */
  private static final Sgd STILL = new Sgd(0);

  private static final String GLA = "{type: gla, heads: 2}";
  private static final String ATTENTION = "{type: softmax_attention, heads: 2}";
  private static final String LSTM = "{type: lstm, hidden: 3}";

  @ParameterizedTest
  @ValueSource(
      strings = {
        GLA,
        ATTENTION,
        LSTM,
        "{type: gru}",
        "{type: mamba}",
        "{type: delta_net, heads: 2}",
        "{type: min_gru}",
        "{type: retnet, heads: 2}",
        "{type: s5}"
      })
  void truncatedBackpropagation_ofASegmentOfOneStep(String text) {
    // Four steps in segments of three: the last has one.
    DataSet data = new DataSet(features(1, 2, 4), labels(2, 2, 4));
    MultiLayerConfiguration configuration =
        Networks.configuration(DataType.DOUBLE, STILL, RNNFormat.NCW, mixer(text));
    configuration.setBackpropType(BackpropType.TruncatedBPTT);
    configuration.setTbpttFwdLength(3);
    configuration.setTbpttBackLength(3);
    MultiLayerNetwork list = Networks.initialised(configuration);
    Recorder ofList = new Recorder();
    list.setListeners(ofList);
    list.fit(data);

    ComputationGraph graph = graph(text);
    graph.setParams(list.params());
    Recorder ofGraph = new Recorder();
    graph.setListeners(ofGraph);
    graph.fit(data);

    List<double[]> expected = segments(list, data);
    for (Recorder actual : List.of(ofList, ofGraph)) {
      assertThat(actual.gradients).hasSameSizeAs(expected);
      for (int segment = 0; segment < expected.size(); segment++) {
        double[] gradient = actual.gradients.get(segment);
        assertThat(gradient)
            .as("segment %s", segment)
            .containsExactly(expected.get(segment), within(TOLERANCE));
      }
    }
  }

  private static ComputationGraph graph(String text) {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(DataType.DOUBLE)
                .updater(STILL)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.recurrent(WIDTH))
                .addLayer("mixer", mixer(text), "in")
                .addLayer(
                    "out",
                    new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(CLASSES)
                        .build(),
                    "mixer")
                .setOutputs("out")
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTForwardLength(3)
                .tBPTTBackwardLength(3)
                .build());
    graph.init();
    return graph;
  }

  /** The gradients of the mixer's parameters for each segment, by the zoo's own tape. */
  private static List<double[]> segments(MultiLayerNetwork network, DataSet data) {
    SequenceMixer mixer = ((MixerLayer) network.getLayer(0).conf().getLayer()).build();
    INDArray values = MixerParameters.vector(network.getLayer(0).params()).dup();
    INDArray sums = Nd4j.zeros(DataType.DOUBLE, values.length());
    Parameters parameters = Parameters.over(mixer, values, sums);
    INDArray x = data.getFeatures().permute(0, 2, 1).dup('c');
    List<double[]> gradients = new ArrayList<>();
    State state = null;
    for (int from = 0; from < 4; from += 3) {
      int to = Math.min(4, from + 3);
      parameters.zeroGradients();
      try (Tape tape = Tape.training()) {
        Variable tokens = tape.variable(steps(x, from, to));
        Evolution evolution =
            mixer.forward(Context.training(tape, parameters, 0), tokens, rebound(tape, state));
        tape.backward(
            List.of(evolution.outputs()),
            List.of(cotangent(network, evolution.outputs().value(), data.getLabels(), from)));
        state = evolution.state().detach();
      }
      gradients.add(sums.dup().data().asDouble());
    }
    return gradients;
  }

  /** A detached state as constants of a new tape. */
  private static State rebound(Tape tape, State state) {
    if (state == null) {
      return null;
    }
    Map<String, Variable> parts = new LinkedHashMap<>();
    state.parts().forEach((name, part) -> parts.put(name, tape.constant(part.value())));
    return new State(parts, state.consumed());
  }

  /** Of the summed cross-entropy: (softmax(y W + b) - labels) Wᵀ, written out. */
  private static INDArray cotangent(
      MultiLayerNetwork network, INDArray y, INDArray labels, int from) {
    INDArray w = network.getParam("1_W");
    INDArray bias = network.getParam("1_b");
    INDArray result = Nd4j.zeros(DataType.DOUBLE, y.shape());
    for (int b = 0; b < y.size(0); b++) {
      for (int t = 0; t < y.size(1); t++) {
        double[] p = new double[CLASSES];
        double total = 0;
        for (int c = 0; c < CLASSES; c++) {
          double logit = bias.getDouble(c);
          for (int d = 0; d < WIDTH; d++) {
            logit += y.getDouble(b, t, d) * w.getDouble(d, c);
          }
          p[c] = Math.exp(logit);
          total += p[c];
        }
        for (int d = 0; d < WIDTH; d++) {
          double sum = 0;
          for (int c = 0; c < CLASSES; c++) {
            sum += (p[c] / total - labels.getDouble(b, c, from + t)) * w.getDouble(d, c);
          }
          result.putScalar(new int[] {b, t, d}, sum);
        }
      }
    }
    return result;
  }

  private static INDArray steps(INDArray x, int from, int to) {
    return x.get(NDArrayIndex.all(), NDArrayIndex.interval(from, to), NDArrayIndex.all()).dup('c');
  }

  /** Hears of every gradient; keeps what belongs to the first layer. */
  private static final class Recorder extends BaseTrainingListener {
    private final List<double[]> gradients = new ArrayList<>();

    @Override
    public void onGradientCalculation(Model model) {
      Gradient all = model.gradient();
      gradients.add(
          all.gradientForVariable().entrySet().stream()
              .filter(e -> e.getKey().startsWith("0_") || e.getKey().startsWith("mixer_"))
              .flatMapToDouble(e -> Arrays.stream(e.getValue().dup('c').data().asDouble()))
              .toArray());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {GLA, ATTENTION, LSTM})
  void bidirectional_readsNoPadding(String text) {
    MultiLayerNetwork network = bidirectional(text);
    INDArray x = features(1, 2, 5);
    INDArray mask = Nd4j.createFromArray(new double[][] {{1, 1, 1, 0, 0}, {1, 1, 1, 1, 1}});
    network.setLayerMaskArrays(mask, null);
    INDArray masked = network.feedForward(x, false).get(1).dup('c');
    network.clearLayerMaskArrays();
    INDArray first = x.get(NDArrayIndex.interval(0, 1), NDArrayIndex.all(), NDArrayIndex.all());
    INDArray shorter =
        first.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.interval(0, 3)).dup('c');
    INDArray expected = network.feedForward(shorter, false).get(1);
    for (int d = 0; d < 2 * WIDTH; d++) {
      for (int t = 0; t < 5; t++) {
        assertThat(masked.getDouble(0, d, t))
            .isCloseTo(t < 3 ? expected.getDouble(0, d, t) : 0, within(TOLERANCE));
      }
    }
    assertThat(
            GradientCheckUtil.checkGradients(
                new GradientCheckUtil.MLNConfig()
                    .net(network)
                    .input(x)
                    .labels(labels(2, 2, 5))
                    .inputMask(mask)
                    .labelMask(mask)
                    // Central differences: truncation 1e-12, rounding 1e-10 of the score.
                    .epsilon(1e-6)
                    .maxRelError(1e-5)
                    .minAbsoluteError(1e-9)
                    .print(GradientCheckUtil.PrintMode.FAILURES_ONLY)))
        .isTrue();
  }

  private static MultiLayerNetwork bidirectional(String text) {
    return network(new Bidirectional(Bidirectional.Mode.CONCAT, mixer(text)));
  }

  @ParameterizedTest
  @ValueSource(strings = {GLA, ATTENTION, LSTM})
  void rowOfPadding_givesZeros(String text) {
    INDArray x = features(1, 2, 3);
    INDArray mask = Nd4j.createFromArray(new double[][] {{0, 0, 0}, {1, 1, 1}});
    for (MultiLayerNetwork network : List.of(network(mixer(text)), bidirectional(text))) {
      network.setLayerMaskArrays(mask, null);
      INDArray y = network.feedForward(x, false).get(1);
      INDArray row = y.get(NDArrayIndex.interval(0, 1), NDArrayIndex.all(), NDArrayIndex.all());
      assertThat(row.dup('c').data().asDouble()).containsOnly(0);
      assertThat(y.maxNumber().doubleValue()).isNotZero();
    }
  }

  @Test
  void weightDecay_ofTheNetworkReachesALayerOnce() {
    MultiLayerConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .seed(5)
            .dataType(DataType.DOUBLE)
            .updater(new Sgd(1))
            .weightDecay(0.05)
            .list()
            .layer(mixer(LSTM))
            .layer(
                new RnnOutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(CLASSES)
                    .build())
            .setInputType(InputType.recurrent(WIDTH))
            .build();
    MultiLayerNetwork network = Networks.initialised(configuration);
    INDArray before = network.getParam("0_input").dup();
    // No label counts, so that the decay alone moves the weights.
    INDArray none = Nd4j.zeros(DataType.DOUBLE, 2, 4);
    network.fit(new DataSet(features(1, 2, 4), labels(2, 2, 4), null, none));
    assertThat(network.getParam("0_input").equalsWithEps(before.mul(0.95), TOLERANCE)).isTrue();
  }

  @Test
  void summary_namesAMixer() {
    assertThat(network(mixer(GLA)).summary()).contains("(Mixer)").doesNotContain("Execution");
  }
}
