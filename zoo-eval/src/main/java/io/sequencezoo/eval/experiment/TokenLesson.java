package io.sequencezoo.eval.experiment;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.models.model.TokenModel;
import io.sequencezoo.train.Objective;
import io.sequencezoo.train.TokenObjective;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.Validator;

/** How a model of tokens learns: each example once an epoch, by cross-entropy. */
record TokenLesson(TokenTask task, TokenModel model, TrainConfig train, Integer window)
    implements Lesson<TokenBatch> {
  @Override
  public BatchSource<TokenBatch> batches() {
    return EpochBatches.ofTokens(task, train.batch(), window, train.seed());
  }

  @Override
  public Objective<TokenBatch> objective() {
    return new TokenObjective(model::forward);
  }

  @Override
  public Validator validator(int count) {
    return task.validator(model::forward, count);
  }

  @Override
  public Scores score(String name, Parameters parameters, Split split, int count) {
    return task.score(name, model::forward, parameters, split, count);
  }
}
