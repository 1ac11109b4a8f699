package io.sequencezoo.eval.cli;

import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code zoo version}: what runs, on what. */
@Command(
    name = "version",
    description = "Show the version, the kernels in use and the Java runtime.")
final class VersionCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    String version = VersionCommand.class.getPackage().getImplementationVersion();
    out.println("Sequence Zoo " + (version == null ? "(development build)" : version));
    out.println(
        "kernels " + Precision.FLOAT.kernels().name() + ", " + Parallel.threads() + " threads");
    out.println(
        "Java "
            + System.getProperty("java.vm.version")
            + " ("
            + System.getProperty("java.vm.name")
            + "), "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch"));
  }
}
