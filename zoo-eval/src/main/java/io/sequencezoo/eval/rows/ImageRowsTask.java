package io.sequencezoo.eval.rows;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.image.Shape;
import io.sequencezoo.datasets.image.ShapeConfig;
import io.sequencezoo.datasets.image.ShapeData;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.Column;
import io.sequencezoo.eval.experiment.Lesson;
import io.sequencezoo.eval.experiment.Report;
import io.sequencezoo.eval.experiment.Scores;
import io.sequencezoo.eval.experiment.SizeScores;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.matrix.LightNetConfig;
import io.sequencezoo.models.model.Classifier;
import io.sequencezoo.models.model.ClassifierConfig;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.train.TrainConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which shape an image shows, for classifiers of numbers: a step is a row of pixels where the model
 * takes as many numbers as a side has, and a pixel where it takes one. Sizes are pixels of a side.
 *
 * @param config what determines the data
 */
@JsonTypeName("shape_rows")
public record ImageRowsTask(@JsonValue ShapeConfig config) implements Task {
  private static final int CLASSES = Shape.ALL.size();

  /** Reads what determines the data. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public ImageRowsTask {}

  /** The images. */
  ShapeData data() {
    return new ShapeData(config);
  }

  @Override
  public String name() {
    return "shape_rows";
  }

  @Override
  public String title() {
    return "Shapes, as rows or pixels";
  }

  @Override
  public String subtitle() {
    return String.format(
        Locale.ROOT,
        "%d pixels a side, tested on %s; noise %s; %,d training examples",
        config.side(),
        config.testLengths(),
        config.noise(),
        config.trainExamples());
  }

  @Override
  public String inputs() {
    return config.side() + " numbers, or 1";
  }

  @Override
  public int examples(Split split) {
    return config.examples(split);
  }

  /** Of rows; there are as many pixels in each. */
  @Override
  public int length(Split split, int index) {
    return data().size(split, index);
  }

  @Override
  public ClassifierConfig fit(String name, LayeredConfig model) {
    checkArgument(
        model instanceof ClassifierConfig,
        "experiment: %s must be a classifier for task %s, got %s",
        name,
        name(),
        Registry.typeName(model.getClass()));
    ClassifierConfig own = (ClassifierConfig) model;
    checkArgument(
        own.classes() == CLASSES,
        "experiment: %s.classes must be the %s shapes, got %s",
        name,
        CLASSES,
        own.classes());
    int side = config.side();
    checkArgument(
        own.features() == 1 || own.features() == side,
        "experiment: %s.features must be task.side %s for rows or 1 for pixels, got %s",
        name,
        side,
        own.features());
    checkArgument(
        own.features() == 1 || config.testLengths().equals(List.of(side)),
        "experiment: task.testLengths must be [%s] for rows of as many pixels, got %s",
        side,
        config.testLengths());
    own.mixers().forEach(mixer -> checkGrid(name, mixer, own.features()));
    return own;
  }

  /** A grid holds the largest image, or testing would end in an error. */
  private void checkGrid(String name, MixerConfig mixer, int features) {
    if (mixer instanceof LightNetConfig grid && !grid.axes().isEmpty()) {
      int largest = config.testLengths().get(config.testLengths().size() - 1);
      long steps = features == 1 ? (long) largest * largest : largest;
      long places = grid.axes().stream().mapToLong(Integer::longValue).reduce(1, (x, y) -> x * y);
      checkArgument(
          places >= steps,
          "experiment: axes of %s must have %s places for the largest image, got %s",
          name,
          steps,
          grid.axes());
    }
  }

  @Override
  public Lesson<?> lesson(Model model, TrainConfig train, Integer window) {
    return new ImageLesson(this, (Classifier) model, train);
  }

  @Override
  public String hash(Split split) {
    return data().hash();
  }

  @Override
  public Class<? extends Scores> scoresType() {
    return SizeScores.class;
  }

  @Override
  public Baselines baselines() {
    double chance = 1.0 / CLASSES;
    SizeScores guess =
        new SizeScores(
            config.side(),
            config.testLengths().stream()
                .map(side -> new SizeScores.Size(side, chance, chance))
                .toList());
    Map<String, SizeScores> scores = Map.of("chance", guess);
    return new Baselines("baselines", scores, scores);
  }

  @Override
  public List<Column> columns() {
    List<Column> columns = new ArrayList<>(List.of(Column.percent("accuracy", "accuracy")));
    if (config.testLengths().get(config.testLengths().size() - 1) > config.side()) {
      columns.add(Column.percent("accuracy beyond", "accuracyBeyond"));
    }
    columns.addAll(List.of(Column.parameters(), Column.updates(), Column.trainSeconds()));
    return columns;
  }

  @Override
  public List<Page.Section> sections(Report report) {
    return List.of(
        new Page.Section(
            "Results on unseen images",
            "How often the likeliest shape is the one that is shown.",
            List.of(report.table())),
        new Page.Section(
            "By size",
            "On test examples; trained on " + config.side() + " pixels a side.",
            List.of(
                report.positions(
                    "Accuracy", "pixels of a side", "accuracy", "accuracy", report.baselines()))),
        new Page.Section(
            "During training",
            "On validation examples.",
            List.of(
                report.learning("Accuracy", "accuracy", "accuracy", report.baselines()),
                report.learning("Loss", "nats per image", "loss", List.of()))));
  }
}
