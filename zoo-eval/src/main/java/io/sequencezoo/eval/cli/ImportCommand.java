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

/** {@code zoo import SOURCE}: a checkpoint of others as a model of the zoo. */
@Command(
    name = "import",
    description = {
      "Read a checkpoint in a public layout as a model.",
      "SOURCE is a folder with config.json and safetensors files, or such a file beside a"
          + " config.json. docs/weights.md lists the layouts."
    })
final class ImportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SOURCE", description = "The folder or file of the checkpoint.")
  private Path source;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "The folder of the model, which must not exist yet.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    Pretrained pretrained = PretrainedModels.loadConstant(source);
    PretrainedModels.save(pretrained, output);
    spec.commandLine()
        .getOut()
        .println(
            pretrained.source().layout()
                + ": "
                + pretrained.parameters().count()
                + " parameters, written to "
                + output);
    return 0;
  }
}
