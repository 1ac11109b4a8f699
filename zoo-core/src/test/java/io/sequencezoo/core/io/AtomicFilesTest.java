package io.sequencezoo.core.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir Path folder;

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void file_hasThePermissionsOfAnyOther() throws IOException {
    Path plain = Files.writeString(folder.resolve("plain"), "x");
    Path atomic = folder.resolve("atomic");
    AtomicFiles.writeString(atomic, "x");
    assertThat(Files.getPosixFilePermissions(atomic))
        .isEqualTo(Files.getPosixFilePermissions(plain));
  }

  @Test
  void bodyThatFails_leavesTheOldFileAndNothingElse() throws IOException {
    Path file = folder.resolve("file");
    AtomicFiles.writeString(file, "old");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    channel -> {
                      AtomicFiles.writeFully(channel, "ne");
                      throw new IOException("full");
                    }))
        .hasMessage("full");
    assertThat(file).hasContent("old");
    try (Stream<Path> entries = Files.list(folder)) {
      assertThat(entries).containsExactly(file);
    }
  }

  @Test
  void removeTemporary_removesWhatWritingLeavesWhenItIsKilled() throws IOException {
    Path below = Files.createDirectory(folder.resolve("below"));
    Path kept = Files.writeString(folder.resolve("mine.tmp"), "x");
    Path[] seen = new Path[1];
    AtomicFiles.write(
        below.resolve("file.json"),
        channel -> {
          try (Stream<Path> entries = Files.list(below)) {
            seen[0] = entries.findFirst().orElseThrow();
          }
        });
    // The process is killed between writing and renaming.
    Files.writeString(seen[0], "half");
    AtomicFiles.removeTemporary(folder);
    assertThat(seen[0]).doesNotExist();
    assertThat(kept).exists();
    assertThat(below.resolve("file.json")).exists();
  }
}
