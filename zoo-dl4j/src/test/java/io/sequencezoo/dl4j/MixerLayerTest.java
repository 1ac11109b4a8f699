package io.sequencezoo.dl4j;

import static io.sequencezoo.dl4j.Networks.WIDTH;
import static io.sequencezoo.dl4j.Networks.features;
import static io.sequencezoo.dl4j.Networks.labels;
import static io.sequencezoo.dl4j.Networks.mixer;
import static io.sequencezoo.dl4j.Networks.network;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.models.nonlinear.LstmConfig;
import org.deeplearning4j.gradientcheck.GradientCheckUtil;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.NoOp;

/** Mixers of every family as layers of a DL4J network. */
class MixerLayerTest extends DoubleByDefault {
  private static final String GLA = "{type: gla, heads: 2}";
  private static final String ATTENTION = "{type: softmax_attention, heads: 2}";
  private static final String LSTM = "{type: lstm, hidden: 3}";

  /** The same sums of a few dozen products in double, in another order. */
  private static final double TOLERANCE = 1e-12;

  /** DL4J's central differences with step 1e-6: truncation 1e-12, rounding 1e-10 of the score. */
  private static final double STEP = 1e-6;

  /** The same by hand, on gradients of order 1. */
  private static final double DIFFERENCE = 1e-7;

  private static final double RELATIVE_ERROR = 1e-5;
  private static final double ABSOLUTE_ERROR = 1e-9;

  @ParameterizedTest
  @ValueSource(strings = {GLA, ATTENTION, LSTM})
  void gradients_equalCentralDifferences(String mixer) {
    // Two layers, so that the cotangent of an input is checked as well.
    MultiLayerNetwork network = network(mixer(mixer), mixer(mixer));
    assertThat(check(network, null)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {GLA, ATTENTION, LSTM})
  void gradients_equalCentralDifferencesUnderAMask(String mixer) {
    assertThat(check(network(mixer(mixer), mixer(mixer)), mask())).isTrue();
  }

  private static boolean check(MultiLayerNetwork network, INDArray mask) {
    return GradientCheckUtil.checkGradients(
        new GradientCheckUtil.MLNConfig()
            .net(network)
            .input(features(1, 2, 5))
            .labels(labels(2, 2, 5))
            .inputMask(mask)
            .labelMask(mask)
            .epsilon(STEP)
            .maxRelError(RELATIVE_ERROR)
            .minAbsoluteError(ABSOLUTE_ERROR)
            .print(GradientCheckUtil.PrintMode.FAILURES_ONLY));
  }

  private static INDArray mask() {
    return Nd4j.createFromArray(new double[][] {{1, 1, 1, 0, 0}, {1, 1, 1, 1, 1}});
  }

  @ParameterizedTest
  @ValueSource(strings = {GLA, ATTENTION, LSTM})
  void mask_givesWhatTheShorterSequenceGives(String mixer) {
    MultiLayerNetwork network = network(mixer(mixer));
    INDArray x = features(1, 2, 5);
    network.setLayerMaskArrays(mask(), null);
    INDArray masked = network.feedForward(x, false).get(1);
    network.clearLayerMaskArrays();
    INDArray shorter =
        network
            .feedForward(
                x.get(NDArrayIndex.interval(0, 1), NDArrayIndex.all(), NDArrayIndex.interval(0, 3)),
                false)
            .get(1);
    for (int d = 0; d < WIDTH; d++) {
      for (int t = 0; t < 5; t++) {
        double expected = t < 3 ? shorter.getDouble(0, d, t) : 0;
        assertThat(masked.getDouble(0, d, t)).isCloseTo(expected, within(TOLERANCE));
      }
    }
  }

  @Test
  void mask_withAHoleIsRefused() {
    MultiLayerNetwork network = network(mixer(GLA));
    INDArray hole = Nd4j.createFromArray(new double[][] {{1, 0, 1}, {1, 1, 1}});
    network.setLayerMaskArrays(hole, null);
    assertThatThrownBy(() -> network.feedForward(features(1, 2, 3), false))
        .hasMessage(
            "mixer layer layer0: feature mask must be one run of ones in every row, zeros"
                + " elsewhere, got 1.0 at row 0 position 2; pad sequences on the right");
  }

  @ParameterizedTest
  @ValueSource(strings = {GLA, ATTENTION, LSTM})
  void timeSteps_equalTheSequence(String mixer) {
    MultiLayerNetwork network = network(mixer(mixer), mixer(mixer));
    INDArray x = features(1, 2, 6);
    INDArray whole = network.output(x);
    // Three tokens at once, then one by one.
    INDArray first = network.rnnTimeStep(slice(x, 0, 3));
    assertThat(first.equalsWithEps(slice(whole, 0, 3), TOLERANCE)).isTrue();
    for (int t = 3; t < 6; t++) {
      INDArray y = network.rnnTimeStep(slice(x, t, t + 1));
      assertThat(y.equalsWithEps(slice(whole, t, t + 1), TOLERANCE)).isTrue();
    }
    assertThatThrownBy(() -> network.rnnTimeStep(features(1, 3, 1)))
        .hasMessageContaining("batch must have the B=2 rows of the stored state, got 3");
    network.rnnClearPreviousState();
    INDArray again = network.rnnTimeStep(slice(x, 0, 1));
    assertThat(again.equalsWithEps(slice(whole, 0, 1), TOLERANCE)).isTrue();
  }

  private static INDArray slice(INDArray x, int from, int to) {
    return x.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.interval(from, to)).dup('c');
  }

  @Test
  void timeLastAndTimeFirst_agree() {
    INDArray x = features(1, 2, 5);
    INDArray expected = network(mixer(GLA)).output(x);
    MultiLayerNetwork timeFirst =
        Networks.initialised(
            Networks.configuration(DataType.DOUBLE, new NoOp(), RNNFormat.NWC, mixer(GLA)));
    INDArray y = timeFirst.output(x.permute(0, 2, 1).dup('c'));
    assertThat(y.permute(0, 2, 1).equalsWithEps(expected, TOLERANCE)).isTrue();
  }

  @Test
  void configuration_survivesDl4jsJson() {
    MultiLayerNetwork network = network(mixer(GLA), mixer(LSTM));
    String json = network.getLayerWiseConfigurations().toJson();
    MultiLayerConfiguration read = MultiLayerConfiguration.fromJson(json);
    assertThat(read.toJson()).isEqualTo(json);
    assertThat(read.getConf(1).getLayer()).isEqualTo(network.getLayer(1).conf().getLayer());
    assertThat(((MixerLayer) read.getConf(1).getLayer()).mixer()).isEqualTo(new LstmConfig(3, 1));
    MultiLayerNetwork copy = Networks.initialised(read);
    assertThat(copy.params()).isEqualTo(network.params());
    INDArray x = features(1, 2, 5);
    assertThat(copy.output(x)).isEqualTo(network.output(x));
  }

  @Test
  void parameters_areNamedViewsDrawnByTheMixer() {
    MultiLayerNetwork network = network(mixer(LSTM), mixer(LSTM));
    assertThat(network.paramTable().keySet())
        .startsWith("0_input", "0_recurrent", "0_bias", "0_output", "1_input");
    assertThat(network.getParam("0_bias").toDoubleVector())
        .containsExactly(0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0);
    assertThat(network.getParam("0_input")).isNotEqualTo(network.getParam("1_input"));
    INDArray values = network.params().dup();
    network.setParams(values.mul(2));
    assertThat(network.getParam("0_bias").getDouble(3)).isEqualTo(2);
    MultiLayerNetwork clone = network.clone();
    INDArray x = features(1, 2, 5);
    assertThat(clone.output(x)).isEqualTo(network.output(x));
    // A layer's own copy keeps the row-major order of the views.
    network.getLayer(0).setParams(clone.getLayer(0).params().dup());
    assertThat(clone.output(x)).isEqualTo(network.output(x));
    assertThat(Parameters.of(mixerOf(network), DataType.DOUBLE, 0).count())
        .isEqualTo(network.getLayer(0).numParams());
  }

  private static SequenceMixer mixerOf(MultiLayerNetwork network) {
    return ((MixerLayer) network.getLayer(0).conf().getLayer()).build();
  }

  @ParameterizedTest
  @ValueSource(strings = {GLA, ATTENTION, LSTM})
  void training_lowersTheLoss(String mixer) {
    MultiLayerNetwork network =
        Networks.initialised(
            Networks.configuration(DataType.FLOAT, new Adam(0.05), RNNFormat.NCW, mixer(mixer)));
    INDArray x = features(1, 4, 5);
    DataSet data = new DataSet(x.castTo(DataType.FLOAT), signs(x).castTo(DataType.FLOAT));
    double before = network.score(data);
    for (int step = 0; step < 40; step++) {
      network.fit(data);
    }
    assertThat(network.score(data)).isLessThan(0.8 * before);
  }

  /** One-hot: class 0 or 1 by the sign of the token's first feature. */
  private static INDArray signs(INDArray x) {
    INDArray labels = Nd4j.zeros(DataType.DOUBLE, x.size(0), Networks.CLASSES, x.size(2));
    for (int b = 0; b < x.size(0); b++) {
      for (int t = 0; t < x.size(2); t++) {
        labels.putScalar(new int[] {b, x.getDouble(b, 0, t) > 0 ? 1 : 0, t}, 1);
      }
    }
    return labels;
  }

  @ParameterizedTest
  @ValueSource(strings = {GLA, ATTENTION, LSTM})
  void truncatedBackpropagation_carriesTheState(String mixer) {
    MultiLayerConfiguration configuration =
        Networks.configuration(DataType.DOUBLE, new NoOp(), RNNFormat.NCW, mixer(mixer));
    configuration.setBackpropType(BackpropType.TruncatedBPTT);
    configuration.setTbpttFwdLength(3);
    configuration.setTbpttBackLength(3);
    MultiLayerNetwork network = Networks.initialised(configuration);
    INDArray x = features(1, 2, 6);
    INDArray y = labels(2, 2, 6);
    network.rnnActivateUsingStoredState(slice(x, 0, 3), true, true);
    network.updateRnnStateWithTBPTTState();
    INDArray second = network.rnnActivateUsingStoredState(slice(x, 3, 6), true, true).get(2);
    INDArray whole = network(mixer(mixer)).output(x);
    assertThat(second.equalsWithEps(slice(whole, 3, 6), TOLERANCE)).isTrue();

    network.setInput(slice(x, 3, 6));
    network.setLabels(slice(y, 3, 6));
    network.computeGradientAndScore();
    INDArray gradient = network.gradient().gradient().dup();
    INDArray values = network.params();
    for (int i = 0; i < values.length(); i += 5) {
      double value = values.getDouble(i);
      double high = score(network, values, i, value + STEP);
      double low = score(network, values, i, value - STEP);
      values.putScalar(i, value);
      // The gradient is the sum over the two rows, the score their mean.
      assertThat(gradient.getDouble(i)).isCloseTo((high - low) / STEP, within(DIFFERENCE));
    }
    network.fit(new DataSet(x, y));
  }

  private static double score(MultiLayerNetwork network, INDArray values, int i, double value) {
    values.putScalar(i, value);
    network.computeGradientAndScore();
    return network.score();
  }

  @Test
  void mistakes_areNamed() {
    assertThatThrownBy(() -> new MixerLayer.Builder().build())
        .hasMessage("mixer layer: mixer must be set; call mixer(\"{type: gla}\")");
    assertThatThrownBy(() -> mixer("{type: gla, head: 2}")).hasMessageContaining("head");
    assertThatThrownBy(() -> network(new MixerLayer.Builder().mixer(GLA).nOut(6).build()))
        .hasMessageContaining("nOut must equal nIn, got nIn=4 and nOut=6; leave out nOut");
    assertThatThrownBy(
            () ->
                Networks.initialised(
                    Networks.configuration(
                        DataType.FLOAT16, new NoOp(), RNNFormat.NCW, mixer(LSTM))))
        .hasMessageContaining("data type must be FLOAT or DOUBLE, got HALF");
  }
}
