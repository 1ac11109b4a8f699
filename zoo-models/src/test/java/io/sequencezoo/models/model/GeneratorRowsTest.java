package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Rows of a batch end each for itself. */
class GeneratorRowsTest {
  private static final List<int[]> PROMPTS =
      List.of(new int[] {1, 2, 3, 4, 5, 1, 2, 3}, new int[] {4});

  @ParameterizedTest
  @ValueSource(strings = {"lstm", "softmax_attention", "gla", "mamba", "latent_attention"})
  void generate_leavesOutRowsThatHaveEnded(String mixer) {
    LanguageModel model = model(mixer);
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    parameters.values().muli(8);
    Generator generator = new Generator(model, parameters);
    int stop = generator.generate(PROMPTS.get(0), Sampling.greedy(1))[0];
    Sampling sampling = Sampling.greedy(11).withStopToken(stop);
    List<int[]> together = generator.generate(PROMPTS, sampling, (row, index, token) -> {});
    assertThat(together.get(0)).containsExactly(stop);
    for (int b = 0; b < 2; b++) {
      assertThat(together.get(b)).containsExactly(generator.generate(PROMPTS.get(b), sampling));
    }
  }

  private static LanguageModel model(String mixer) {
    String yaml =
        "{type: language_model, vocabulary: 11, width: 8, layers: 2, maxPositions: 12, mixer: {type: "
            + mixer
            + "}, channel: {type: mlp}}";
    return new LanguageModel(Configs.read("model", yaml, LanguageModelConfig.class));
  }

  @Test
  void choose_refusesWhatIsNoDistribution() {
    double inf = Double.POSITIVE_INFINITY;
    for (Sampling sampling : List.of(Sampling.greedy(1), Sampling.random(1, 1, 3))) {
      Sampler sampler = new Sampler(sampling);
      for (double[] logits :
          new double[][] {{0, 0, inf}, {inf, 0, 0}, {0, Double.NaN, 0}, {-inf, -inf, -inf}}) {
        assertThatThrownBy(() -> sampler.choose(logits, new SplittableRandom(1)))
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertThat(sampler.choose(new double[] {-inf, 0, -inf}, new SplittableRandom(1))).isOne();
    }
  }

  @Test
  void generate_namesRowAndStepOfABadLogit() {
    LanguageModel model = model("lstm");
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    parameters.value("embedding.weight").putScalar(new long[] {3, 0}, Float.POSITIVE_INFINITY);
    assertThatThrownBy(
            () -> new Generator(model, parameters).generate(new int[] {1}, Sampling.greedy(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("generate: row 0, token 0: logits must be numbers below infinity");
  }
}
