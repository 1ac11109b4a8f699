package io.sequencezoo.core.kernel.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is committed is what {@link KernelText} prints. */
class GeneratedKernelsTest {
  private static Map<Path, String> files;

  @BeforeAll
  static void print() throws IOException {
    files = KernelText.files(Path.of(System.getProperty("zoo.root")));
  }

  @Test
  void kernels_areWhatIsPrinted() {
    files.forEach((path, text) -> assertThat(path).as("see KernelText").hasContent(text));
  }

  @Test
  void folder_holdsNothingElse() throws IOException {
    Path folder = files.keySet().iterator().next().getParent();
    try (Stream<Path> found = Files.list(folder)) {
      assertThat(found).containsExactlyInAnyOrderElementsOf(files.keySet());
    }
  }
}
