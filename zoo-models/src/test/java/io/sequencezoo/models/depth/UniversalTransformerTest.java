package io.sequencezoo.models.depth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Interceptor;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.op.AdaptiveHalting.Form;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.channel.MlpConfig;
import io.sequencezoo.models.depth.HaltingConfig.Halted;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.Generator;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.LayerConfig;
import io.sequencezoo.models.model.Layers;
import io.sequencezoo.models.model.ModelLaws;
import io.sequencezoo.models.model.Sampling;
import io.sequencezoo.models.model.StageConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Limits in which it is what is known already, and an oracle of the steps in plain loops. */
@Tag("double")
class UniversalTransformerTest {
  private static final int VOCABULARY = 7;
  private static final int WIDTH = 8;
  private static final INDArray IDS =
      Nd4j.createFromArray(new int[][] {{1, 2, 3, 1, 0, 6}, {4, 4, 5, 2, 2, 3}});

  private final LayerConfig layer =
      new LayerConfig(SoftmaxAttentionConfig.standard(), GluConfig.standard());

  private static LanguageModel model(StageConfig... stages) {
    return new LanguageModel(
        LanguageModelConfig.of(VOCABULARY, WIDTH, Layers.of(List.of(stages)), null, null));
  }

  /** Weights large enough for every branch to matter. */
  private static Parameters parameters(LanguageModel model) {
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 5);
    for (ParameterSpec spec : parameters.specs()) {
      if (spec.decayed()) {
        parameters.value(spec.name()).muli(3);
      }
    }
    return parameters;
  }

  private static double[] forward(LanguageModel model, Parameters parameters) {
    return forward(model, Context.inference(Tape.detached(), parameters));
  }

  private static double[] forward(LanguageModel model, Context context) {
    return model.forward(context, IDS).value().dup('c').data().asDouble();
  }

  /** The logits of as many equal layers as the stage has steps, with the weights of its one. */
  private double[] unrolled(int depth, Parameters shared) {
    LanguageModel plain = model(Collections.nCopies(depth, layer).toArray(new StageConfig[0]));
    Parameters parameters = Parameters.of(plain, DataType.DOUBLE, 9);
    for (ParameterSpec spec : parameters.specs()) {
      String name = spec.name().replaceFirst("layers\\.\\d+\\.", "layers.0.transition.");
      parameters.value(spec.name()).assign(shared.value(name));
    }
    return forward(plain, parameters);
  }

  @Test
  void withoutTimingAndHalting_isAsManyLayersOfEqualWeights() {
    for (int depth = 1; depth <= 4; depth++) {
      LanguageModel model = model(UniversalTransformerConfig.looped(layer, depth, Injection.NONE));
      Parameters parameters = parameters(model);
      assertThat(forward(model, parameters)).containsExactly(unrolled(depth, parameters));
    }
  }

  /** A step whose input is added to a zero state is the plain layer. */
  @Test
  void oneStepWithInjectionOfTheInput_isTheLayer() {
    LanguageModel model = model(UniversalTransformerConfig.looped(layer, 1, Injection.ADD));
    Parameters parameters = parameters(model);
    assertThat(forward(model, parameters)).containsExactly(unrolled(1, parameters));
  }

  private LanguageModel halting(int depth, HaltingConfig halting) {
    return model(
        UniversalTransformerConfig.looped(layer, depth, Injection.NONE).withHalting(halting));
  }

  /** Where the first probability is enough, what is left is all of it: one step. */
  @Test
  void lowThreshold_isOneStep() {
    for (Form form : Form.values()) {
      for (Halted halted : Halted.values()) {
        LanguageModel model = halting(3, new HaltingConfig(form, 1e-9, 0, 0, true, halted));
        Parameters parameters = parameters(model);
        assertThat(forward(model, parameters)).containsExactly(unrolled(1, parameters));
      }
    }
  }

  /** Where nobody halts, the last step has the remainder, which is all. */
  @Test
  void lowBias_isAllSteps() {
    for (Form form : Form.values()) {
      for (Halted halted : Halted.values()) {
        LanguageModel model = halting(3, new HaltingConfig(form, 0.99, -1e4, 0, true, halted));
        Parameters parameters = parameters(model);
        assertThat(forward(model, parameters)).containsExactly(unrolled(3, parameters));
      }
    }
  }

  /** The published weights of halting steps, from the logits and states that pass the seam. */
  @Test
  void halting_isWhatThePapersSay() {
    for (Form form : Form.values()) {
      for (boolean remainder : new boolean[] {true, false}) {
        for (Halted halted : Halted.values()) {
          boolean[] seen = new boolean[2];
          for (double bias : new double[] {-4, -2, 0}) {
            boolean[] some = check(new HaltingConfig(form, 0.9, bias, 0.3, remainder, halted));
            seen[0] |= some[0];
            seen[1] |= some[1];
          }
          assertThat(seen).as("some halt, others don't").containsExactly(true, true);
        }
      }
    }
  }

  /** Whether some positions halted before the last step, and whether some never did. */
  private boolean[] check(HaltingConfig config) {
    int depth = 4;
    LanguageModel model = model(UniversalTransformerConfig.of(layer, depth).withHalting(config));
    Parameters parameters = parameters(model);
    parameters.value("layers.0.halt.weight").muli(2);
    int[] transitions = new int[1];
    double[][] stage = new double[2][];
    double[][] steps = new double[1][];
    Interceptor watch =
        (place, x, inner) -> {
          Variable y = inner.apply(x);
          if (place.equals("layers.0.transition.mixer_stream")) {
            transitions[0]++;
          } else if (place.equals("layers.0")) {
            stage[0] = x.value().dup('c').data().asDouble();
            stage[1] = y.value().dup('c').data().asDouble();
          } else if (place.equals("layers.0.depth")) {
            steps[0] = y.value().dup('c').data().asDouble();
          }
          return y;
        };
    Context context = Context.inference(Tape.detached(), parameters).intercepted(watch);
    forward(model, context);
    assertThat(transitions[0]).isEqualTo(depth);

    // The same again, one transition at a time, with everything about halting in plain loops.
    int positions = (int) IDS.length();
    double[] h = stage[0].clone();
    double[][] p = new double[depth][positions];
    double[][] made = new double[depth][];
    double[] mass = new double[positions];
    boolean[] done = new boolean[positions];
    for (int n = 0; n < depth; n++) {
      double[] z = timed(h, n, parameters);
      for (int i = 0; i < positions; i++) {
        double logit = parameters.value("layers.0.halt.bias").getDouble(0);
        for (int d = 0; d < WIDTH; d++) {
          logit += z[i * WIDTH + d] * parameters.value("layers.0.halt.weight").getDouble(d, 0);
        }
        p[n][i] = 1 / (1 + Math.exp(-logit));
      }
      made[n] = transition(z, parameters);
      for (int i = 0; i < positions; i++) {
        for (int d = 0; d < WIDTH; d++) {
          if (!done[i] || config.halted() == Halted.TRANSFORM) {
            h[i * WIDTH + d] = made[n][i * WIDTH + d];
          }
        }
        mass[i] += p[n][i];
        done[i] |= mass[i] > config.threshold();
      }
    }
    double ponder = 0;
    boolean[] early = new boolean[2];
    for (int i = 0; i < positions; i++) {
      double sum = 0;
      double[] s = new double[WIDTH];
      int taken = 0;
      double left = 0;
      for (int n = 0; n < depth && left == 0; n++) {
        boolean halts = sum + p[n][i] > config.threshold();
        boolean capped = n == depth - 1 && config.remainderAtCap();
        left = halts || capped ? 1 - sum : 0;
        double w = left > 0 ? left : p[n][i];
        for (int d = 0; d < WIDTH; d++) {
          double kept = config.form() == Form.SUM ? 1 : 1 - w;
          s[d] = kept * s[d] + w * made[n][i * WIDTH + d];
        }
        sum += p[n][i];
        taken++;
        early[0] |= halts && n < depth - 1;
        early[1] |= n == depth - 1 && !halts;
      }
      ponder += (taken + left) / positions;
      assertThat(steps[0][i]).isEqualTo(taken);
      for (int d = 0; d < WIDTH; d++) {
        assertThat(stage[1][i * WIDTH + d]).isCloseTo(s[d], within(1e-10));
      }
    }
    Context.AuxiliaryLoss loss = context.losses().get("layers.0.ponder");
    assertThat(loss.weight()).isEqualTo(0.3);
    assertThat(loss.value().value().getDouble(0)).isCloseTo(ponder, within(1e-12));
    return early;
  }

  /** Sines, then cosines, of positions; the learned vector of the step. */
  private static double[] timed(double[] h, int n, Parameters parameters) {
    double[] z = h.clone();
    int steps = (int) IDS.size(1);
    for (int i = 0; i < z.length / WIDTH; i++) {
      for (int j = 0; j < WIDTH; j++) {
        double angle = i % steps * Math.pow(10000, -2.0 * (j % (WIDTH / 2)) / WIDTH);
        z[i * WIDTH + j] += 0.02 * (j < WIDTH / 2 ? Math.sin(angle) : Math.cos(angle));
        z[i * WIDTH + j] += parameters.value("layers.0.step.weight").getDouble(n, j);
      }
    }
    return z;
  }

  /** The transition alone, as a stage. */
  private double[] transition(double[] z, Parameters shared) {
    UniversalTransformerConfig alone = UniversalTransformerConfig.looped(layer, 1, Injection.NONE);
    LanguageModel model = model(alone);
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    for (ParameterSpec spec : parameters.specs()) {
      parameters.value(spec.name()).assign(shared.value(spec.name()));
    }
    Tape tape = Tape.detached();
    Variable in =
        tape.constant(Nd4j.createFromArray(z).reshape('c', IDS.size(0), IDS.size(1), WIDTH));
    double[][] out = new double[1][];
    Interceptor replace =
        (place, x, inner) -> {
          Variable y = inner.apply(place.equals("layers.0") ? in : x);
          if (place.equals("layers.0")) {
            out[0] = y.value().dup('c').data().asDouble();
          }
          return y;
        };
    forward(model, Context.inference(tape, parameters).intercepted(replace));
    return out[0];
  }

  /** Dropout is drawn anew for every step. */
  @Test
  void dropout_differsFromStepToStep() {
    LayerConfig dropping =
        new LayerConfig(SoftmaxAttentionConfig.standard(), null, null, null, 0.5);
    LanguageModel model = model(UniversalTransformerConfig.looped(dropping, 2, Injection.NONE));
    Parameters parameters = parameters(model);
    List<double[]> added = new ArrayList<>();
    Interceptor watch =
        (place, x, inner) -> {
          Variable y = inner.apply(x);
          if (place.equals("layers.0.transition.mixer_stream")) {
            added.add(y.value().dup('c').data().asDouble());
          }
          return y;
        };
    Context context = Context.training(Tape.detached(), parameters, 3).intercepted(watch);
    model.forward(context, IDS);
    double[] first = added.get(0);
    double[] start = embeddings(parameters);
    assertThat(unchanged(first, start)).isNotEmpty();
    assertThat(unchanged(added.get(1), first)).isNotEqualTo(unchanged(first, start));
  }

  private static double[] embeddings(Parameters parameters) {
    double[] x = new double[(int) IDS.length() * WIDTH];
    for (int i = 0; i < x.length; i++) {
      int token = IDS.getInt(i / WIDTH / (int) IDS.size(1), i / WIDTH % (int) IDS.size(1));
      x[i] = parameters.value("embedding.weight").getDouble(token, i % WIDTH);
    }
    return x;
  }

  private static List<Integer> unchanged(double[] after, double[] before) {
    List<Integer> same = new ArrayList<>();
    for (int i = 0; i < after.length; i++) {
      if (after[i] == before[i]) {
        same.add(i);
      }
    }
    return same;
  }

  @Test
  void generation_takesStepByStep() {
    LanguageModel model =
        model(
            UniversalTransformerConfig.of(layer, 3)
                .withHalting(new HaltingConfig(Form.BLEND, 0.8, 0, 0.01, true, Halted.COPY)));
    Parameters parameters = parameters(model);
    int[] written =
        new Generator(model, parameters).generate(new int[] {1, 2, 3}, Sampling.greedy(5));
    int[] row = {1, 2, 3};
    for (int token : written) {
      INDArray ids = Nd4j.createFromArray(new int[][] {row});
      Context context = Context.inference(Tape.detached(), parameters);
      INDArray last = model.prefill(context, ids, null).outputs().value();
      assertThat(token).isEqualTo(last.argMax(1).getInt(0));
      row = Arrays.copyOf(row, row.length + 1);
      row[row.length - 1] = token;
    }
  }

  /** With other mixers, and with what the model leaves to it. */
  @TestFactory
  Stream<DynamicTest> stagesOfOtherBlocks_keepTheLaws() {
    LanguageModelConfig config =
        Configs.read(
            "model",
            "{type: language_model, vocabulary: 7, width: 8, mixer: {type: gla, heads: 2},"
                + " channel: {type: mlp}, layers: [{}, {type: universal_transformer, depth: 3,"
                + " halting: {bias: 0, threshold: 0.7}}]}",
            LanguageModelConfig.class);
    assertThat(config.mixers()).hasSize(2).allMatch(mixer -> mixer instanceof GlaConfig);
    assertThat(config.channel()).isInstanceOf(MlpConfig.class);
    return ModelLaws.laws(config, DataType.DOUBLE).entrySet().stream()
        .map(law -> DynamicTest.dynamicTest(law.getKey(), () -> law.getValue().run()));
  }

  @Test
  void halting_startsWithAllSteps() {
    HaltingConfig config = HaltingConfig.standard();
    LanguageModel model = halting(6, config);
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 5);
    assertThat(parameters.value("layers.0.halt.bias").getDouble(0)).isEqualTo(-3);
    double[][] steps = new double[1][];
    Interceptor watch =
        (place, x, inner) -> {
          if (place.equals("layers.0.depth")) {
            steps[0] = x.value().dup('c').data().asDouble();
          }
          return inner.apply(x);
        };
    forward(model, Context.inference(Tape.detached(), parameters).intercepted(watch));
    assertThat(steps[0]).containsOnly(6);
  }

  @Test
  void whatCantBe_isRefused() {
    refused(
        "{type: universal_transformer, depth: 0}",
        "universal_transformer: depth must be between 1 and 10000, got 0");
    refused(
        "{type: universal_transformer, halting: {threshold: 1}}",
        "halting: threshold must be in (0, 1), got 1.0; use 0.99");
    refused(
        "{type: universal_transformer, halting: {threshold: 0}}",
        "halting: threshold must be in (0, 1), got 0.0; use 0.99");
    refused(
        "{type: universal_transformer, positionTiming: learned}",
        "universal_transformer: maxPositions must be the most positions where positionTiming is"
            + " learned, and absent otherwise, got 0 for LEARNED");
    refused("{type: universal_transformer, halting: {halted: gone}}", "halted: unknown value gone");
  }

  private static void refused(String yaml, String message) {
    assertThatThrownBy(() -> Configs.read("stage", yaml, StageConfig.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void moreTokensThanLearnedPositions_areRefused() {
    LanguageModel model =
        model(
            new UniversalTransformerConfig(
                layer, 2, Timing.NONE, Timing.LEARNED, 5, 0.02, Injection.NONE, null));
    Parameters parameters = parameters(model);
    assertThatThrownBy(() -> forward(model, parameters))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "universal_transformer: a sequence must fit maxPositions=5, got 6 tokens; raise"
                + " maxPositions");
  }
}
