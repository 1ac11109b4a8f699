package io.sequencezoo.eval.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.datasets.icll.IcllConfig;
import io.sequencezoo.datasets.icll.IcllData;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;

/** A model as a predictor, against its table written out. */
final class ModelPredictorTest {
  // The softmax is in double whatever the model is in.
  private static final double ROUNDING = 1e-14;
  private static final IcllData DATA = new IcllData(IcllConfig.regBench(1, 1));
  private static final BigramModel MODEL = new BigramModel(20);

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE"})
  void probabilities_areTheSoftmaxOfTheScores(DataType type) {
    Parameters parameters = Parameters.of(MODEL, type, 3);
    List<Problem> problems = DATA.problems(Split.VALIDATION, 5);
    List<double[][]> tables =
        new ModelPredictor("bigram", MODEL::logits, parameters).probabilities(problems);
    for (int b = 0; b < problems.size(); b++) {
      assertThat(tables.get(b)).hasNumberOfRows(problems.get(b).length());
      for (int t = 0; t < problems.get(b).length(); t++) {
        double[] expected =
            parameters.value("table").getRow(problems.get(b).input(t)).toDoubleVector();
        double sum = 0;
        for (double score : expected) {
          sum += Math.exp(score);
        }
        for (int v = 0; v < expected.length; v++) {
          assertThat(tables.get(b)[t][v]).isCloseTo(Math.exp(expected[v]) / sum, within(ROUNDING));
        }
      }
    }
  }

  @Test
  void scores_doNotDependOnTheBatch() {
    Parameters parameters = Parameters.of(MODEL, DataType.DOUBLE, 3);
    ModelPredictor predictor = new ModelPredictor("bigram", MODEL::logits, parameters);
    List<Problem> problems = DATA.problems(Split.VALIDATION, 9);
    assertThat(IcllMetrics.score(predictor, problems, 4, 25))
        .isEqualTo(IcllMetrics.score(predictor, problems, 1, 25));
  }

  @Test
  void anotherVocabulary_isReported() {
    BigramModel small = new BigramModel(26);
    ModelPredictor predictor =
        new ModelPredictor("bigram", small::logits, Parameters.of(small, DataType.FLOAT, 3));
    assertThatThrownBy(() -> predictor.probabilities(DATA.problems(Split.TEST, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("bigram: logits must be [B, T, V] = [1, ");
  }
}
