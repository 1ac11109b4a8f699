package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What doesn't fit the heap ends in one line too. */
class ErrorLinesTest {
  @TempDir Path folder;

  @Test
  void heap_thatIsTooSmallIsOneLine() {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Zoo.run(
            new PrintWriter(out, true),
            new PrintWriter(err, true),
            "synthetic",
            "parity",
            "--length",
            "2147483647",
            "--output",
            folder.resolve("out").toString());
    assertThat(code).as(err.toString()).isEqualTo(1);
    assertThat(err.toString().strip()).startsWith("zoo: memory: ").hasLineCount(1);
  }
}
