package io.sequencezoo.core.io;

import static com.google.common.base.Preconditions.checkArgument;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writing that survives a crash at any moment: a reader sees the old file or the whole new one,
 * never a part.
 */
public final class AtomicFiles {
  private static final String TEMPORARY = ".tmp";
  private static final Pattern LITTER = Pattern.compile("\\..+\\.\\d+\\" + TEMPORARY);
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Runs before everything that the disk sees as one step; tests end the process there. */
  static final AtomicReference<Runnable> BEFORE_STEP = new AtomicReference<>(() -> {});

  private AtomicFiles() {}

  /**
   * Removes the temporary files that killed processes left in a folder and below it. Nobody may be
   * writing there.
   */
  public static void removeTemporary(Path root) throws IOException {
    List<Path> litter;
    try (Stream<Path> walk = Files.walk(root)) {
      litter =
          walk.filter(path -> LITTER.matcher(path.getFileName().toString()).matches()).toList();
    }
    for (Path path : litter) {
      Files.deleteIfExists(path);
    }
  }

  /**
   * Writes to a temporary file in the same folder, forces it to the disk, and renames it to its
   * name. When the body fails, the temporary file is removed and the old file stands.
   */
  public static void write(Path file, Body body) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    checkArgument(folder != null, "file: must have a name, got %s", file);
    // Not createTempFile: what that makes is for its owner alone, whatever the umask says.
    Path temporary =
        folder.resolve(
            "." + file.getFileName() + "." + Long.toUnsignedString(RANDOM.nextLong()) + TEMPORARY);
    try {
      writeAndForce(temporary, body);
      move(temporary, file);
      forceFolder(folder);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void beforeStep() {
    Objects.requireNonNull(BEFORE_STEP.get()).run();
  }

  /** Writes text in UTF-8, atomically. */
  public static void writeString(Path file, String text) throws IOException {
    write(file, channel -> writeFully(channel, text));
  }

  /** Writes a file in place and forces it to the disk; for folders that are renamed whole. */
  public static void writeAndForce(Path file, Body body) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      body.write(channel);
      beforeStep();
      channel.force(true);
    }
  }

  /** Renames a file or folder in one step. */
  public static void move(Path from, Path to) throws IOException {
    beforeStep();
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Forces the entries of a folder to the disk, where the system can. */
  public static void forceFolder(Path folder) throws IOException {
    if (System.getProperty("os.name").startsWith("Windows")) {
      // Windows opens no channel on a folder; its renames are journalled.
      return;
    }
    beforeStep();
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Writes text in UTF-8 to a channel, all of it. */
  public static void writeFully(FileChannel channel, String text) throws IOException {
    writeFully(channel, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** What is written. */
  @FunctionalInterface
  public interface Body {
    /** Writes everything to the channel, from its start. */
    void write(FileChannel channel) throws IOException;
  }
}
