package io.sequencezoo.eval.experiment;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.annotation.JsonTypeIdResolver;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.train.History;
import io.sequencezoo.train.TrainConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something to learn: its examples, how a model learns from them, what needs no training, and how
 * it is shown. A task is immutable, Jackson reads and writes it under its {@code @JsonTypeName},
 * and equal tasks have equal examples. Most are {@link TokenTask}s.
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

  /** What a step of its inputs is, for the list of tasks, such as the number of tokens. */
  String inputs();

  /** The number of examples of a split. */
  int examples(Split split);

  /** The number of input steps of an example. */
  int length(Split split, int index);

  /**
   * A model as this task has it, with what the task alone knows, such as the number of tokens.
   *
   * @param name of the model in the experiment, for messages
   * @throws IllegalArgumentException where it is not a model for this task
   */
  LayeredConfig fit(String name, LayeredConfig model);

  /**
   * How a model learns the task.
   *
   * @param window see {@link #standardWindow}
   */
  Lesson<?> lesson(Model model, TrainConfig train, Integer window);

  /** A hash of everything that determines the examples of a split. */
  String hash(Split split);

  /**
   * The batches whose rows are sorted by length together where an experiment says nothing; null
   * where examples have one length, so that there is nothing to sort. See {@link EpochBatches}.
   */
  default @Nullable Integer standardWindow() {
    return null;
  }

  /** The validation examples used during training likewise; null for all. */
  default @Nullable Integer standardValidationProblems() {
    return null;
  }

  /** What its scores are. */
  Class<? extends Scores> scoresType();

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
  List<Column> columns();

  /** The sections of the page. */
  List<Page.Section> sections(Report report);
}
