package io.sequencezoo.eval.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.train.TokenObjective;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Tokens and targets may be views of other arrays: scores and losses are those of copies. */
class TokenScoresTest {
  private static final LanguageModel MODEL =
      Configs.read(
              "model",
              "{type: language_model, vocabulary: 9, width: 8, layers: 1, mixer: {type: gla, heads:"
                  + " 2}}",
              LanguageModelConfig.class)
          .build();

  private final Parameters parameters = Parameters.of(MODEL, DataType.DOUBLE, 1);

  @Test
  void scoresAndLosses_ofViewsAreThoseOfCopies() {
    INDArray wide =
        Nd4j.createFromArray(
            new int[][] {
              {7, 1, 2, 3, 4, 7, 7, 7}, {7, 5, 6, 0, 8, 7, 7, 7}, {7, 2, 2, 1, 3, 7, 7, 7}
            });
    INDArray targets =
        Nd4j.createFromArray(
            new int[][] {
              {8, 2, 3, TokenBatch.IGNORED, 5, 8, 8, 8},
              {8, 6, TokenBatch.IGNORED, 8, 1, 8, 8, 8},
              {8, 2, 1, 3, TokenBatch.IGNORED, 8, 8, 8}
            });
    TokenBatch copies =
        new TokenBatch(columns(wide).dup('c'), columns(targets).dup('c'), new int[] {4, 4, 3});
    for (TokenBatch views :
        List.of(
            new TokenBatch(columns(wide), columns(targets), copies.lengths()),
            new TokenBatch(columns(wide).dup('f'), columns(targets).dup('f'), copies.lengths()),
            new TokenBatch(
                columns(wide).transpose().dup('c').transpose(),
                columns(targets).transpose().dup('c').transpose(),
                copies.lengths()))) {
      assertThat(TokenScores.of(MODEL, parameters, List.of(views)))
          .usingRecursiveComparison()
          .isEqualTo(TokenScores.of(MODEL, parameters, List.of(copies)));
      assertThat(views.targetCount()).isEqualTo(copies.targetCount()).isEqualTo(9);
      assertThat(loss(views)).isEqualTo(loss(copies));
    }
  }

  private double loss(TokenBatch batch) {
    try (Tape tape = Tape.inference()) {
      return new TokenObjective(MODEL::forward)
          .loss(Context.inference(tape, parameters), batch)
          .mean()
          .value()
          .getDouble(0);
    }
  }

  private static INDArray columns(INDArray array) {
    return array.get(NDArrayIndex.all(), NDArrayIndex.interval(1, 5));
  }
}
