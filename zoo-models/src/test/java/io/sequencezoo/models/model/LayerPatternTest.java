package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.matrix.Mamba2Config;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Patterns are the lists that they stand for; repetitions that share are one set of weights. */
@Tag("double")
class LayerPatternTest {
  private static LanguageModelConfig model(String layers) {
    return Configs.read(
        "model",
        "{type: language_model, vocabulary: 11, width: 8, mixer: {type: lstm}, layers: "
            + layers
            + "}",
        LanguageModelConfig.class);
  }

  @Test
  void patterns_areTheListsThatTheyStandFor() {
    LanguageModelConfig written =
        model(
            "[{mixer: {type: mamba2}}, {mixer: {type: mamba2}}, {mixer: {type: mamba2}}, {mixer:"
                + " {type: softmax_attention, window: 128}}, {mixer: {type: mamba2}}, {mixer: {type:"
                + " mamba2}}, {mixer: {type: mamba2}}, {mixer: {type: softmax_attention, window:"
                + " 128}}]");
    LanguageModelConfig line = model("'[mamba2 x 3, softmax_attention(window 128)] x 2'");
    LanguageModelConfig structured =
        model(
            "[{type: repeat, times: 2, layers: [{type: repeat, times: 3, layers: [{mixer: {type:"
                + " mamba2}}]}, {mixer: {type: softmax_attention, window: 128}}]}]");
    assertThat(line).isEqualTo(written);
    assertThat(structured).isEqualTo(written);
    // Equal in writing too, so that one hash stands for all.
    assertThat(Configs.write(line)).isEqualTo(Configs.write(written));
    assertThat(line.layers().count()).isEqualTo(8);
    assertThat(((LayerConfig) line.layers().get(3)).mixer())
        .isInstanceOf(SoftmaxAttentionConfig.class);
    assertThat(((LayerConfig) line.layers().get(4)).mixer()).isInstanceOf(Mamba2Config.class);
  }

  @Test
  void blocksAndKeys_areReadAsInYaml() {
    Layers layers = model("'layer, gru(hidden 5), universal_transformer(depth 3)'").layers();
    assertThat(layers.count()).isEqualTo(3);
    assertThat(layers.get(0)).isEqualTo(new LayerConfig(null, null));
    assertThat(model("gla").layers()).isEqualTo(model("[{mixer: {type: gla}}]").layers());
    assertThat(model("'[gla, lstm] x 2 shared'").layers())
        .isEqualTo(
            model(
                    "[{type: repeat, times: 2, shared: true, layers: [{mixer: {type: gla}}, {mixer:"
                        + " {type: lstm}}]}]")
                .layers());
  }

  /** Sharing layers have the weights of one group, and compute what equal layers would. */
  @Test
  void sharedRepetitions_areEqualLayersOfOneSetOfWeights() {
    LanguageModel shared = model("'[lstm, gru] x 3 shared'").build();
    LanguageModel plain = model("'[lstm, gru] x 3'").build();
    Parameters few = Parameters.of(shared, DataType.DOUBLE, 4);
    Parameters many = Parameters.of(plain, DataType.DOUBLE, 5);
    for (ParameterSpec spec : many.specs()) {
      String name = spec.name();
      if (name.startsWith("layers.")) {
        int dot = name.indexOf('.', 7);
        int layer = Integer.parseInt(name.substring(7, dot));
        name = "layers.0.layers." + layer % 2 + name.substring(dot);
      }
      many.value(spec.name()).assign(few.value(name));
    }
    INDArray ids = Nd4j.createFromArray(new int[][] {{1, 2, 3, 4, 5}});
    double[][] outputs = new double[2][];
    outputs[0] = forward(shared, few, ids);
    outputs[1] = forward(plain, many, ids);
    assertThat(outputs[0]).containsExactly(outputs[1]);
    assertThat(shared.mixers())
        .containsOnlyKeys("layers.0.layers.0.mixer", "layers.0.layers.1.mixer");
    assertThat(shared.config().mixers()).hasSize(2);
  }

  private static double[] forward(LanguageModel model, Parameters parameters, INDArray ids) {
    Context context = Context.inference(Tape.detached(), parameters);
    return model.forward(context, ids).value().dup('c').data().asDouble();
  }

  /** A stage of several layers as the transition of one that is repeated. */
  @Test
  void repeat_isAStageAnywhere() {
    LanguageModelConfig config =
        model(
            "[{type: universal_transformer, depth: 2, transition: {type: repeat, layers: [{}, {mixer:"
                + " {type: gru}}]}}]");
    assertThat(config.mixers()).hasSize(2);
    assertThat(config.build().mixers())
        .containsOnlyKeys(
            "layers.0.transition.layers.0.mixer", "layers.0.transition.layers.1.mixer");
  }

  @Test
  void mistakes_areToldInOneLine() {
    for (List<String> mistake :
        List.of(
            List.of("gla x 0", "pattern must have how often after x", "at column 7, got 0"),
            List.of("[gla, lstm x 2", "pattern must have ]", "got its end"),
            List.of("gla lstm", "pattern must end, or go on with a comma", "column 5, got lstm"),
            List.of("gla,", "must have the type of a mixer or stage", "got its end"),
            List.of("glas x 2", "must have the type of a mixer or stage", "got glas"),
            List.of("swiglu", "must have the type of a mixer or stage", "got swiglu"),
            List.of("gla(heads)", "pattern must have a value for heads", "got )"),
            List.of("gla(heads 2, heads 2)", "pattern must have heads once", "got 2"),
            List.of("gla(head 2)", "layers: gla: unknown key head", "did you mean heads"),
            List.of("gla(heads 0)", "layers: gla: gla: heads must be at least 1", "got 0"),
            List.of("[gla x 200] x 200", "repeat: times must be between 1 and 50", "got 200"),
            List.of("", "must have the type of a mixer or stage", "got its end"))) {
      assertThatThrownBy(() -> model("'" + mistake.get(0) + "'"))
          .as(mistake.get(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(mistake.get(1), mistake.get(2))
          .message()
          .hasLineCount(1);
    }
  }
}
