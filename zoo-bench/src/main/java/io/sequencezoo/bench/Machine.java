package io.sequencezoo.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.train.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a measurement was taken on, and the memory of this process as Linux tells it. */
final class Machine {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final Path STATUS = Path.of("/proc/self/status");

  private static final String UNIT = " kB";

  private Machine() {}

  /** One line for people. */
  static String line() {
    Provenance now = Provenance.current(List.of(), null);
    return String.format(
        Locale.ROOT,
        "%s; %d of %d processors; %s; %s kernels; commit %s; %s",
        processor(),
        now.threads(),
        now.processors(),
        now.jvm(),
        now.kernels(),
        now.commit() == null ? "unknown" : now.commit(),
        now.created());
  }

  /** The same for programs. */
  static JsonNode json(List<String> arguments) {
    ObjectNode node = Configs.json().valueToTree(Provenance.current(arguments, null));
    node.put("processor", processor());
    return node;
  }

  private static String processor() {
    return entry(PROCESSORS, "model name").orElse(System.getProperty("os.arch"));
  }

  /** Bytes of this process in memory; NaN where the system doesn't say. */
  static double residentBytes() {
    return entry(STATUS, "VmRSS")
        .map(text -> Double.parseDouble(text.substring(0, text.indexOf(UNIT))) * 1024)
        .orElse(Double.NaN);
  }

  private static Optional<String> entry(Path file, String name) {
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
