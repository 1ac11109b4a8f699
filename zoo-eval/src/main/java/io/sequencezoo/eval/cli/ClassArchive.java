package io.sequencezoo.eval.cli;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.List;

/**
 * Runs small commands of every sort, so that Java can archive the classes they load ({@code
 * -XX:ArchiveClassesAtExit}); the script {@code zoo} starts it once after a build.
 */
final class ClassArchive {
  private ClassArchive() {}

  /** Runs them and exits with 0 if all did; their experiment goes to the folder given. */
  public static void main(String[] args) {
    System.exit(run(args[0]));
  }

  /** The exit code of the first command that fails, or 0. */
  static int run(String folder) {
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    List<List<String>> commands =
        List.of(
            List.of("list"),
            List.of("tasks"),
            List.of("describe", "gla"),
            List.of("version"),
            List.of(
                "synthetic",
                "parity",
                "--mixers=gla,lstm,softmax_attention",
                "--length=8",
                "--train-examples=8",
                "--epochs=1",
                "--seeds=1",
                "--output=" + folder));
    for (List<String> command : commands) {
      int code = Zoo.run(nowhere, nowhere, command.toArray(new String[0]));
      if (code != 0) {
        return code;
      }
    }
    return 0;
  }
}
