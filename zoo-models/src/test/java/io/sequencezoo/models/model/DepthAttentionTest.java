package io.sequencezoo.models.model;

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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What the stages of a depth attention start from, written out; the contract has the laws. */
@Tag("double")
class DepthAttentionTest {
  private static final int WIDTH = 8;
  private static final int STEPS = 5;

  private static LanguageModelConfig config(String layers) {
    return Configs.read(
        "model",
        ("{type: language_model, vocabulary: 11, width: 8, mixer: {type: lstm}, channel: {type:"
                + " swiglu}, layers: [{type: depth_attention%s}]}")
            .formatted(layers),
        LanguageModelConfig.class);
  }

  /** The sum of what was made of one position, by weights of a softmax. */
  private static double[] oracle(List<double[]> layers, double[] query) {
    double[] weights = new double[layers.size()];
    double all = 0;
    for (int l = 0; l < weights.length; l++) {
      double square = 0;
      double product = 0;
      for (int d = 0; d < WIDTH; d++) {
        square += layers.get(l)[d] * layers.get(l)[d];
        product += layers.get(l)[d] * query[d];
      }
      weights[l] = Math.exp(product / Math.sqrt(square / WIDTH + 1e-6));
      all += weights[l];
    }
    double[] sum = new double[WIDTH];
    for (int l = 0; l < weights.length; l++) {
      for (int d = 0; d < WIDTH; d++) {
        sum[d] += weights[l] / all * layers.get(l)[d];
      }
    }
    return sum;
  }

  @Test
  void inputs_areWeightedSumsOfAllOutputsBefore() {
    LanguageModel model = config(", layers: [{}, {mixer: {type: gru}}, {}]").build();
    Parameters parameters = ClassifierTest.parameters(model);
    Map<String, INDArray> inputs = new HashMap<>();
    Map<String, INDArray> outputs = new HashMap<>();
    Interceptor looker =
        (place, x, inner) -> {
          Variable y = inner.apply(x);
          inputs.put(place, x.value().dup('c'));
          outputs.put(place, y.value().dup('c'));
          return y;
        };
    Context context = Context.inference(Tape.detached(), parameters).intercepted(looker);
    model.forward(context, Nd4j.createFromArray(new int[][] {{1, 2, 3, 4, 5}}));
    for (int t = 0; t < STEPS; t++) {
      List<double[]> layers = new ArrayList<>();
      layers.add(at(inputs.get("layers.0"), t));
      for (int l = 0; l <= 3; l++) {
        double[] expected = layers.get(0);
        if (l > 0) {
          layers.add(at(outputs.get("layers.0.layers." + (l - 1)), t));
          INDArray query = parameters.value("layers.0.query." + l);
          expected = oracle(layers, query.dup('c').data().asDouble());
        }
        INDArray actual = l < 3 ? inputs.get("layers.0.layers." + l) : outputs.get("layers.0");
        assertThat(at(actual, t)).containsExactly(expected, within(1e-12));
      }
    }
  }

  private static double[] at(INDArray stream, int t) {
    double[] values = new double[WIDTH];
    for (int d = 0; d < WIDTH; d++) {
      values[d] = stream.getDouble(0, t, d);
    }
    return values;
  }

  /** Groups of layers, and groups within groups, have queries of their own. */
  @Test
  void groups_areWrittenAsAnyStage() {
    LanguageModelConfig config = config(", layers: '[lstm x 2, depth_attention(layers 2)]'");
    assertThat(config.mixers()).hasSize(4);
    Parameters parameters = ClassifierTest.parameters(config.build());
    assertThat(parameters.specs())
        .extracting(ParameterSpec::name)
        .filteredOn(name -> name.contains("query"))
        .containsExactlyInAnyOrder(
            "layers.0.query.1",
            "layers.0.query.2",
            "layers.0.query.3",
            "layers.0.layers.2.query.1",
            "layers.0.layers.2.query.2");
    assertThat(Configs.read("model", Configs.write(config), LanguageModelConfig.class))
        .isEqualTo(config);
  }

  @Test
  void badInput_isRefusedInOneLine() {
    for (List<String> mistake :
        List.of(
            List.of("", "layers"),
            List.of(", layers: 0", "layers: must be between 1 and 10000, got 0"),
            List.of(", layers: 'glas'", "must have the type of a mixer or stage"),
            List.of(", layers: 2, heads: 3", "heads"))) {
      assertThatThrownBy(() -> config(mistake.get(0)))
          .as(mistake.get(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(mistake.get(1))
          .message()
          .hasLineCount(1);
    }
    assertThatThrownBy(() -> new DepthAttentionConfig(null))
        .hasMessage(
            "depth_attention: layers must be given, got none; write their number or a list");
  }
}
