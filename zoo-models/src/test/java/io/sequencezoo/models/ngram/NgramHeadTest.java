package io.sequencezoo.models.ngram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.attention.AttentionSystem;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.LayerConfig;
import io.sequencezoo.models.model.Layers;
import io.sequencezoo.models.model.ModelLaws;
import io.sequencezoo.models.nonlinear.BidirectionalConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Against all pairs of positions, by the definition. */
@Tag("double")
class NgramHeadTest {
  private static final int WIDTH = 3;

  private final SplittableRandom random = new SplittableRandom(7);

  /** Positions that t attends to. */
  private static List<Integer> attended(int[] ids, int t, int n) {
    List<Integer> attended = new ArrayList<>();
    for (int u = 1; u < t; u++) {
      boolean same = t - n + 1 >= 0 && u - n >= 0;
      for (int j = 0; same && j < n; j++) {
        same = ids[t - j] == ids[u - 1 - j];
      }
      if (same) {
        attended.add(u);
      }
    }
    return attended;
  }

  private static double[] read(int[] ids, double[][] x, int t, int... orders) {
    double[] sum = new double[x[0].length];
    for (int n : orders) {
      List<Integer> attended = attended(ids, t, n);
      for (int u : attended) {
        for (int d = 0; d < sum.length; d++) {
          sum[d] += x[u][d] / attended.size();
        }
      }
    }
    return sum;
  }

  private double[][] input(int steps) {
    double[][] x = new double[steps][WIDTH];
    for (double[] row : x) {
      for (int d = 0; d < WIDTH; d++) {
        row[d] = random.nextDouble(-1, 1);
      }
    }
    return x;
  }

  private static INDArray batch(double[][] x) {
    return Nd4j.createFromArray(new double[][][] {x});
  }

  private static INDArray batch(int[] ids) {
    return Nd4j.createFromArray(new int[][] {ids});
  }

  private static Variable matched(int[] ids, double[][] x, int... orders) {
    Tape tape = Tape.detached();
    return NgramHead.matched(tape, batch(ids), tape.constant(batch(x)), orders);
  }

  /** The example of the reference: half on each of two tokens. */
  @Test
  void handWorkedExample() {
    int[] ids = {1, 2, 3, 1, 2, 4, 1, 2};
    double[][] x = input(ids.length);
    Variable one = matched(ids, x, 1);
    Variable two = matched(ids, x, 2);
    for (int d = 0; d < WIDTH; d++) {
      assertThat(one.value().getDouble(0, 6, d)).isEqualTo((x[1][d] + x[4][d]) / 2);
      assertThat(two.value().getDouble(0, 7, d)).isEqualTo((x[2][d] + x[5][d]) / 2);
      assertThat(two.value().getDouble(0, 3, d)).isZero();
    }
  }

  @Test
  void anyOrders_areTheMeansByDefinition() {
    for (int vocabulary : new int[] {1, 2, 3, 50}) {
      int[] ids = random.ints(60, -vocabulary / 2, vocabulary - vocabulary / 2).toArray();
      double[][] x = input(ids.length);
      for (int[] orders : new int[][] {{1}, {2}, {3}, {1, 2, 3}, {2, 5}}) {
        Variable y = matched(ids, x, orders);
        for (int t = 0; t < ids.length; t++) {
          double[] expected = read(ids, x, t, orders);
          for (int d = 0; d < WIDTH; d++) {
            assertThat(y.value().getDouble(0, t, d)).isCloseTo(expected[d], within(1e-12));
          }
        }
      }
    }
  }

  @Test
  void output_mapsWhatIsReadAndTheInput() {
    int[] ids = random.ints(20, 0, 3).toArray();
    double[][] x = input(ids.length);
    SequenceMixer mixer = NgramHeadConfig.of(1, 2).build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 3);
    parameters.values().addi(Nd4j.linspace(DataType.DOUBLE, -1, 0.1, parameters.count()));
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    context.offerTokens(batch(ids));
    Variable y = mixer.forward(context, tape.constant(batch(x)), null).outputs();
    for (int t = 0; t < ids.length; t++) {
      double[] read = read(ids, x, t, 1, 2);
      for (int o = 0; o < WIDTH; o++) {
        double expected =
            parameters.value("matched.bias").getDouble(o)
                + parameters.value("current.bias").getDouble(o);
        for (int d = 0; d < WIDTH; d++) {
          expected += read[d] * parameters.value("matched.weight").getDouble(d, o);
          expected += x[t][d] * parameters.value("current.weight").getDouble(d, o);
        }
        assertThat(y.value().getDouble(0, t, o)).isCloseTo(expected, within(1e-12));
      }
    }
  }

  /** The linear form is attention whose weights are known; after a state, too. */
  @Test
  void linearForm_hasTheWeights() {
    int[] ids = random.ints(12, 0, 2).toArray();
    double[][] x = input(ids.length);
    SequenceMixer mixer = NgramHeadConfig.of(1, 2).build(MixerConfig.Place.alone(WIDTH));
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, Parameters.of(mixer, DataType.DOUBLE, 3));
    context.offerTokens(batch(ids));
    LinearSystem system = mixer.linearize(context, tape.constant(batch(x)), null, 0, 1);
    double[][] weights = ((AttentionSystem) system).weights();
    for (int t = 0; t < ids.length; t++) {
      List<Integer> attended = attended(ids, t, 2);
      for (int u = 0; u < ids.length; u++) {
        double expected = attended.contains(u) ? 1.0 / attended.size() : 0;
        assertThat(weights[t][u]).isCloseTo(expected, within(1e-15));
      }
    }
  }

  /** Backwards in time, tokens go with their positions. */
  @Test
  void bidirectional_readsTokensBackwards() {
    int[] ids = random.ints(9, 0, 2).toArray();
    double[][] x = input(ids.length);
    SequenceMixer mixer =
        new BidirectionalConfig(NgramHeadConfig.standard(), BidirectionalConfig.Merge.SUM)
            .build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 3);
    parameters.values().assign(0);
    parameters.value("backward.matched.weight").assign(Nd4j.eye(WIDTH));
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    context.offerTokens(batch(ids));
    Variable y = mixer.forward(context, tape.constant(batch(x)), null).outputs();
    int last = ids.length - 1;
    int[] reversed = new int[ids.length];
    double[][] values = new double[ids.length][];
    for (int t = 0; t <= last; t++) {
      reversed[t] = ids[last - t];
      values[t] = x[last - t];
    }
    for (int t = 0; t <= last; t++) {
      double[] expected = read(reversed, values, last - t, 1);
      for (int d = 0; d < WIDTH; d++) {
        assertThat(y.value().getDouble(0, t, d)).isCloseTo(expected[d], within(1e-12));
      }
    }
  }

  /** In a model of other mixers, where it gets the model's own tokens. */
  @TestFactory
  Stream<DynamicTest> languageModel_keepsTheLaws() {
    LanguageModelConfig config =
        LanguageModelConfig.of(
            3,
            8,
            Layers.of(
                List.of(
                    LayerConfig.of(GlaConfig.standard()),
                    LayerConfig.of(NgramHeadConfig.of(1, 2)))),
            null,
            GluConfig.standard());
    return ModelLaws.laws(config, DataType.DOUBLE).entrySet().stream()
        .map(law -> DynamicTest.dynamicTest(law.getKey(), () -> law.getValue().run()));
  }

  @Test
  void ordersThatCantBe_areRefused() {
    assertThatThrownBy(() -> NgramHeadConfig.of(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "ngram_head: orders must be between 1 and 64, got 0; use 1 for an induction head");
    assertThatThrownBy(
            () -> Configs.read("model", "{type: ngram_head, orders: []}", MixerConfig.class))
        .hasMessageContaining("ngram_head: orders must name at least one, got []");
    assertThatThrownBy(() -> NgramHeadConfig.of(2, 2))
        .hasMessage("ngram_head: orders must differ, got [2, 2]; leave the second of each out");
  }

  @Test
  void inputsWithoutTokens_areRefused() {
    SequenceMixer mixer = NgramHeadConfig.standard().build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 3);
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    Variable x = tape.constant(batch(input(4)));
    assertThatThrownBy(() -> mixer.forward(context, x, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "ngram_head: needs the tokens of its input, got numbers; use it in a model of tokens"
                + " such as language_model");
    context.offerTokens(batch(new int[] {1, 2}));
    assertThatThrownBy(() -> mixer.forward(context, x, null))
        .hasMessage(
            "ngram_head: tokens must be [B, T] = [1, 4] as the input is, got [1, 2]; offer those of"
                + " the input");
  }

  /** Nobody can take a state that was made before its tokens for one after them. */
  @Test
  void initialState_isEmptyAndNeedsNoTokens() {
    SequenceMixer mixer = NgramHeadConfig.of(1, 2).build(MixerConfig.Place.alone(WIDTH));
    Context context = Context.inference(Tape.detached(), Parameters.of(mixer, DataType.DOUBLE, 3));
    State state = mixer.initialState(context, 2, DataType.DOUBLE);
    assertThat(state.get("token").shape()).containsExactly(2, 0);
    assertThat(state.get("S").shape()).containsExactly(2, 0, 2, WIDTH);
  }
}
