package io.sequencezoo.eval.cli;

import io.sequencezoo.eval.report.ArchitectureTable;
import io.sequencezoo.eval.report.Bibliography;
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

  @Option(names = "--bibtex", description = "The papers, as docs/bibliography.bib holds them.")
  private boolean bibtex;

  @Option(names = "--citation", description = "The papers, as CITATION.cff holds them.")
  private boolean citation;

  @Override
  public void run() {
    spec.commandLine().getOut().print(text());
    spec.commandLine().getOut().flush();
  }

  private String text() {
    if (bibtex) {
      return Bibliography.ofRegistry().toBibtex();
    }
    if (citation) {
      return Bibliography.ofRegistry().toCitationFile();
    }
    ArchitectureTable table = ArchitectureTable.ofRegistry();
    return markdown ? table.toMarkdown() : table.toText();
  }
}
