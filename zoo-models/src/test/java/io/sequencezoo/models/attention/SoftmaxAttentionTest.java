package io.sequencezoo.models.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The attention block against a transcription of its equations. */
class SoftmaxAttentionTest {
  private static final int WIDTH = 8;
  private static final int STEPS = 9;

  // Sums of a few dozen products in double, in another order.
  private static final double TOLERANCE = 1e-12;

  static Stream<SoftmaxAttentionConfig> configs() {
    return Stream.of(
        SoftmaxAttentionConfig.of(4),
        SoftmaxAttentionConfig.gpt2(2),
        config(Map.of("heads", 2, "position", rope(Rotary.Convention.INTERLEAVED, 1))),
        config(
            Map.of(
                "heads", 2, "headDim", 6, "position", rope(Rotary.Convention.HALF_SPLIT, 2 / 3.))),
        config(
            Map.of("heads", 4, "keyValueHeads", 2, "headDim", 3, "position", new Position.Alibi())),
        config(Map.of("heads", 4, "keyValueHeads", 1, "qkNorm", true, "scale", 10, "window", 3)),
        config(Map.of("heads", 1, "position", new Position.Learned(STEPS), "outputBias", true)),
        config(Map.of("heads", 2, "bidirectional", true, "window", 4, "bias", true)),
        config(Map.of("heads", 2, "shortConvolution", 4)),
        config(Map.of("heads", 4, "keyValueHeads", 2, "sink", true, "window", 4)),
        config(
            Map.of(
                "heads", 2, "sink", true, "bidirectional", true, "position", new Position.None())),
        config(
            Map.of(
                "heads",
                4,
                "keyValueHeads",
                2,
                "shortConvolution",
                2,
                "bias",
                true,
                "window",
                3,
                "position",
                new Position.None())));
  }

  private static SoftmaxAttentionConfig config(Map<String, ?> changes) {
    return Configs.with(SoftmaxAttentionConfig.standard(), changes);
  }

  private static Position rope(Rotary.Convention convention, double fraction) {
    return new Position.Rope(convention, 100.0, fraction);
  }

  @ParameterizedTest
  @MethodSource("configs")
  void forward_equalsTheEquations(SoftmaxAttentionConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = random(mixer);
    INDArray x = input(1);
    Tape tape = Tape.detached();
    INDArray y =
        mixer
            .forward(Context.inference(tape, parameters), tape.constant(x), null)
            .outputs()
            .value();
    double[][] expected = oracle(config, parameters, x.reshape(STEPS, WIDTH).toDoubleMatrix());
    for (int t = 0; t < STEPS; t++) {
      assertThat(y.reshape(STEPS, WIDTH).getRow(t).toDoubleVector())
          .containsExactly(expected[t], within(TOLERANCE * 10));
    }
  }

  @ParameterizedTest
  @MethodSource("configs")
  void gradients_equalCentralDifferences(SoftmaxAttentionConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = random(mixer);
    parameters.zeroGradients();
    GradientCheck check =
        GradientCheck.of(
            (tape, in) ->
                List.of(
                    mixer.forward(Context.training(tape, parameters, 1), in[0], null).outputs()));
    check.input("x", input(2));
    for (ParameterSpec spec : parameters.specs()) {
      check.parameter(spec.name(), parameters.value(spec.name()), parameters.gradient(spec.name()));
    }
    check.run().assertPassed();
  }

  @Test
  void dropout_isForTrainingAloneAndFollowsTheSeed() {
    SoftmaxAttentionConfig config = config(Map.of("heads", 2, "dropout", 0.5));
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = random(mixer);
    Tape tape = Tape.detached();
    INDArray x = input(6);
    INDArray inferred = output(mixer, Context.inference(tape, parameters), x);
    SequenceMixer without = SoftmaxAttentionConfig.of(2).build(MixerConfig.Place.alone(WIDTH));
    assertThat(inferred).isEqualTo(output(without, Context.inference(tape, parameters), x));
    INDArray trained = output(mixer, Context.training(tape, parameters, 1), x);
    assertThat(trained).isNotEqualTo(inferred);
    assertThat(trained).isEqualTo(output(mixer, Context.training(tape, parameters, 1), x));
    assertThat(trained).isNotEqualTo(output(mixer, Context.training(tape, parameters, 2), x));
    assertThatThrownBy(() -> config(Map.of("dropout", 1)))
        .hasMessage("softmax_attention: dropout must be in [0, 1), got 1.0");
  }

  private static INDArray output(SequenceMixer mixer, Context context, INDArray x) {
    return mixer.forward(context, context.tape().constant(x), null).outputs().value();
  }

  @ParameterizedTest
  @MethodSource("configs")
  void handOverAndSteps_equalTheWhole(SoftmaxAttentionConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    if (mixer.parametrisation().isBidirectional()) {
      return;
    }
    Parameters parameters = random(mixer);
    double[][] x = input(3).reshape(STEPS, WIDTH).toDoubleMatrix();
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    Evolution whole = mixer.forward(context, piece(tape, x, 0, STEPS), null);
    double[][] y = whole.outputs().value().reshape(STEPS, WIDTH).toDoubleMatrix();
    for (int split = 1; split < STEPS; split++) {
      Evolution first = mixer.forward(context, piece(tape, x, 0, split), null);
      Evolution second = mixer.forward(context, piece(tape, x, split, STEPS), first.state());
      double[][] rest = second.outputs().value().reshape(STEPS - split, WIDTH).toDoubleMatrix();
      for (int t = split; t < STEPS; t++) {
        assertThat(rest[t - split]).containsExactly(y[t], within(TOLERANCE * 10));
      }
    }
    State state = mixer.initialState(context, 1, DataType.DOUBLE);
    for (int t = 0; t < STEPS; t++) {
      try (Tape token = Tape.inference()) {
        Evolution step =
            mixer.step(Context.inference(token, parameters), piece(token, x, t, t + 1), state);
        assertThat(step.outputs().value().dup().data().asDouble())
            .containsExactly(y[t], within(TOLERANCE * 10));
        state = step.state().detach();
        assertThat(state.bytesPerRow())
            .isEqualTo(mixer.parametrisation().stateBytes(t + 1, DataType.DOUBLE));
      }
    }
    assertThat(whole.state().bytesPerRow()).isEqualTo(state.bytesPerRow());
  }

  private static Variable piece(Tape tape, double[][] x, int from, int to) {
    double[][] rows = Arrays.copyOfRange(x, from, to);
    return tape.constant(Nd4j.createFromArray(new double[][][] {rows}));
  }

  /** Initial biases are zero and gains one; random values show where they enter. */
  private static Parameters random(SequenceMixer mixer) {
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 5);
    SplittableRandom random = new SplittableRandom(5);
    for (long i = 0; i < parameters.values().length(); i++) {
      parameters.values().putScalar(i, 2 * random.nextDouble() - 1);
    }
    return parameters;
  }

  private static INDArray input(long seed) {
    double[] x = new SplittableRandom(seed).doubles(STEPS * WIDTH, -1, 1).toArray();
    return Nd4j.createFromArray(x).reshape('c', 1, STEPS, WIDTH);
  }

  private static double[][] oracle(SoftmaxAttentionConfig c, Parameters parameters, double[][] x) {
    double[][] in = x;
    if (parameters.contains("position.weight")) {
      double[][] table = parameters.value("position.weight").toDoubleMatrix();
      in = new double[STEPS][WIDTH];
      for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < WIDTH; i++) {
          in[t][i] = x[t][i] + table[t][i];
        }
      }
    }
    int d = c.headDim() == 0 ? WIDTH / c.heads() : c.headDim();
    double[][] q = convolved(parameters, "query", map(parameters, "query", in));
    double[][] k = convolved(parameters, "key", map(parameters, "key", in));
    double[][] v = convolved(parameters, "value", map(parameters, "value", in));
    if (c.qkNorm()) {
      norm(q, d, parameters.value("query_norm.weight").toDoubleVector());
      norm(k, d, parameters.value("key_norm.weight").toDoubleVector());
    }
    if (c.position() instanceof Position.Rope rope) {
      rotate(q, d, rope);
      rotate(k, d, rope);
    }
    double scale = c.scale() == 0 ? 1 / Math.sqrt(d) : c.scale();
    double[][] mixed = new double[STEPS][c.heads() * d];
    for (int h = 0; h < c.heads(); h++) {
      int from = h * c.keyValueHeads() / c.heads() * d;
      // Four heads, of the only test with slopes: 2^-2, 2^-4, 2^-6, 2^-8.
      double slope = c.position() instanceof Position.Alibi ? Math.pow(2, -2 * (h + 1)) : 0;
      for (int t = 0; t < STEPS; t++) {
        double sum = c.sink() ? Math.exp(parameters.value("sink").getDouble(h)) : 0;
        for (int s = 0; s < STEPS; s++) {
          boolean inWindow = c.window() == 0 || Math.abs(t - s) < c.window();
          if ((s > t && !c.bidirectional()) || !inWindow) {
            continue;
          }
          double logit = -slope * (t - s);
          for (int i = 0; i < d; i++) {
            logit += scale * q[t][h * d + i] * k[s][from + i];
          }
          sum += Math.exp(logit);
          for (int i = 0; i < d; i++) {
            mixed[t][h * d + i] += Math.exp(logit) * v[s][from + i];
          }
        }
        for (int i = 0; i < d; i++) {
          mixed[t][h * d + i] /= sum;
        }
      }
    }
    return map(parameters, "output", mixed);
  }

  private static double[][] map(Parameters parameters, String name, double[][] x) {
    double[][] w = parameters.value(name + ".weight").toDoubleMatrix();
    double[][] y = new double[x.length][w[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int j = 0; j < w[0].length; j++) {
        if (parameters.contains(name + ".bias")) {
          y[t][j] = parameters.value(name + ".bias").getDouble(j);
        }
        for (int i = 0; i < w.length; i++) {
          y[t][j] += x[t][i] * w[i][j];
        }
      }
    }
    return y;
  }

  private static double[][] convolved(Parameters parameters, String name, double[][] x) {
    if (!parameters.contains("conv_" + name)) {
      return x;
    }
    double[][] w = parameters.value("conv_" + name).toDoubleMatrix();
    double[][] y = new double[x.length][x[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < x[t].length; i++) {
        double sum = 0;
        for (int back = 0; back < w[i].length && back <= t; back++) {
          sum += w[i][w[i].length - 1 - back] * x[t - back][i];
        }
        y[t][i] = sum / (1 + Math.exp(-sum));
      }
    }
    return y;
  }

  private static void norm(double[][] x, int d, double[] weight) {
    for (double[] row : x) {
      for (int from = 0; from < row.length; from += d) {
        double squares = 0;
        for (int i = 0; i < d; i++) {
          squares += row[from + i] * row[from + i];
        }
        for (int i = 0; i < d; i++) {
          row[from + i] *= weight[i] / Math.sqrt(squares / d + 1e-5);
        }
      }
    }
  }

  private static void rotate(double[][] x, int d, Position.Rope rope) {
    boolean half = rope.convention() == Rotary.Convention.HALF_SPLIT;
    Loops.rotate(x, d, (int) Math.round(rope.fraction() * d), half, rope.base());
  }

  @Test
  void cost_countsEveryProduct() {
    MixerConfig.Place place = MixerConfig.Place.alone(8);
    // 8 x 8 for query and output, 8 x 4 for key and value, 2 x 8 for each of 10 keys.
    SoftmaxAttention whole =
        new SoftmaxAttention(config(Map.of("heads", 4, "keyValueHeads", 2)), place);
    assertThat(whole.multiplyAddsPerToken(9)).isEqualTo(2 * 64 + 2 * 32 + 160);
    assertThat(whole.stateBytes(10, DataType.FLOAT)).isEqualTo(2 * 10 * 4 * 4);
    SoftmaxAttention windowed =
        new SoftmaxAttention(config(Map.of("heads", 4, "window", 3)), place);
    assertThat(windowed.multiplyAddsPerToken(9)).isEqualTo(4 * 64 + 2 * 8 * 3);
    assertThat(windowed.stateBytes(10, DataType.FLOAT)).isEqualTo(2 * 3 * 8 * 4);
    // Convolutions of 4 tokens over 8 + 4 + 4 features, with caches of 3.
    SoftmaxAttention convolved =
        new SoftmaxAttention(
            config(Map.of("heads", 4, "keyValueHeads", 2, "shortConvolution", 4)), place);
    assertThat(convolved.multiplyAddsPerToken(9)).isEqualTo(whole.multiplyAddsPerToken(9) + 4 * 16);
    assertThat(convolved.stateBytes(10, DataType.FLOAT))
        .isEqualTo(whole.stateBytes(10, DataType.FLOAT) + 3 * 16 * 4);
  }

  @Test
  void learnedPositions_endWhereTheTableDoes() {
    SequenceMixer mixer =
        config(Map.of("heads", 1, "position", new Position.Learned(STEPS - 1)))
            .build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = random(mixer);
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    assertThatThrownBy(() -> mixer.forward(context, tape.constant(input(4)), null))
        .hasMessage(
            "softmax_attention: sequence must have at most maxPositions 8 tokens, got 9;"
                + " raise maxPositions or use rope");
    Context padded = context.withLengths(new int[] {STEPS - 1});
    assertThat(mixer.forward(padded, tape.constant(input(4)), null).state().consumed())
        .containsExactly(STEPS - 1);
  }

  @Test
  void config_isStrictAndRoundTrips() {
    String text =
        "{type: softmax_attention, heads: 4, keyValueHeads: 2, window: 16,"
            + " position: {type: rope, convention: interleaved, base: 500}}";
    BlockConfig read = Configs.read("mixer", text, BlockConfig.class);
    assertThat(read)
        .isEqualTo(
            config(
                Map.of(
                    "heads",
                    4,
                    "keyValueHeads",
                    2,
                    "window",
                    16,
                    "position",
                    new Position.Rope(Rotary.Convention.INTERLEAVED, 500.0, 1.0))));
    for (SoftmaxAttentionConfig config : configs().toList()) {
      assertThat(Configs.read("mixer", Configs.write(config), BlockConfig.class)).isEqualTo(config);
    }
    assertThatThrownBy(
            () -> Configs.read("mixer", "{type: softmax_attention, head: 3}", BlockConfig.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("head");
  }

  @Test
  void mistakes_areNamedWithARemedy() {
    assertThatThrownBy(() -> SoftmaxAttentionConfig.of(5).build(MixerConfig.Place.alone(48)))
        .hasMessage(
            "softmax_attention: width 48 must be divisible by heads 5; use heads 4 or 6,"
                + " or set headDim");
    assertThatThrownBy(() -> config(Map.of("heads", 4, "keyValueHeads", 3)))
        .hasMessage("softmax_attention: heads 4 must be divisible by keyValueHeads 3; use 1 or 4");
    assertThatThrownBy(() -> config(Map.of("heads", 4, "window", -1)))
        .hasMessage("softmax_attention: window must be at least 1, or 0 for none, got -1");
    assertThatThrownBy(() -> config(Map.of("shortConvolution", 1)))
        .hasMessage(
            "softmax_attention: shortConvolution must be a width of at least 2, or 0 for none,"
                + " got 1");
    assertThatThrownBy(() -> config(Map.of("shortConvolution", 4, "bidirectional", true)))
        .hasMessage(
            "softmax_attention: shortConvolution must be 0 with bidirectional, got 4;"
                + " it is causal: leave one of them out");
    assertThatThrownBy(() -> SoftmaxAttentionConfig.of(3).build(MixerConfig.Place.alone(9)))
        .hasMessage(
            "softmax_attention: rope must turn an even number of features, got 3 of headDim 3;"
                + " use an even headDim or another fraction");
  }
}
