package io.sequencezoo.core.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parameters;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Names in files can't break a message or fill a screen. */
class HostileNamesTest {
  private static final Block BLOCK = declaration -> declaration.weight("w", Initialisers.ones(), 2);

  @TempDir Path folder;

  @Test
  void messages_areOneShortLine() throws Exception {
    for (String name : List.of("a\nzoo: all is well", "b".repeat(5000), "\u001b[2J\r", "\u2028")) {
      Path file = folder.resolve("file");
      new SafetensorsWriter().add(name, Nd4j.createFromArray(1.0)).write(file);
      Parameters parameters = Parameters.of(BLOCK, DataType.FLOAT, 1);
      List<Throwable> refusals =
          List.of(
              catchThrowable(() -> ParameterFiles.load(file, parameters)),
              catchThrowable(() -> read(file, "absent")),
              catchThrowable(() -> read(file, name + "\n")));
      for (Throwable refusal : refusals) {
        assertThat(refusal).isInstanceOf(IllegalArgumentException.class);
        String message = String.valueOf(refusal.getMessage());
        assertThat(message.chars()).noneMatch(c -> Character.isISOControl(c) || c == '\u2028');
        assertThat(message.length()).isLessThan(800);
      }
    }
  }

  private static void read(Path file, String name) throws Exception {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      reader.read(name);
    }
  }
}
