package io.sequencezoo.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.contract.JavadocExamples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java in documentation comments compiles. */
class JavadocExamplesTest {
  private static final Path ROOT = Path.of(System.getProperty("zoo.root", ".."));

  private static final Map<String, String> IMPORTS =
      Map.of(
          "List", "java.util.List",
          "Map", "java.util.Map",
          "Path", "java.nio.file.Path",
          "DataType", "org.nd4j.linalg.api.buffer.DataType",
          "INDArray", "org.nd4j.linalg.api.ndarray.INDArray");

  /** What examples take for granted, by file. */
  private static final Map<String, String> GIVEN =
      Map.of(
          "GradientCheck", "INDArray x, INDArray y",
          "Tape", "INDArray weights",
          "Replay", "Runnable step",
          "DenseLinearSystem",
              "double[][] inputs, int stateSize, int outputSize, double[][] decay, double[][][] b,"
                  + " double[][][] c",
          "TapeCell", "",
          "StateFiles",
              "Path file, io.sequencezoo.core.dynamics.Recurrence.Evolution evolution,"
                  + " SequenceMixer mixer, Context context, int batch",
          "Scratch", "Precision<A> precision",
          "Spectrum", "SequenceMixer mixer, Context context, Variable x",
          "Interruption", "Trainer<?> trainer",
          "Trainer",
              "Block model, TrainConfig config, Objective<TokenBatch> objective,"
                  + " BatchSource<TokenBatch> source, List<TokenBatch> validationBatches, Path"
                  + " folder, Object experiment, org.slf4j.Logger log");

  @TempDir Path folder;

  @Test
  void everyExample_compiles() throws IOException {
    List<Path> roots =
        Stream.of("zoo-core", "zoo-models", "zoo-train", "datasets", "zoo-eval")
            .map(module -> ROOT.resolve(module).resolve("src/main/java"))
            .toList();
    List<String> seen = new ArrayList<>();
    for (Path root : roots) {
      for (Map.Entry<Path, String> example : JavadocExamples.below(root).entrySet()) {
        String name = example.getKey().getFileName().toString().replace(".java", "");
        assertThat(GIVEN).as("what the example of %s takes for granted", name).containsKey(name);
        assertThat(
                JavadocExamples.compile(
                    example.getKey(), example.getValue(), roots, IMPORTS, GIVEN.get(name), folder))
            .as("what javac says of the example of %s", name)
            .isEmpty();
        seen.add(name);
      }
    }
    assertThat(seen).containsExactlyInAnyOrderElementsOf(GIVEN.keySet());
  }
}
