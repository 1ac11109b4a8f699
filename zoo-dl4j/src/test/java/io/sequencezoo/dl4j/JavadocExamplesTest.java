package io.sequencezoo.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.contract.JavadocExamples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java in documentation comments compiles. */
@Tag("any-kernels")
class JavadocExamplesTest {
  private static final Map<String, String> IMPORTS =
      Map.of(
          "Adam", "org.nd4j.linalg.learning.config.Adam",
          "RnnOutputLayer", "org.deeplearning4j.nn.conf.layers.RnnOutputLayer",
          "LossFunction", "org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction");

  @TempDir Path folder;

  @Test
  void everyExample_compiles() throws IOException {
    Path root = Path.of(System.getProperty("zoo.root", "..")).resolve("zoo-dl4j/src/main/java");
    Map<Path, String> examples = JavadocExamples.below(root);
    assertThat(examples).isNotEmpty();
    for (Map.Entry<Path, String> example : examples.entrySet()) {
      assertThat(
              JavadocExamples.compile(
                  example.getKey(), example.getValue(), List.of(root), IMPORTS, "", folder))
          .as("what javac says of the example of %s", example.getKey())
          .isEmpty();
    }
  }
}
