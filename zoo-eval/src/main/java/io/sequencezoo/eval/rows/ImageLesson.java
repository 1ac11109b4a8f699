package io.sequencezoo.eval.rows;

import com.google.common.collect.Lists;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.data.ClassBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.image.ShapeData;
import io.sequencezoo.eval.experiment.EpochBatches;
import io.sequencezoo.eval.experiment.Lesson;
import io.sequencezoo.eval.experiment.Scores;
import io.sequencezoo.eval.experiment.SizeScores;
import io.sequencezoo.models.model.Classifier;
import io.sequencezoo.train.ClassObjective;
import io.sequencezoo.train.ClassScores;
import io.sequencezoo.train.Objective;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.Validator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** How a classifier learns images: rows or pixels by the numbers of a step that it takes. */
final class ImageLesson implements Lesson<ClassBatch> {
  /** Images that are classified at a time. */
  private static final int ROWS = 32;

  private final ImageRowsTask task;
  private final Classifier model;
  private final TrainConfig train;

  ImageLesson(ImageRowsTask task, Classifier model, TrainConfig train) {
    this.task = task;
    this.model = model;
    this.train = train;
  }

  @Override
  public BatchSource<ClassBatch> batches() {
    return new EpochBatches<>(
        task, train.batch(), null, train.seed(), images -> batch(Split.TRAIN, images));
  }

  /** Images of one size, outside every workspace. */
  private ClassBatch batch(Split split, List<Integer> indices) {
    ShapeData data = task.data();
    List<ShapeData.Image> images = indices.stream().map(index -> data.image(split, index)).toList();
    double[][][] pixels = images.stream().map(ShapeData.Image::pixels).toArray(double[][][]::new);
    int[] classes = images.stream().mapToInt(image -> image.shape().number()).toArray();
    int side = pixels[0].length;
    int features = model.config().features();
    long steps = (long) side * side / features;
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      INDArray inputs =
          Nd4j.createFromArray(pixels)
              .castTo(train.precision().dataType())
              .reshape('c', images.size(), steps, features);
      return new ClassBatch(inputs, Nd4j.createFromArray(classes), null);
    }
  }

  @Override
  public Objective<ClassBatch> objective() {
    return new ClassObjective(model);
  }

  @Override
  public Validator validator(int count) {
    return scores(Split.VALIDATION, IntStream.range(0, count).boxed().toList());
  }

  private ClassScores scores(Split split, List<Integer> indices) {
    return new ClassScores(
        model, Lists.partition(indices, ROWS).stream().map(part -> batch(split, part)).toList());
  }

  @Override
  public Scores score(String name, Parameters parameters, Split split, int count) {
    Map<Integer, List<Integer>> bySide =
        IntStream.range(0, count)
            .boxed()
            .collect(
                Collectors.groupingBy(
                    index -> task.data().size(split, index), TreeMap::new, Collectors.toList()));
    List<SizeScores.Size> sizes =
        bySide.entrySet().stream()
            .map(
                own -> {
                  double accuracy =
                      scores(split, own.getValue()).evaluate(parameters).metrics().get("accuracy");
                  return new SizeScores.Size(own.getKey(), accuracy, accuracy);
                })
            .toList();
    return new SizeScores(task.config().side(), sizes);
  }
}
