package io.sequencezoo.models.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Latent attention against a transcription of its naive form, and its two forms together. */
class LatentAttentionTest {
  private static final int WIDTH = 8;
  private static final int STEPS = 9;

  // What the naive and the absorbed form may differ by, relative to outputs of size one.
  private static final double FORMS = 1e-10;

  static Stream<LatentAttentionConfig> configs() {
    return Stream.of(
        LatentAttentionConfig.of(2),
        new LatentAttentionConfig(3, 4, 5, 2, 6, 7, 4, interleaved()),
        new LatentAttentionConfig(10, 2, 3, 4, 5, 0, 0, Position.Rope.standard()));
  }

  private static Position.Rope interleaved() {
    return new Position.Rope(Rotary.Convention.INTERLEAVED, 100.0, 1);
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_equalsTheEquations(LatentAttentionConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Loops.random(mixer, 5);
    double[][] x = Loops.input(6, STEPS, WIDTH).reshape(STEPS, WIDTH).toDoubleMatrix();
    Loops.assertForward(mixer, parameters, x, oracle(config, parameters, x));
  }

  private static double[][] oracle(LatentAttentionConfig c, Parameters parameters, double[][] x) {
    int content = c.headDim() == 0 ? WIDTH / c.heads() : c.headDim();
    int value = c.valueDim() == 0 ? content : c.valueDim();
    int p = c.ropeDim() == 0 ? content / 2 : c.ropeDim();
    double[][] latent = Loops.map(parameters, "latent", null, x);
    double[] gain = parameters.value("latent_norm").toDoubleVector();
    Loops.norm(latent, gain.length, gain, 1e-6);
    double[][] ropeKey = Loops.map(parameters, "rope_key", null, x);
    double[][] in = x;
    if (c.queryRank() != 0) {
      in = Loops.map(parameters, "query_latent", null, x);
      double[] gains = parameters.value("query_norm").toDoubleVector();
      Loops.norm(in, gains.length, gains, 1e-6);
    }
    double[][] q = Loops.map(parameters, "query", null, in);
    boolean half = c.rope().convention() == Rotary.Convention.HALF_SPLIT;
    Loops.rotate(q, p + content, p, half, c.rope().base());
    Loops.rotate(ropeKey, p, p, half, c.rope().base());
    double[][] k = Loops.map(parameters, "key_up", null, latent);
    double[][] v = Loops.map(parameters, "value_up", null, latent);
    double[][] o = new double[STEPS][c.heads() * value];
    for (int h = 0; h < c.heads(); h++) {
      for (int t = 0; t < STEPS; t++) {
        double sum = 0;
        for (int s = t; s >= 0 && (c.window() == 0 || t - s < c.window()); s--) {
          double logit = 0;
          for (int i = 0; i < p + content; i++) {
            double key = i < p ? ropeKey[s][i] : k[s][h * content + i - p];
            logit += q[t][h * (p + content) + i] * key;
          }
          double weight = Math.exp(logit / Math.sqrt(p + content));
          sum += weight;
          for (int i = 0; i < value; i++) {
            o[t][h * value + i] += weight * v[s][h * value + i];
          }
        }
        for (int i = 0; i < value; i++) {
          o[t][h * value + i] /= sum;
        }
      }
    }
    return Loops.map(parameters, "output", null, o);
  }

  @ParameterizedTest
  @MethodSource("configs")
  void absorbedForm_equalsTheNaiveOne(LatentAttentionConfig config) {
    int steps = 150;
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Loops.random(mixer, 7);
    INDArray x = Nd4j.concat(0, Loops.input(8, steps, WIDTH), Loops.input(9, steps, WIDTH));
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    INDArray naive = mixer.forward(context, tape.constant(x), null).outputs().value();
    State state = mixer.initialState(context, 2, DataType.DOUBLE);
    for (int t = 0; t < steps; t++) {
      INDArray token = Nd4j.createUninitialized(DataType.DOUBLE, new long[] {2, 1, WIDTH}, 'c');
      for (int i = 0; i < 2 * WIDTH; i++) {
        token.putScalar(i, x.getDouble(i / WIDTH, t, i % WIDTH));
      }
      Evolution step = mixer.step(context, tape.constant(token), state);
      state = step.state();
      for (int i = 0; i < 2 * WIDTH; i++) {
        assertThat(step.outputs().value().getDouble(i))
            .isCloseTo(naive.getDouble(i / WIDTH, t, i % WIDTH), within(FORMS));
      }
    }
  }

  @Test
  void stateOfAttention_isSeveralTimesSmallerThanThatOfAllHeads() {
    // The paper's own sizes: 128 heads of 128 features, a latent of 512, positions in 64.
    MixerConfig.Place place = MixerConfig.Place.alone(5120);
    LatentAttention latent =
        new LatentAttention(
            new LatentAttentionConfig(128, 128, 128, 64, 512, 1536, 0, Position.Rope.standard()),
            place);
    SoftmaxAttention all =
        new SoftmaxAttention(
            Configs.with(SoftmaxAttentionConfig.standard(), Map.of("heads", 128, "headDim", 128)),
            place);
    assertThat(latent.stateBytes(1000, DataType.FLOAT)).isEqualTo(1000L * (512 + 64) * 4);
    assertThat(all.stateBytes(1000, DataType.FLOAT))
        .isGreaterThan(56 * latent.stateBytes(1000, DataType.FLOAT));
    // The paper's multiples are the defaults.
    LatentAttention defaults =
        new LatentAttention(
            new LatentAttentionConfig(128, 128, 0, 0, 0, 0, 0, Position.Rope.standard()), place);
    assertThat(defaults.stateBytes(1000, DataType.FLOAT))
        .isEqualTo(latent.stateBytes(1000, DataType.FLOAT));
  }

  @Test
  void cost_countsEveryProduct() {
    LatentAttention block =
        new LatentAttention(
            new LatentAttentionConfig(3, 4, 5, 2, 6, 7, 0, Position.Rope.standard()),
            MixerConfig.Place.alone(8));
    long projections = 8 * 7 + 7 * 18 + 8 * 6 + 8 * 2 + 6 * 12 + 6 * 15 + 15 * 8;
    assertThat(block.multiplyAddsPerToken(9)).isEqualTo(projections + 10 * 3 * (6 + 2 + 6));
  }

  @Test
  void config_roundTripsAndNamesMistakes() {
    for (LatentAttentionConfig config : configs().toList()) {
      assertThat(Configs.read("mixer", Configs.write(config), BlockConfig.class)).isEqualTo(config);
    }
    assertThatThrownBy(
            () -> new LatentAttentionConfig(2, 4, 0, 3, 0, 0, 0, Position.Rope.standard()))
        .hasMessage("latent_attention: ropeDim must be even, or 0 for headDim / 2, got 3");
    assertThatThrownBy(
            () -> new LatentAttentionConfig(2, 4, 0, 0, -1, 0, 0, Position.Rope.standard()))
        .hasMessage("latent_attention: rank must be at least 1, or 0 for its default, got -1");
    assertThatThrownBy(
            () ->
                new LatentAttentionConfig(
                    2,
                    4,
                    0,
                    0,
                    0,
                    0,
                    0,
                    new Position.Rope(Rotary.Convention.HALF_SPLIT, 10000, 0.5)))
        .hasMessage("latent_attention: rope fraction must be 1, got 0.5; set ropeDim instead");
  }
}
