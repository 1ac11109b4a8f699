package io.sequencezoo.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;

/**
 * The folder of reference vectors: what the environment variable {@code ZOO_CONFORMANCE} or the
 * system property {@code zoo.conformance} names. Tests that need it skip where neither is set, and
 * fail where one names a folder that isn't there.
 */
public final class ReferenceVectors {
  private ReferenceVectors() {}

  /** The folder. */
  public static Path folder() {
    String given = System.getProperty("zoo.conformance", System.getenv("ZOO_CONFORMANCE"));
    assumeTrue(given != null, "needs reference vectors: set ZOO_CONFORMANCE to their folder");
    Path folder = Path.of(given);
    assertThat(folder).isDirectory();
    return folder;
  }

  /** A file of the folder. */
  public static Path file(String name) {
    Path file = folder().resolve(name + ".safetensors");
    assertThat(file).exists();
    return file;
  }
}
