package io.sequencezoo.eval.experiment;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.model.TokenLogits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/** A task whose examples have a size, trained up to one and tested there and beyond. */
public interface SizedTask extends TokenTask {
  /** What sizes are, such as digits. */
  String sizes();

  /** The size of an example. */
  int size(Split split, int index);

  /** The largest size in training. */
  int trainedSize();

  /** The sizes in tests, ascending. */
  List<Integer> testedSizes();

  /** An example. */
  SyntheticData.Example example(Split split, int index);

  @Override
  default TokenBatch batch(Split split, List<Integer> indices) {
    return ExampleRows.batch(indices.stream().map(index -> example(split, index)).toList());
  }

  /**
   * A guess that is right as often at every answered token.
   *
   * @param accuracy by size
   * @param answers tokens of an answer by size
   */
  default SizeScores guess(IntToDoubleFunction accuracy, IntToDoubleFunction answers) {
    List<SizeScores.Size> sizes = new ArrayList<>();
    for (int size : testedSizes()) {
      double each = accuracy.applyAsDouble(size);
      sizes.add(new SizeScores.Size(size, each, Math.pow(each, answers.applyAsDouble(size))));
    }
    return new SizeScores(trainedSize(), sizes);
  }

  @Override
  default Class<? extends Scores> scoresType() {
    return SizeScores.class;
  }

  @Override
  default Scores score(
      String name, TokenLogits model, Parameters parameters, Split split, int count) {
    return SizeScores.of(this, model, parameters, split, count);
  }

  @Override
  default List<Column> columns() {
    List<Column> columns = new ArrayList<>();
    if (testedSizes().get(0) <= trainedSize()) {
      columns.add(Column.percent("accuracy", "accuracy"));
      columns.add(Column.percent("exact", "exact"));
    }
    if (testedSizes().get(testedSizes().size() - 1) > trainedSize()) {
      columns.add(Column.percent("accuracy beyond", "accuracyBeyond"));
      columns.add(Column.percent("exact beyond", "exactBeyond"));
    }
    columns.addAll(List.of(Column.parameters(), Column.updates(), Column.trainSeconds()));
    return columns;
  }

  @Override
  default List<Page.Section> sections(Report report) {
    return List.of(
        new Page.Section(
            "Results on unseen examples",
            "How often the likeliest token is the answer, and how often a whole answer is right:"
                + " over the sizes up to "
                + trainedSize()
                + ", the largest in training, and over those beyond.",
            List.of(report.table())),
        new Page.Section(
            "By size",
            "On test examples; trained up to " + trainedSize() + ".",
            List.of(
                report.positions("Accuracy", sizes(), "accuracy", "accuracy", report.baselines()),
                report.positions("Whole answers", sizes(), "exact", "exact", report.baselines()))),
        new Page.Section(
            "During training",
            "On validation examples, of the sizes in training.",
            List.of(
                report.learning("Accuracy", "accuracy", "accuracy", List.of()),
                report.learning("Loss", "nats per target", "loss", List.of()))));
  }

  /** Guesses by name as baselines. */
  static Baselines guesses(Map<String, SizeScores> guesses) {
    return new Baselines("baselines", guesses, guesses);
  }
}
