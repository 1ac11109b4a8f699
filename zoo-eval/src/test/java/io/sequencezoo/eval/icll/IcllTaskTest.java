package io.sequencezoo.eval.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.datasets.icll.IcllConfig;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.experiment.EpochBatches;
import io.sequencezoo.train.Evaluation;
import io.sequencezoo.train.OptimizerConfig;
import io.sequencezoo.train.TokenObjective;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.Trainer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** The task with a trainer and the smallest model there is. */
final class IcllTaskTest {
  private static final IcllTask TASK =
      new IcllTask(
          new IcllConfig(
              1L,
              500,
              500,
              500,
              IcllConfig.Languages.standard(),
              new IcllConfig.Prompts(10, 12, 12)));
  private static final BigramModel MODEL = new BigramModel(20);

  @Test
  void training_bringsABigramTableToTheUnigramsOfSymbols() {
    // Every prompt has its own language, so a table can learn which tokens are symbols and little
    // more: the likelihood of a uniform guess over 18 symbols.
    Parameters parameters = Parameters.of(MODEL, DataType.FLOAT, 3);
    TrainConfig config =
        TrainConfig.of(new OptimizerConfig.AdamW(0.1, 0.9, 0.999, 1e-8, 0), 100, 16, 1L);
    new Trainer<>(
            config,
            parameters,
            new TokenObjective(MODEL::logits),
            EpochBatches.ofTokens(TASK, 16, 2, 1))
        .run();
    Evaluation evaluation = TASK.validator(MODEL::logits, 40).evaluate(parameters);
    assertThat(evaluation.score()).isCloseTo(Math.log(18), within(0.1));
    assertThat(evaluation.metrics()).containsOnlyKeys("loss", "accuracy", "tvd", "kl");
    assertThat(evaluation.metrics().get("loss")).isEqualTo(evaluation.score());
  }

  @Test
  void validation_isOfTheFirstValidationProblems() {
    Parameters parameters = Parameters.of(MODEL, DataType.DOUBLE, 3);
    List<Problem> problems = TASK.data().problems(Split.VALIDATION, 12);
    IcllScores scores =
        IcllMetrics.score(new ModelPredictor("bigram", MODEL::logits, parameters), problems, 5, 25);
    Evaluation evaluation = TASK.validator(MODEL::logits, 12).evaluate(parameters);
    assertThat(evaluation.metrics().get("tvd")).isEqualTo(scores.tvd().value());
    assertThat(evaluation.metrics().get("accuracy")).isEqualTo(scores.accuracy().value());
  }

  @Test
  void test_isOfAllTestProblems() {
    IcllTask task =
        new IcllTask(
            new IcllConfig(
                1L, 1, 1, 9, IcllConfig.Languages.standard(), IcllConfig.Prompts.standard()));
    Parameters parameters = Parameters.of(MODEL, DataType.DOUBLE, 3);
    IcllScores scores = task.score("bigram", MODEL::logits, parameters, Split.TEST, 9);
    assertThat(scores.problems()).isEqualTo(9);
    assertThat(scores.predictor()).isEqualTo("bigram");
    assertThat(task.vocabulary()).isEqualTo(20);
  }

  @Test
  void tooManyValidationProblems_areRefused() {
    assertThatThrownBy(() -> TASK.validator(MODEL::logits, 501))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("icll: validation problems must be between 1 and 500, got 501");
  }
}
