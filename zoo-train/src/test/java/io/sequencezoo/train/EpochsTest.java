package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.TokenBatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Epochs are whole, and validations have something to score. */
class EpochsTest {
  @ParameterizedTest
  @CsvSource({"1, 1, 5", "1, 2, 3", "1, 4, 2", "1, 5, 1", "1, 7, 1", "3, 4, 4"})
  void run_drawsEpochsToTheBatch(int epochs, int accumulate, int updates) {
    List<TokenBatch> batches = new ArrayList<>();
    CycleSource cycle = new CycleSource(2, 3, 7, 5);
    for (int i = 0; i < 5; i++) {
      batches.add(cycle.next());
    }
    FixedSource source = new FixedSource(batches);
    String yaml =
        "{optimizer: {type: sgd, lr: 0.1}, schedule: {type: cosine}, batch: 2, seed: 1, epochs: "
            + epochs
            + ", accumulate: "
            + accumulate
            + "}";
    TrainConfig config = Configs.read("train", yaml, TrainConfig.class);
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    TrainResult result =
        new Trainer<>(config, parameters, new TokenObjective(TinyModel.DEFAULT), source).run();
    assertThat(source.position()).isEqualTo(5L * epochs);
    assertThat(result.steps()).isEqualTo(updates);
    long targets = batches.stream().mapToLong(TokenBatch::targetCount).sum();
    assertThat(result.tokens()).isEqualTo(targets * epochs);
  }

  @Test
  void validation_withoutAnyTargetIsRefused() {
    TokenBatch nothing =
        new TokenBatch(
            Nd4j.createFromArray(new int[][] {{1, 2}}),
            Nd4j.createFromArray(new int[][] {{TokenBatch.IGNORED, TokenBatch.IGNORED}}),
            null);
    Validator validator =
        Validator.loss(new TokenObjective(TinyModel.DEFAULT), List.of(nothing, nothing));
    assertThatThrownBy(() -> validator.evaluate(TinyModel.DEFAULT.parameters(DataType.FLOAT)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("validator: batches must have at least one token that counts, got none");
  }
}
