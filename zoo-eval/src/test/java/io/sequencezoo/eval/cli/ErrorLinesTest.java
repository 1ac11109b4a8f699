package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What doesn't fit the heap, and libraries that don't load, end in one line too. */
class ErrorLinesTest {
  @Test
  void heap_thatIsTooSmallIsOneLine() {
    assertThat(Zoo.oneLine(new OutOfMemoryError("Java heap space")))
        .isEqualTo(
            "memory: must hold what was asked for, got Java heap space; lower sizes, lengths or"
                + " numbers of examples, or raise -Xmx");
  }

  @Test
  void library_thatDoesNotLoadIsOneLine() {
    Exception cause = new IllegalStateException("no folder\nto write to");
    assertThat(Zoo.oneLine(new ExceptionInInitializerError(cause)))
        .isEqualTo(
            "native libraries: must load, got IllegalStateException: no folder to write to; is a"
                + " cache folder writable? set -Dorg.bytedeco.javacpp.cachedir");
  }
}
