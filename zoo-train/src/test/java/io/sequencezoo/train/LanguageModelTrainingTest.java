package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** A character model that memorises a verse whose characters one token alone can't predict. */
class LanguageModelTrainingTest {
  private static final String TEXT = "abacabadabacabaeabacabadabacabafabac";

  @TempDir Path folder;

  @Test
  void lstm_memorisesTextThatNeedsMemoryAndResumes() {
    Parameters whole = parameters();
    TrainResult expected = trainer(whole).checkpoints(folder.resolve("a"), config()).run();
    List<History.Point> losses = expected.history().losses();
    // Without memory "a" may be followed by any of five letters: 0.7 at best.
    assertThat(losses.get(losses.size() - 1).loss()).isLessThan(0.3);

    Trainer<TokenBatch> stopped = trainer(parameters());
    stopped.listener(
        new TrainListener() {
          @Override
          public void stepped(Step step) {
            if (step.step() == 50) {
              stopped.requestStop();
            }
          }
        });
    stopped.checkpoints(folder.resolve("b"), config()).run();
    Parameters parts = parameters();
    TrainResult resumed = trainer(parts).checkpoints(folder.resolve("b"), config()).run();
    assertThat(resumed.equals(expected)).as("the same history").isTrue();
    assertThat(parts.values().toFloatVector()).isEqualTo(whole.values().toFloatVector());
  }

  private static TrainConfig config() {
    return Configs.read(
        "train",
        "{optimizer: {type: adamw, lr: 0.02}, schedule: {type: cosine, warmup: 10}, steps: 150,"
            + " batch: 1, seed: 1, clip: 1}",
        TrainConfig.class);
  }

  private static LanguageModel model() {
    return new LanguageModel(
        Configs.read(
            "model",
            "{type: language_model, vocabulary: 6, width: 16, layers: 1, dropout: 0.05,"
                + " mixer: {type: lstm}}",
            LanguageModelConfig.class));
  }

  private static Parameters parameters() {
    return Parameters.of(model(), DataType.FLOAT, 1);
  }

  private static Trainer<TokenBatch> trainer(Parameters parameters) {
    int[] tokens = TEXT.chars().map(letter -> letter - 'a').toArray();
    int n = tokens.length - 1;
    int[][] ids = new int[1][n];
    int[][] targets = new int[1][n];
    System.arraycopy(tokens, 0, ids[0], 0, n);
    System.arraycopy(tokens, 1, targets[0], 0, n);
    TokenBatch batch =
        new TokenBatch(Nd4j.createFromArray(ids), Nd4j.createFromArray(targets), null);
    return new Trainer<>(
        config(), parameters, new TokenObjective(model()), new FixedSource(List.of(batch)));
  }
}
