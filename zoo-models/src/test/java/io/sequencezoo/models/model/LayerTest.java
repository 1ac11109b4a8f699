package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Interceptor;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.residual.ResidualGate;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** How branches join the stream, from the equations; the contract test runs the laws. */
@Tag("double")
class LayerTest {
  private static final int WIDTH = 4;
  private static final int STEPS = 3;
  private static final double SAME = 1e-12;
  private static final String LAYER = "layers.0";

  private final Map<String, double[]> inputs = new HashMap<>();
  private final Map<String, double[]> outputs = new HashMap<>();
  private Parameters parameters;

  /** Runs a model of one layer, of which everything that passes is kept. */
  private void run(String keys) {
    LanguageModel model = model(keys);
    parameters = Parameters.of(model, DataType.DOUBLE, 3);
    Interceptor recorder =
        (place, x, inner) -> {
          Variable y = inner.apply(x);
          inputs.put(place, x.value().dup('c').data().asDouble());
          outputs.put(place, y.value().dup('c').data().asDouble());
          return y;
        };
    Context context = Context.inference(Tape.detached(), parameters).intercepted(recorder);
    model.forward(context, Nd4j.createFromArray(new int[][] {{1, 4, 2}}));
  }

  private static LanguageModel model(String keys) {
    String text =
        "{type: language_model, vocabulary: 5, width: 4, initStd: 1,"
            + " layers: [{mixer: {type: gla, heads: 2}%s}]}".formatted(keys);
    return Configs.read("model", text, LanguageModelConfig.class).build();
  }

  private double[] parameter(String name) {
    return parameters.value(LAYER + "." + name).dup('c').data().asDouble();
  }

  /** σ(x W + c) at one position. */
  private double[] gate(int t) {
    double[] x = inputs.get(LAYER);
    double[] weight = parameter("mixer_gate.weight");
    double[] gate = parameter("mixer_gate.bias");
    for (int j = 0; j < WIDTH; j++) {
      for (int i = 0; i < WIDTH; i++) {
        gate[j] += x[t * WIDTH + i] * weight[i * WIDTH + j];
      }
      gate[j] = 1 / (1 + Math.exp(-gate[j]));
    }
    return gate;
  }

  private void assertStream(Joint joint) {
    double[] x = inputs.get(LAYER);
    double[] branch = outputs.get(LAYER + ".mixer");
    double[] y = outputs.get(LAYER + ".mixer_stream");
    assertThat(y).hasSize(STEPS * WIDTH);
    for (int i = 0; i < y.length; i++) {
      double expected = joint.at(i / WIDTH, i % WIDTH, x[i], branch[i]);
      assertThat(y[i]).isCloseTo(expected, within(SAME));
    }
  }

  private interface Joint {
    double at(int t, int channel, double x, double branch);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ", residual: {type: additive}"})
  void additive_isTheSumAndLearnsNothing(String keys) {
    run(keys);
    assertStream((t, d, x, branch) -> x + branch);
    assertThat(parameters.specs()).noneMatch(spec -> spec.name().contains("gate."));
  }

  @Test
  void rate_scalesTheBranch() {
    run(", residual: {type: rate, start: 0.25}");
    assertThat(parameter("mixer_gate.rate")).containsExactly(0.25);
    assertStream((t, d, x, branch) -> x + 0.25 * branch);
  }

  @Test
  void rate_ofReZeroStartsWithTheStreamAsItIs() {
    run(", residual: {type: rate, perChannel: true}");
    assertThat(parameter("mixer_gate.rate")).containsExactly(0, 0, 0, 0);
    assertStream((t, d, x, branch) -> x);
  }

  @Test
  void inputDependent_gatesTheBranchAlone() {
    run(", residual: {type: input_dependent}");
    assertThat(parameter("mixer_gate.bias")).containsOnly(-2);
    assertStream((t, d, x, branch) -> x + gate(t)[d] * branch);
  }

  @Test
  void coupled_sharesBetweenStreamAndBranch() {
    run(", residual: {type: coupled, bias: -1}");
    assertStream((t, d, x, branch) -> (1 - gate(t)[d]) * x + gate(t)[d] * branch);
  }

  @Test
  void shortcut_isSumOfBottlenecksBesideTheMixer() {
    run(", shortcut: {type: mlp, expansion: 0.5, bias: false}");
    double[] z = inputs.get(LAYER + ".mixer");
    double[] down = parameter("mixer_shortcut.up.weight");
    double[] up = parameter("mixer_shortcut.down.weight");
    assertThat(down).hasSize(2 * WIDTH);
    assertStream(
        (t, d, x, branch) -> {
          double sum = x + branch;
          // T = 2 shortcuts of one hidden number each.
          for (int i = 0; i < 2; i++) {
            double hidden = 0;
            for (int j = 0; j < WIDTH; j++) {
              hidden += z[t * WIDTH + j] * down[2 * j + i];
            }
            sum += gelu(hidden) * up[i * WIDTH + d];
          }
          return sum;
        });
  }

  /** {@code x Φ(x)} by Simpson's rule. */
  private static double gelu(double x) {
    int n = 2000;
    double sum = 0;
    for (int i = 0; i <= n; i++) {
      double at = x * i / n;
      int weight = i == 0 || i == n ? 1 : 2 + 2 * (i % 2);
      sum += weight * Math.exp(-at * at / 2);
    }
    return x * (0.5 + sum * x / n / 3 / Math.sqrt(2 * Math.PI));
  }

  /** Each layer may have a channel mixer of its own width. */
  @Test
  void channel_hasAWidthPerLayer() {
    LanguageModel model =
        Configs.read(
                "model",
                "{type: language_model, vocabulary: 5, width: 4, mixer: {type: gla, heads: 2}, layers:"
                    + " [{channel: {type: mlp, expansion: 2}}, {channel: {type: mlp, expansion: 3}}]}",
                LanguageModelConfig.class)
            .build();
    Parameters own = Parameters.of(model, DataType.DOUBLE, 1);
    assertThat(own.value("layers.0.channel.up.weight").shape()).containsExactly(4, 8);
    assertThat(own.value("layers.1.channel.up.weight").shape()).containsExactly(4, 12);
  }

  @Test
  void badGate_isRefusedInOneLine() {
    assertThatThrownBy(() -> new ResidualGate.Rate(false, Double.NaN))
        .hasMessage("residual: start of a rate must be finite, got NaN");
    assertThatThrownBy(() -> new ResidualGate.Coupled(Double.POSITIVE_INFINITY))
        .hasMessage("residual: bias of a gate must be finite, got Infinity");
  }
}
