package io.sequencezoo.bench;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.channel.Activation;
import io.sequencezoo.models.channel.MlpConfig;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.Layers;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import io.sequencezoo.train.Objective;
import io.sequencezoo.train.Optimizer;
import io.sequencezoo.train.OptimizerConfig;
import io.sequencezoo.train.TokenObjective;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** One training step (forward, backward, AdamW) of a language model on random tokens. */
final class TrainingStep implements Runnable {
  private final Parameters parameters;
  private final Objective<TokenBatch> objective;
  private final Optimizer optimizer;
  private final TokenBatch batch;

  /** The step of a model on {@code rows} sequences of {@code time} tokens. */
  TrainingStep(LanguageModelConfig config, int rows, int time) {
    LanguageModel model = new LanguageModel(config);
    parameters = Parameters.of(model, DataType.FLOAT, 1);
    objective = new TokenObjective(model);
    optimizer = OptimizerConfig.AdamW.standard(1e-3).build(parameters);
    SplittableRandom random = new SplittableRandom(1);
    batch =
        new TokenBatch(
            Nd4j.createFromArray(tokens(random, rows, time, config.vocabulary())),
            Nd4j.createFromArray(tokens(random, rows, time, config.vocabulary())),
            null);
  }

  /**
   * The Transformer language model that the peer times: GPT-2's block with learned positions,
   * biases, layer norms, GELU (tanh form), tied embeddings.
   */
  static TrainingStep transformer(
      int rows, int time, int width, int heads, int layers, int vocabulary) {
    LanguageModelConfig config =
        new LanguageModelConfig(
            vocabulary,
            width,
            Layers.of(layers),
            SoftmaxAttentionConfig.gpt2(heads),
            new MlpConfig(Activation.GELU_TANH, 4.0, true, 0.02),
            LayerNormConfig.standard(),
            NormPlacement.PRE,
            true,
            time,
            0.0,
            0.02,
            0);
    return new TrainingStep(config, rows, time);
  }

  private static int[][] tokens(SplittableRandom random, int rows, int time, int vocabulary) {
    int[][] tokens = new int[rows][time];
    for (int[] row : tokens) {
      for (int t = 0; t < time; t++) {
        row[t] = random.nextInt(vocabulary);
      }
    }
    return tokens;
  }

  @Override
  public void run() {
    parameters.zeroGradients();
    try (Tape tape = Tape.training()) {
      Context context = Context.training(tape, parameters, 1);
      tape.backward(objective.loss(context, batch).mean());
    }
    optimizer.step(1, 1e-3);
  }
}
