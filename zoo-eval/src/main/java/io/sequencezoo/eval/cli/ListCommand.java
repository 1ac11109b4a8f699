package io.sequencezoo.eval.cli;

import io.sequencezoo.eval.report.ArchitectureTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code zoo list}: every registered block. */
@Command(name = "list", description = "List every architecture and building block.")
final class ListCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Option(names = "--markdown", description = "As the Markdown table that README.md holds.")
  private boolean markdown;

  @Override
  public void run() {
    ArchitectureTable table = ArchitectureTable.ofRegistry();
    spec.commandLine().getOut().print(markdown ? table.toMarkdown() : table.toText());
    spec.commandLine().getOut().flush();
  }
}
