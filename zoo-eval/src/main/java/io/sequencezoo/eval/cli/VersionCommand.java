package io.sequencezoo.eval.cli;

import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.KernelInfo;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code zoo version}: what runs, on what. */
@Command(
    name = "version",
    description =
        "Show the version, the kernels and BLAS in use, how fast they are, and the Java runtime.")
final class VersionCommand implements Runnable {
  private static final double SELF_TEST_SECONDS = 0.5;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    String version = VersionCommand.class.getPackage().getImplementationVersion();
    out.println("Sequence Zoo " + (version == null ? "(development build)" : version));
    KernelInfo info = KernelInfo.current();
    out.println(
        "kernels "
            + info.provider()
            + (info.vectorBits().isPresent()
                ? " (vectors of " + info.vectorBits().getAsInt() + " bits), "
                : ", ")
            + info.threads()
            + " threads");
    out.println(info.blas() + ", core " + info.core());
    out.printf(
        Locale.ROOT,
        "matrix products %.0f GFLOP/s (float, 1024 x 1024 x 1024, all threads, best in %s s)%n",
        Blas.gigaflops(SELF_TEST_SECONDS),
        SELF_TEST_SECONDS);
    info.remedies().forEach(remedy -> out.println("slower than it could be: " + remedy));
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
