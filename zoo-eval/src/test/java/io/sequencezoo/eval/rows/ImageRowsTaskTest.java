package io.sequencezoo.eval.rows;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.ClassBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.image.ShapeData;
import io.sequencezoo.eval.cli.Zoo;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Tasks;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("any-kernels")
class ImageRowsTaskTest {
  @TempDir Path folder;
  private final StringWriter err = new StringWriter();

  private int run(String line) {
    return Zoo.run(
        new PrintWriter(new StringWriter(), true), new PrintWriter(err, true), line.split(" "));
  }

  private Path config(String task, String model) throws Exception {
    return Files.writeString(
        folder.resolve("config.yaml"),
        "task: {type: shape_rows, side: 8, noise: 0.02, trainExamples: 600, validationExamples: 30,"
            + " testExamples: 60, "
            + task
            + "}\nmodel: {type: classifier, width: 16, layers: 1, "
            + model
            + "}\ntrain: {optimizer: {type: adamw, lr: 1e-2}, steps: 150, batch: 16, seed: 1}\n");
  }

  private JsonNode sizes(Path config) throws Exception {
    Path to = folder.resolve("out");
    assertThat(run("run shape_rows --config " + config + " --output " + to))
        .as(err.toString())
        .isZero();
    assertThat(Files.readString(to.resolve("report.html"))).contains("pixels of a side");
    return Configs.json().readTree(to.resolve("results.json").toFile()).at("/runs/0/test/sizes");
  }

  @Test
  void rows_areClassifiedBetterThanByChance() throws Exception {
    JsonNode sizes =
        sizes(config("testLengths: [8]", "classes: 6, features: 8, mixer: {type: lstm}"));
    assertThat(sizes).hasSize(1);
    assertThat(sizes.at("/0/accuracy").asDouble()).isGreaterThan(0.3);
  }

  /** Pixels go through a grid that holds images of both sizes. */
  @Test
  void pixels_goThroughGrids() throws Exception {
    Path config =
        config(
            "testLengths: [8, 10]",
            "classes: 6, features: 1, mixer: {type: lightnet, heads: 2, bidirectional: true,"
                + " toeplitz: every_layer, axes: [10, 10]}");
    Files.writeString(config, Files.readString(config).replace("steps: 150", "steps: 2"));
    assertThat(sizes(config)).hasSize(2);
  }

  @Test
  void batches_areImagesRowByRow() throws Exception {
    ExperimentConfig experiment =
        ExperimentConfig.parse(
            "test",
            Files.readString(
                config("testLengths: [8]", "classes: 6, features: 8, mixer: {type: lstm}")));
    ImageRowsTask task = (ImageRowsTask) experiment.task();
    var lesson =
        (ImageLesson)
            task.lesson(experiment.contestants().get("lstm").build(), experiment.train(), null);
    var batches = lesson.batches();
    assertThat(batches.batchesPerEpoch()).isEqualTo(38);
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 38; i++) {
      ClassBatch batch = batches.next();
      assertThat(batch.inputs().shape()).containsExactly(i == 37 ? 8 : 16, 8, 8);
      for (int b = 0; b < batch.rows(); b++) {
        seen.add(batch.inputs().getDouble(b, 3, 5) + " " + batch.classes().getInt(b));
      }
    }
    ShapeData data = task.data();
    for (int i = 0; i < 600; i++) {
      ShapeData.Image image = data.image(Split.TRAIN, i);
      assertThat(seen)
          .contains((double) (float) image.pixels()[3][5] + " " + image.shape().number());
    }
    batches.seek(5);
    double[] fifth = batches.next().inputs().ravel().toDoubleVector();
    batches.seek(5);
    assertThat(batches.next().inputs().ravel().toDoubleVector()).containsExactly(fifth);
    assertThat(Tasks.get().standard("shape_rows").inputs()).isEqualTo("16 numbers, or 1");
  }

  @Test
  void modelsThatCantReadThem_areRefused() throws Exception {
    String[][] mistakes = {
      {"testLengths: [8]", "classes: 5, features: 8, mixer: {type: lstm}"},
      {"testLengths: [8]", "classes: 6, features: 3, mixer: {type: lstm}"},
      {"testLengths: [8, 9]", "classes: 6, features: 8, mixer: {type: lstm}"},
      {
        "testLengths: [8, 10]",
        "classes: 6, features: 1, mixer: {type: lightnet, heads: 2, bidirectional: true,"
            + " toeplitz: every_layer, axes: [8, 8]}"
      }
    };
    for (String[] mistake : mistakes) {
      Path config = config(mistake[0], mistake[1]);
      assertThat(run("run shape_rows --config " + config + " --output " + folder.resolve("none")))
          .isEqualTo(1);
    }
    Path config = config("testLengths: [8]", "vocabulary: 8, mixer: {type: lstm}");
    Files.writeString(config, Files.readString(config).replace("classifier", "language_model"));
    assertThat(run("run shape_rows --config " + config + " --output " + folder.resolve("none")))
        .isEqualTo(1);
    assertThat(err.toString().strip().lines())
        .hasSize(5)
        .allSatisfy(text -> assertThat(text).startsWith("zoo: "))
        .anySatisfy(text -> assertThat(text).contains("must have 100 places for the largest image"))
        .anySatisfy(text -> assertThat(text).contains("must be a classifier for task shape_rows"));
    assertThat(folder.resolve("none")).doesNotExist();
  }
}
