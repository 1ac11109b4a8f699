package io.sequencezoo.eval.experiment;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.annotation.JsonTypeIdResolver;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.model.TokenLogits;
import io.sequencezoo.train.Evaluation;
import io.sequencezoo.train.History;
import io.sequencezoo.train.TokenObjective;
import io.sequencezoo.train.Validator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Something to learn: its examples, how well they are answered, what needs no training, and how it
 * is shown. A task is immutable, Jackson reads and writes it under its {@code @JsonTypeName}, and
 * equal tasks have equal examples.
 *
 * <p>Whoever says nothing else is scored by {@link TokenScores}: how often the likeliest token is
 * the answer.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.CUSTOM, property = "type")
@JsonTypeIdResolver(Tasks.Types.class)
public interface Task {
  /** The name in the registry, on the command line and in folders. */
  String name();

  /** The heading of its page. */
  String title();

  /** One line below it: the sizes of the data. */
  String subtitle();

  /** V: tokens of inputs and answers are in {@code [0, V)}. */
  int vocabulary();

  /** How its tokens are written; as numbers unless it says otherwise. */
  default Alphabet alphabet() {
    return Alphabet.numbers(vocabulary());
  }

  /** The number of examples of a split. */
  int examples(Split split);

  /** The number of input tokens of an example. */
  int length(Split split, int index);

  /** Examples as right-padded rows, outside every workspace. */
  TokenBatch batch(Split split, List<Integer> indices);

  /** A hash of everything that determines the examples of a split. */
  String hash(Split split);

  /**
   * The batches whose rows are sorted by length together where an experiment says nothing; null
   * where examples have one length, so that there is nothing to sort. See {@link ExampleBatches}.
   */
  default @Nullable Integer standardWindow() {
    return null;
  }

  /** The validation examples used during training likewise; null for all. */
  default @Nullable Integer standardValidationProblems() {
    return null;
  }

  /** What its scores are. */
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

  /** What needs no training, on the test examples. */
  Baselines baselines();

  /** What results keep of the way there, by field: evaluations by update unless overridden. */
  default Map<String, Object> progress(Trained trained) {
    List<Map<String, Object>> points = new ArrayList<>();
    for (History.Evaluated evaluated : trained.result().history().evaluations()) {
      Map<String, Object> point = new LinkedHashMap<>();
      point.put("step", evaluated.step());
      point.put("loss", evaluated.evaluation().score());
      point.putAll(evaluated.evaluation().metrics());
      points.add(point);
    }
    return Map.of("validation", points);
  }

  /** What results keep of a trained model to look at, by field; nothing unless overridden. */
  default Map<String, Object> pictures(Trained trained) {
    return Map.of();
  }

  /** Whether training is counted in examples seen, in a field of that name, not in updates. */
  default boolean countsExamples() {
    return false;
  }

  /** The header of the column of names. */
  default String predictors() {
    return "model";
  }

  /** The columns of the table of results, after that of names. */
  default List<Column> columns() {
    return List.of(
        Column.percent("accuracy", "accuracy"),
        Column.percent("last position", "last"),
        Column.parameters(),
        Column.updates(),
        Column.trainSeconds());
  }

  /** The sections of the page. */
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
