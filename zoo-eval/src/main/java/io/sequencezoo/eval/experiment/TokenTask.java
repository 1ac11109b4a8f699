package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.models.model.TokenLogits;
import io.sequencezoo.models.model.TokenModel;
import io.sequencezoo.train.Evaluation;
import io.sequencezoo.train.TokenObjective;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.Validator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A task of tokens: a language model tells the answer at every position that has one.
 *
 * <p>Whoever says nothing else is scored by {@link TokenScores}: how often the likeliest token is
 * the answer.
 */
public interface TokenTask extends Task {
  /** V: tokens of inputs and answers are in {@code [0, V)}. */
  int vocabulary();

  /** How its tokens are written; as numbers unless it says otherwise. */
  default Alphabet alphabet() {
    return Alphabet.numbers(vocabulary());
  }

  /** Examples as right-padded rows, outside every workspace. */
  TokenBatch batch(Split split, List<Integer> indices);

  @Override
  default String inputs() {
    return vocabulary() + " tokens";
  }

  @Override
  default LanguageModelConfig fit(String name, LayeredConfig model) {
    checkArgument(
        model instanceof LanguageModelConfig,
        "experiment: %s must be a language_model for task %s, got %s",
        name,
        name(),
        Registry.typeName(model.getClass()));
    LanguageModelConfig own = (LanguageModelConfig) model;
    checkArgument(
        own.vocabulary() == 0 || own.vocabulary() == vocabulary(),
        "experiment: %s.vocabulary must be the task's %s, got %s; leave it out",
        name,
        vocabulary(),
        own.vocabulary());
    return own.withVocabulary(vocabulary());
  }

  @Override
  default Lesson<TokenBatch> lesson(Model model, TrainConfig train, Integer window) {
    return new TokenLesson(this, (TokenModel) model, train, window);
  }

  @Override
  default Class<? extends Scores> scoresType() {
    return TokenScores.class;
  }

  /** The scores of a model on the first examples of a split. */
  default Scores score(
      String name, TokenLogits model, Parameters parameters, Split split, int count) {
    return TokenScores.of(model, parameters, batches(split, count));
  }

  /** Measures a model during training on the first validation examples; {@code loss} selects. */
  default Validator validator(TokenLogits model, int count) {
    List<TokenBatch> fixed = batches(Split.VALIDATION, count);
    Validator loss = Validator.loss(new TokenObjective(model), fixed);
    return parameters -> {
      double mean = loss.evaluate(parameters).score();
      TokenScores scores = TokenScores.of(model, parameters, fixed);
      return new Evaluation(
          mean, Map.of("loss", mean, "accuracy", scores.accuracy(), "last", scores.last()));
    };
  }

  /** The first examples of a split. */
  private List<TokenBatch> batches(Split split, int count) {
    List<TokenBatch> batches = new ArrayList<>();
    for (int from = 0; from < count; from += TokenScores.BATCH) {
      int to = Math.min(count, from + TokenScores.BATCH);
      batches.add(batch(split, IntStream.range(from, to).boxed().toList()));
    }
    return batches;
  }

  @Override
  default List<Column> columns() {
    return List.of(
        Column.percent("accuracy", "accuracy"),
        Column.percent("last position", "last"),
        Column.parameters(),
        Column.updates(),
        Column.trainSeconds());
  }

  @Override
  default List<Page.Section> sections(Report report) {
    return List.of(
        new Page.Section(
            "Results on unseen sequences",
            "How often the likeliest token is the answer: over all positions that count, and at the"
                + " last position, where the whole sequence matters.",
            List.of(report.table())),
        new Page.Section(
            "During training",
            "On validation examples.",
            List.of(
                report.learning("Accuracy at the last position", "accuracy", "last", List.of()),
                report.learning("Loss", "nats per target", "loss", List.of()))),
        new Page.Section(
            "Against position",
            "On test examples.",
            List.of(
                report.positions(
                    "Accuracy", "position", "accuracy", "accuracy", report.baselines()))));
  }
}
