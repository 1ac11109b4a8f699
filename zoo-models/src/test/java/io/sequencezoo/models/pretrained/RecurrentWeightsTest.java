package io.sequencezoo.models.pretrained;

import static io.sequencezoo.models.pretrained.Reference.sigmoid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.offset;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.models.nonlinear.ElmanConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** State dictionaries of PyTorch's recurrent layers, against the equations of its documentation. */
@Tag("double")
class RecurrentWeightsTest {
  /** The sum of two biases is rounded to single precision, 2^-24 of it, once per gate and step. */
  private static final double ROUNDING = 1e-6;

  private static final int WIDTH = 3;
  private static final int STEPS = 7;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"LSTM", "GRU", "RNN"})
  void outputs_areThoseOfTheDocumentedEquations(String cell) throws IOException {
    int gates = cell.equals("LSTM") ? 4 : cell.equals("GRU") ? 3 : 1;
    PublicCheckpoint checkpoint = new PublicCheckpoint().tensor("decoder.weight", 5, WIDTH);
    for (int l = 0; l < 2; l++) {
      checkpoint.tensor("rnn.weight_ih_l" + l, (long) gates * WIDTH, WIDTH);
      checkpoint.tensor("rnn.weight_hh_l" + l, (long) gates * WIDTH, WIDTH);
      checkpoint.tensor("rnn.bias_ih_l" + l, (long) gates * WIDTH);
      checkpoint.tensor("rnn.bias_hh_l" + l, (long) gates * WIDTH);
    }
    checkpoint.write(folder, "{}");
    Path file = folder.resolve("model.safetensors");
    Reference reference = new Reference(PublicCheckpoint.read(file));
    double[][] x = input();
    double[][] expected = layer(reference, cell, 1, layer(reference, cell, 0, x));
    PretrainedMixer loaded =
        PretrainedModels.loadRecurrent(file, "rnn.", ElmanConfig.Activation.TANH);
    Parameters parameters =
        Parameters.over(loaded.mixer(), loaded.parameters().values().castTo(DataType.DOUBLE), null);
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      double[][] got =
          loaded
              .mixer()
              .forward(context, tape.constant(Nd4j.createFromArray(new double[][][] {x})), null)
              .outputs()
              .value()
              .reshape(STEPS, WIDTH)
              .toDoubleMatrix();
      for (int t = 0; t < STEPS; t++) {
        assertThat(got[t]).containsExactly(expected[t], offset(ROUNDING));
      }
    }
  }

  private static double[][] input() {
    SplittableRandom random = new SplittableRandom(3);
    double[][] x = new double[STEPS][WIDTH];
    for (double[] row : x) {
      for (int i = 0; i < WIDTH; i++) {
        row[i] = 2 * random.nextDouble() - 1;
      }
    }
    return x;
  }

  private static double[][] layer(Reference r, String cell, int l, double[][] x) {
    double[] h = new double[WIDTH];
    double[] c = new double[WIDTH];
    double[][] y = new double[STEPS][];
    for (int t = 0; t < STEPS; t++) {
      double[] in = product(r, "ih_l" + l, x[t]);
      double[] back = product(r, "hh_l" + l, h);
      double[] next = new double[WIDTH];
      for (int j = 0; j < WIDTH; j++) {
        int second = j + WIDTH;
        int third = j + 2 * WIDTH;
        int fourth = j + 3 * WIDTH;
        if (cell.equals("LSTM")) {
          c[j] =
              sigmoid(in[second] + back[second]) * c[j]
                  + sigmoid(in[j] + back[j]) * Math.tanh(in[third] + back[third]);
          next[j] = sigmoid(in[fourth] + back[fourth]) * Math.tanh(c[j]);
        } else if (cell.equals("GRU")) {
          double reset = sigmoid(in[j] + back[j]);
          double keep = sigmoid(in[second] + back[second]);
          double candidate = Math.tanh(in[third] + reset * back[third]);
          next[j] = (1 - keep) * candidate + keep * h[j];
        } else {
          next[j] = Math.tanh(in[j] + back[j]);
        }
      }
      h = next;
      y[t] = next;
    }
    return y;
  }

  private static double[] product(Reference r, String name, double[] x) {
    double[] w = r.get("rnn.weight_" + name);
    double[] y = r.get("rnn.bias_" + name).clone();
    for (int o = 0; o < y.length; o++) {
      for (int i = 0; i < x.length; i++) {
        y[o] += w[o * x.length + i] * x[i];
      }
    }
    return y;
  }

  @Test
  void otherLayers_areRefused() throws IOException {
    new PublicCheckpoint()
        .tensor("weight_ih_l0", 12, 5)
        .tensor("weight_hh_l0", 12, 3)
        .write(folder, "{}");
    Path file = folder.resolve("model.safetensors");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PretrainedModels.loadRecurrent(file, "", ElmanConfig.Activation.TANH))
        .withMessageContaining("must have as many units as inputs, got 3 and 5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PretrainedModels.loadRecurrent(file, "rnn.", ElmanConfig.Activation.TANH))
        .withMessageContaining("rnn.weight_ih_l0");
  }

  @Test
  void missingAndReversedWeights_areListed() throws IOException {
    new PublicCheckpoint()
        .tensor("weight_ih_l0", 9, 3)
        .tensor("weight_hh_l0", 9, 3)
        .tensor("bias_ih_l0", 9)
        .tensor("weight_ih_l0_reverse", 9, 3)
        .write(folder, "{}");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                PretrainedModels.loadRecurrent(
                    folder.resolve("model.safetensors"), "", ElmanConfig.Activation.TANH))
        .withMessageContainingAll("lack bias_hh_l0", "have weight_ih_l0_reverse besides");
  }
}
