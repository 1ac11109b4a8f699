package io.sequencezoo.eval.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
  /** Sums of a handful of numbers below ten. */
  private static final double ROUNDING = 1e-12;

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

  @Test
  void errors_areThoseOfRatiosOverExamples() {
    int[][] ids = {{0, 1, 2, 3}, {5, 6, 0, 8}, {2, 2, 1, 3}, {4, 4, 4, 4}};
    int none = TokenBatch.IGNORED;
    int[][] targets = {{0, none, 1, 4}, {none, none, 5, none}, {7, 3, 2, 1}, {4, 4, none, none}};
    // Half of the answers that count are made right.
    int[][] answers = answers(ids);
    for (int b = 0; b < ids.length; b += 2) {
      for (int t = 0; t < ids[b].length; t++) {
        targets[b][t] = targets[b][t] == none ? none : answers[b][t];
      }
    }
    targets[0][2] = (answers[0][2] + 1) % 9;
    double[] right = new double[ids.length];
    double[] counted = new double[ids.length];
    double[] last = new double[ids.length];
    for (int b = 0; b < ids.length; b++) {
      for (int t = 0; t < ids[b].length; t++) {
        if (targets[b][t] != none) {
          counted[b]++;
          last[b] = targets[b][t] == answers[b][t] ? 1 : 0;
          right[b] += last[b];
        }
      }
    }
    TokenScores scores =
        TokenScores.of(
            MODEL,
            parameters,
            List.of(
                new TokenBatch(Nd4j.createFromArray(ids), Nd4j.createFromArray(targets), null)));
    assertThat(scores.accuracy()).isCloseTo(sum(right) / sum(counted), within(ROUNDING));
    assertThat(scores.accuracyError()).isCloseTo(error(right, counted), within(ROUNDING));
    assertThat(scores.lastError())
        .isCloseTo(error(last, new double[] {1, 1, 1, 1}), within(ROUNDING))
        .isPositive();
  }

  /** The root of Σ (r_i - R n_i)² n/(n-1), over Σ n_i. */
  private static double error(double[] right, double[] counted) {
    double ratio = sum(right) / sum(counted);
    double squares = 0;
    for (int i = 0; i < right.length; i++) {
      squares += Math.pow(right[i] - ratio * counted[i], 2);
    }
    return Math.sqrt(squares * right.length / (right.length - 1)) / sum(counted);
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  private int[][] answers(int[][] ids) {
    int[][] answers = new int[ids.length][ids[0].length];
    try (Tape tape = Tape.inference()) {
      INDArray logits =
          MODEL.forward(Context.inference(tape, parameters), Nd4j.createFromArray(ids)).value();
      for (int b = 0; b < ids.length; b++) {
        for (int t = 0; t < ids[b].length; t++) {
          for (int v = 1; v < logits.size(2); v++) {
            if (logits.getDouble(b, t, v) > logits.getDouble(b, t, answers[b][t])) {
              answers[b][t] = v;
            }
          }
        }
      }
    }
    return answers;
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
