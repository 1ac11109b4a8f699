package io.sequencezoo.train;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a folder for one run at a time. The operating system gives the lock back when the process
 * ends, however it ends.
 */
public final class FolderLock implements AutoCloseable {
  private static final String NAME = ".lock";

  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock of a folder.
   *
   * @param subject what the folder holds, for messages
   * @throws IllegalArgumentException where another run has it
   */
  public static FolderLock take(String subject, Path folder) throws IOException {
    return tryTake(folder)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format(
                        "%s %s: must be used by one run at a time, got a second; wait for the other"
                            + " or use another folder",
                        subject, folder)));
  }

  /** Takes the lock of a folder, or nothing where another run has it. */
  public static Optional<FolderLock> tryTake(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(folder.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      taken = lock(channel) != null;
      return taken ? Optional.of(new FolderLock(channel)) : Optional.empty();
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  /** The lock, or null where this or another process has it. */
  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
