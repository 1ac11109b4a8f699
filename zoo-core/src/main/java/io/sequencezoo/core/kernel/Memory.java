package io.sequencezoo.core.kernel;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.math.LongMath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * Off-heap memory that is left. ND4J goes on after an allocation that failed, and the process ends
 * with a segmentation fault; so what is large asks first.
 */
public final class Memory {
  /** A lower limit in bytes, to leave memory to others. */
  public static final String LIMIT_PROPERTY = "zoo.memory.bytes";

  private static final Path INFO = Path.of("/proc/meminfo");

  private Memory() {}

  /**
   * Checks that arrays fit.
   *
   * @param subject what they are of, for the message
   * @param numbers elements of all of them
   * @param bytesEach bytes of an element
   * @throws IllegalArgumentException where they don't
   */
  public static void checkFits(String subject, long numbers, int bytesEach) {
    long bytes = LongMath.saturatedMultiply(numbers, bytesEach);
    long free = free();
    checkArgument(
        bytes <= free,
        "%s: must fit the %s bytes of memory that are free, got %s; make model, batch or"
            + " length smaller",
        subject,
        free,
        bytes);
  }

  private static long free() {
    long free = Long.getLong(LIMIT_PROPERTY, Long.MAX_VALUE);
    if (Pointer.maxBytes() > 0) {
      free = Math.min(free, Pointer.maxBytes() - Pointer.totalBytes());
    }
    if (Pointer.maxPhysicalBytes() > 0) {
      free = Math.min(free, Pointer.maxPhysicalBytes() - Pointer.physicalBytes());
    }
    return Math.min(free, available());
  }

  /** What the system says it can give without swapping; unlimited where it doesn't say. */
  private static long available() {
    if (!Files.isReadable(INFO)) {
      return Long.MAX_VALUE;
    }
    try {
      List<String> lines = Files.readAllLines(INFO);
      return lines.stream()
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(Long.MAX_VALUE);
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }
}
