package io.sequencezoo.eval.cli;

import io.sequencezoo.eval.conformance.Conformance;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zoo conformance DIR}. */
@Command(
    name = "conformance",
    description = {
      "Compare operators with reference outputs and gradients.",
      "DIR holds safetensors files of the format sequence-conformance-1. Exits with 1 if a case"
          + " fails."
    })
final class ConformanceCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "The folder of cases.")
  private Path folder;

  @Option(names = "--strict", description = "Also exit with 1 if an operator is unknown.")
  private boolean strict;

  @Override
  public Integer call() throws Exception {
    Conformance.Summary summary =
        Conformance.run(folder, spec.commandLine().getOut(), spec.commandLine().getErr());
    return summary.failed() > 0 || (strict && summary.unknown() > 0) ? 1 : 0;
  }
}
