package io.sequencezoo.eval.cli;

import io.sequencezoo.models.pretrained.Pretrained;
import io.sequencezoo.models.pretrained.PretrainedModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zoo export DIR}: an imported model as the files that it came from. */
@Command(
    name = "export",
    description = {
      "Write a model that was imported as the files that it came from.",
      "Names, types and order are those of the checkpoint; weights that nobody has trained are the"
          + " same bytes."
    })
final class ExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "A folder that 'zoo import' wrote.")
  private Path folder;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "The folder of the checkpoint, which must not exist yet.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    Pretrained pretrained = PretrainedModels.open(folder);
    PretrainedModels.export(pretrained, output);
    spec.commandLine().getOut().println(pretrained.source().layout() + ": written to " + output);
    return 0;
  }
}
