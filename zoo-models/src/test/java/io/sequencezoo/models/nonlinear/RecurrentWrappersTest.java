package io.sequencezoo.models.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Both directions, stacks, dropout masks and spectral norms. */
class RecurrentWrappersTest {
  private static final int WIDTH = 6;

  /** The same sums in another order. */
  private static final double TOLERANCE = 1e-12;

  @Test
  void bidirectional_isForwardAndBackwardOnReversedRows() {
    SequenceMixer both =
        new BidirectionalConfig(GruConfig.standard(), BidirectionalConfig.Merge.SUM)
            .build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(both, DataType.DOUBLE, 3);
    int[] lengths = {5, 3};
    INDArray x = Nd4j.rand(DataType.DOUBLE, 2, 5, WIDTH);
    INDArray y = forward(both, parameters, x, lengths);
    SequenceMixer gru = GruConfig.standard().build(MixerConfig.Place.alone(WIDTH));
    for (int b = 0; b < 2; b++) {
      int length = lengths[b];
      INDArray row = Nd4j.zeros(DataType.DOUBLE, 1, length, WIDTH);
      INDArray reversed = Nd4j.zeros(DataType.DOUBLE, 1, length, WIDTH);
      for (int t = 0; t < length; t++) {
        for (int d = 0; d < WIDTH; d++) {
          row.putScalar(new int[] {0, t, d}, x.getDouble(b, t, d));
          reversed.putScalar(new int[] {0, length - 1 - t, d}, x.getDouble(b, t, d));
        }
      }
      INDArray f = forward(gru, part(gru, parameters, "forward."), row, null);
      INDArray g = forward(gru, part(gru, parameters, "backward."), reversed, null);
      for (int t = 0; t < length; t++) {
        for (int d = 0; d < WIDTH; d++) {
          double expected = f.getDouble(0, t, d) + g.getDouble(0, length - 1 - t, d);
          assertThat(y.getDouble(b, t, d)).isCloseTo(expected, within(TOLERANCE));
        }
      }
    }
  }

  @Test
  void stacked_isOneMixerAfterTheOther() {
    SequenceMixer stack =
        StackedConfig.of(3, GruConfig.standard()).build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(stack, DataType.DOUBLE, 4);
    INDArray x = Nd4j.rand(DataType.DOUBLE, 2, 4, WIDTH);
    SequenceMixer gru = GruConfig.standard().build(MixerConfig.Place.alone(WIDTH));
    INDArray y = x;
    for (int l = 0; l < 3; l++) {
      y = forward(gru, part(gru, parameters, "mixer" + l + "."), y, null);
    }
    assertThat(forward(stack, parameters, x, null).data().asDouble())
        .containsExactly(y.data().asDouble(), within(TOLERANCE));
  }

  private static INDArray forward(
      SequenceMixer mixer, Parameters parameters, INDArray x, int[] lengths) {
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    return mixer
        .forward(lengths == null ? context : context.withLengths(lengths), tape.constant(x), null)
        .outputs()
        .value();
  }

  private static Parameters part(SequenceMixer mixer, Parameters whole, String prefix) {
    Parameters part = Parameters.of(mixer, DataType.DOUBLE, 1);
    part.specs().forEach(spec -> part.value(spec.name()).assign(whole.value(prefix + spec.name())));
    return part;
  }

  /** With inputs kept at one value, units that are dropped at one position are at all. */
  @Test
  void outputDropout_isTheSameAtAllPositionsAndOffInInference() {
    SequenceMixer mixer =
        new ElmanConfig(0, ElmanConfig.Activation.TANH, new RecurrentDropout(0, 0, 0.5))
            .build(MixerConfig.Place.alone(64));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 5);
    INDArray x = Nd4j.rand(DataType.DOUBLE, 3, 9, 64);
    Tape tape = Tape.detached();
    Map<Long, INDArray> outputs =
        Map.of(1L, train(mixer, parameters, x, 1), 2L, train(mixer, parameters, x, 2));
    INDArray plain =
        mixer
            .forward(Context.inference(tape, parameters), tape.constant(x), null)
            .outputs()
            .value();
    int dropped = 0;
    int differ = 0;
    for (int b = 0; b < 3; b++) {
      for (int d = 0; d < 64; d++) {
        boolean isDropped = outputs.get(1L).getDouble(b, 0, d) == 0;
        dropped += isDropped ? 1 : 0;
        differ += isDropped == (outputs.get(2L).getDouble(b, 0, d) == 0) ? 0 : 1;
        for (int t = 0; t < 9; t++) {
          double expected = isDropped ? 0 : 2 * plain.getDouble(b, t, d);
          assertThat(outputs.get(1L).getDouble(b, t, d)).isCloseTo(expected, within(TOLERANCE));
        }
      }
    }
    // 192 coins.
    assertThat(dropped).isBetween(60, 132);
    assertThat(differ).isBetween(60, 132);
    assertThat(train(mixer, parameters, x, 1)).isEqualTo(outputs.get(1L));
  }

  /** Where all recurrent inputs are dropped but the state passes on, tanh sees the input alone. */
  @Test
  void stateDropout_masksTheProductNotTheState() {
    RecurrentDropout dropout = new RecurrentDropout(0, 0.9999999, 0);
    SequenceMixer mixer = new GruConfig(0, true, dropout).build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 6);
    INDArray x = Nd4j.rand(DataType.DOUBLE, 1, 5, WIDTH);
    INDArray masked = train(mixer, parameters, x, 1);
    SequenceMixer plain = GruConfig.standard().build(MixerConfig.Place.alone(WIDTH));
    parameters.value("recurrent").assign(0);
    assertThat(masked.data().asDouble())
        .containsExactly(forward(plain, parameters, x, null).data().asDouble(), within(TOLERANCE));
  }

  private static INDArray train(SequenceMixer mixer, Parameters parameters, INDArray x, long seed) {
    Tape tape = Tape.detached();
    Variable input = tape.variable(x);
    INDArray y =
        mixer.forward(Context.training(tape, parameters, seed), input, null).outputs().value();
    return y.dup('c');
  }

  @Test
  void spectralNorm_isTheLargestSingularValue() {
    INDArray diagonal = Nd4j.createFromArray(new double[] {0.3, -1.7, 0.9});
    assertThat(SpectralNorm.of(diagonal)).isEqualTo(1.7);
    // [[3, 0], [4, 5]] has the singular values √45 and √5.
    INDArray matrix = Nd4j.createFromArray(new double[][] {{3, 0}, {4, 5}});
    assertThat(SpectralNorm.of(matrix)).isCloseTo(Math.sqrt(45), within(1e-9));
    assertThat(SpectralNorm.of(Nd4j.zeros(DataType.DOUBLE, 3, 3))).isZero();
  }

  @Test
  void clip_scalesBlocksAboveTheLimitAlone() {
    INDArray weight = Nd4j.createFromArray(new double[][] {{3, 0, 0.1, 0}, {4, 5, 0, 0.2}});
    double before = SpectralNorm.clip(weight, 2, SpectralNorm.SYNTHETIC);
    assertThat(before).isCloseTo(Math.sqrt(45), within(1e-9));
    double factor = 0.9 / Math.sqrt(45);
    assertThat(weight.getDouble(1, 1)).isCloseTo(5 * factor, within(1e-9));
    assertThat(weight.getDouble(1, 3)).isEqualTo(0.2);
    INDArray diagonal = Nd4j.createFromArray(new double[] {0.3, -1.7, 0.9});
    SpectralNorm.clip(diagonal, 1, SpectralNorm.LANGUAGE);
    assertThat(diagonal.toDoubleVector()).containsExactly(0.3, -0.5, 0.5);
    SequenceMixer mixer = LstmConfig.standard().build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.FLOAT, 6);
    parameters.value("recurrent").muli(5);
    INDArray input = parameters.value("input").dup('c');
    SpectralNorm.clip(parameters, name -> name.contains("recurrent"), 0.5);
    assertThat(SpectralNorm.clip(parameters, name -> name.contains("recurrent"), 9))
        .isCloseTo(0.5, within(1e-5));
    assertThat(parameters.value("input")).isEqualTo(input);
    for (double limit : List.of(0.0, Double.NaN)) {
      assertThatThrownBy(() -> SpectralNorm.clip(weight, 2, limit))
          .hasMessage("spectral norm: limit must be positive and finite, got " + limit);
    }
    assertThatThrownBy(() -> SpectralNorm.clip(weight, 3, 1))
        .hasMessageContaining("columns divisible by blocks 3, got shape [2, 4]");
  }
}
