package io.sequencezoo.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that measures, prints its tables and, where asked, writes them as JSON. */
abstract class TableCommand implements Runnable {
  private final List<ResultTable> tables = new ArrayList<>();

  @Option(names = "--markdown", description = "Print the tables as Markdown.")
  private boolean markdown;

  @Option(names = "--output", description = "Also write the results as JSON.")
  private Path output;

  @Spec private CommandSpec spec;

  /** Prints what the measurements are taken on and how. */
  final void start(String how) {
    System.out.println(Machine.line() + how);
  }

  /** Prints a table below those before it. */
  final void show(ResultTable table) {
    tables.add(table);
    System.out.println();
    System.out.print(table.toString(markdown));
  }

  /** Writes settings, machine and all tables to the file asked for. */
  final void write(Consumer<ObjectNode> settings) {
    if (output == null) {
      return;
    }
    ObjectNode document = Configs.json().createObjectNode();
    settings.accept(document);
    document.set("machine", Machine.json(spec.commandLine().getParseResult().originalArgs()));
    for (ResultTable table : tables) {
      document.set(table.name(), table.toJson());
    }
    try {
      Files.writeString(output, Configs.write(document));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
