package io.sequencezoo.dl4j;

import static io.sequencezoo.dl4j.Networks.WIDTH;
import static io.sequencezoo.dl4j.Networks.features;
import static io.sequencezoo.dl4j.Networks.labels;
import static io.sequencezoo.dl4j.Networks.network;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The zoo's LSTM against DL4J's with the same weights: two implementations that share no line judge
 * each other.
 */
@Tag("double")
class Dl4jLstmTest {
  /** Sums of a few dozen products in double, in another order. */
  private static final double TOLERANCE = 1e-12;

  /**
   * Which gate of DL4J's order is at i, f, g, o of the zoo's: DL4J stores the candidate first, then
   * the forget and output gates, then the input gate.
   */
  private static final int[] GATES = {3, 1, 0, 2};

  private final INDArray x = features(1, 3, 6);
  private final INDArray y = labels(2, 3, 6);
  private final MultiLayerNetwork theirs =
      network(new LSTM.Builder().nOut(WIDTH).build(), new LSTM.Builder().nOut(WIDTH).build());
  private final MultiLayerNetwork ours =
      network(Networks.mixer("{type: lstm}"), Networks.mixer("{type: lstm}"));

  @BeforeEach
  void copyWeights() {
    for (int layer = 0; layer < 2; layer++) {
      copy(theirs.getParam(layer + "_W"), ours.getParam(layer + "_input"));
      copy(theirs.getParam(layer + "_RW"), ours.getParam(layer + "_recurrent"));
      copy(theirs.getParam(layer + "_b"), ours.getParam(layer + "_bias"));
    }
    for (String name : new String[] {"2_W", "2_b"}) {
      ours.getParam(name).assign(theirs.getParam(name));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void outputs_areTheSame(boolean masked) {
    INDArray mask = masked ? mask() : null;
    assertThat(ours.output(x, false, mask, mask).equalsWithEps(expected(mask), TOLERANCE)).isTrue();
  }

  private INDArray expected(INDArray mask) {
    return theirs.output(x, false, mask, mask);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradients_areTheSame(boolean masked) {
    INDArray mask = masked ? mask() : null;
    for (MultiLayerNetwork network : new MultiLayerNetwork[] {theirs, ours}) {
      network.setInput(x);
      network.setLabels(y);
      network.setLayerMaskArrays(mask, mask);
      network.computeGradientAndScore();
    }
    assertThat(ours.score()).isCloseTo(theirs.score(), within(TOLERANCE));
    String[][] names = {{"W", "input"}, {"RW", "recurrent"}, {"b", "bias"}};
    for (int layer = 0; layer < 2; layer++) {
      for (String[] name : names) {
        INDArray gradient = ours.gradient().getGradientFor(layer + "_" + name[1]);
        INDArray expected = Nd4j.create(gradient.dataType(), gradient.shape());
        copy(theirs.gradient().getGradientFor(layer + "_" + name[0]), expected);
        assertThat(gradient.equalsWithEps(expected, TOLERANCE)).as(layer + name[1]).isTrue();
      }
    }
  }

  private static INDArray mask() {
    return Nd4j.createFromArray(
        new double[][] {{1, 1, 1, 0, 0, 0}, {1, 1, 1, 1, 1, 1}, {1, 0, 0, 0, 0, 0}});
  }

  /** From DL4J's order of gates, {@code [.., 4H]}, to ours. */
  private static void copy(INDArray from, INDArray to) {
    INDArray source = from.reshape(-1, 4L * WIDTH);
    INDArray target = Nd4j.create(source.dataType(), source.shape());
    for (int gate = 0; gate < 4; gate++) {
      target.put(
          new INDArrayIndex[] {
            NDArrayIndex.all(), NDArrayIndex.interval(gate * WIDTH, (gate + 1) * WIDTH)
          },
          source.get(
              NDArrayIndex.all(),
              NDArrayIndex.interval(GATES[gate] * WIDTH, (GATES[gate] + 1) * WIDTH)));
    }
    to.assign(target.reshape(to.shape()));
  }
}
