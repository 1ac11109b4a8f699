package io.sequencezoo.eval.cli;

import io.sequencezoo.datasets.synthetic.SyntheticTask;
import io.sequencezoo.eval.analysis.ProbeInput;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command {@code zoo}. Exit codes: 0 success, 1 failure (or a failed conformance case), 2 wrong
 * arguments, 130 interrupted.
 */
@Command(
    name = "zoo",
    description = "Sequence-model architectures as interchangeable dynamical systems.",
    mixinStandardHelpOptions = false,
    subcommands = {
      RunCommand.class,
      AblateCommand.class,
      RunsCommand.class,
      TasksCommand.class,
      IcllCommand.class,
      ListCommand.class,
      DescribeCommand.class,
      SyntheticCommand.class,
      GenerateCommand.class,
      ImportCommand.class,
      ExportCommand.class,
      ConformanceCommand.class,
      VersionCommand.class
    })
public final class Zoo implements Runnable {
  private static final int MOST_THREADS = 1024;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = CommandLine.ScopeType.INHERIT,
      description = "Show this help and exit.")
  @SuppressWarnings("unused") // Picocli sees the option; nothing here reads it.
  private boolean help;

  @Option(
      names = "--threads",
      scope = CommandLine.ScopeType.INHERIT,
      paramLabel = "N",
      description = "Threads to compute with (default: all processors).")
  void setThreads(int threads) {
    if (threads < 1 || threads > MOST_THREADS) {
      throw new ParameterException(
          spec.commandLine(),
          "--threads: must be between 1 and " + MOST_THREADS + ", got " + threads);
    }
    io.sequencezoo.core.kernel.Parallel.setThreads(threads);
  }

  @Option(
      names = "--stacktrace",
      scope = CommandLine.ScopeType.INHERIT,
      description = "Show where an error came from.")
  private boolean stacktrace;

  /** Runs a command and exits with its code. */
  public static void main(String[] args) {
    if (System.getProperty("logback.configurationFile") == null) {
      System.setProperty("logback.configurationFile", "zoo-logback.xml");
    }
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(out, err, args));
  }

  /** Runs a command on the given streams and returns its exit code. */
  public static int run(PrintWriter out, PrintWriter err, String... args) {
    Zoo zoo = new Zoo();
    CommandLine line = new CommandLine(zoo);
    line.setOut(out).setErr(err);
    lowerCase(line, SyntheticTask.class);
    lowerCase(line, ProbeInput.Kind.class);
    lowerCase(line, RunsCommand.Format.class);
    // Picocli overlooks what it doesn't know where help is asked for.
    line.setExecutionStrategy(
        parsed -> {
          refuseUnknown(parsed);
          return new CommandLine.RunLast().execute(parsed);
        });
    line.setParameterExceptionHandler(
        (e, arguments) -> {
          CommandLine failed = e.getCommandLine();
          failed
              .getErr()
              .println("zoo: " + oneLine(e) + nearest(e) + "; try '" + path(failed) + " --help'");
          return CommandLine.ExitCode.USAGE;
        });
    line.setExecutionExceptionHandler(
        (e, failed, parsed) -> {
          failed.getErr().println("zoo: " + oneLine(e));
          if (zoo.stacktrace) {
            e.printStackTrace(failed.getErr());
          }
          return CommandLine.ExitCode.SOFTWARE;
        });
    try {
      return line.execute(args);
    } catch (OutOfMemoryError | LinkageError e) {
      err.println("zoo: " + oneLine(e));
      if (zoo.stacktrace) {
        e.printStackTrace(err);
      }
      return CommandLine.ExitCode.SOFTWARE;
    }
  }

  /** Has the values of an option or parameter written as help writes them. */
  private static <E extends Enum<E>> void lowerCase(CommandLine line, Class<E> type) {
    Map<String, E> values = new LinkedHashMap<>();
    for (E value : type.getEnumConstants()) {
      values.put(value.name().toLowerCase(Locale.ROOT), value);
    }
    line.registerConverter(
        type,
        text -> {
          E value = values.get(text.toLowerCase(Locale.ROOT));
          if (value == null) {
            throw new CommandLine.TypeConversionException(
                "must be one of " + values.keySet() + ", got " + text);
          }
          return value;
        });
  }

  private static void refuseUnknown(CommandLine.ParseResult parsed) {
    for (CommandLine command : parsed.asCommandLineList()) {
      List<String> unknown = command.getUnmatchedArguments();
      if (!unknown.isEmpty()) {
        throw new CommandLine.UnmatchedArgumentException(command, unknown);
      }
    }
  }

  private static String nearest(ParameterException e) {
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched) {
      List<String> known = unmatched.getSuggestions();
      return known.isEmpty() ? "" : "; the nearest is '" + known.get(0).strip() + "'";
    }
    return "";
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private static String path(CommandLine line) {
    return line.getCommandSpec().qualifiedName();
  }

  static String oneLine(Error e) {
    if (e instanceof OutOfMemoryError) {
      return "memory: must hold what was asked for, got "
          + e.getMessage()
          + "; lower sizes, lengths or numbers of examples, or raise -Xmx";
    }
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = cause.getMessage() == null ? "no reason" : cause.getMessage();
    return ("native libraries: must load, got "
            + cause.getClass().getSimpleName()
            + ": "
            + message
            + "; is a cache folder writable? set -Dorg.bytedeco.javacpp.cachedir")
        .replaceAll("\\s*\\R\\s*", " ");
  }

  private static String oneLine(Exception e) {
    String message = e.getMessage() == null ? "" : e.getMessage().strip();
    boolean ours = e instanceof IllegalArgumentException || e instanceof ParameterException;
    String text =
        ours && !message.isEmpty() ? message : e.getClass().getSimpleName() + ": " + message;
    if (message.contains("No space left")) {
      text =
          "disk: must have room, got " + message + "; what is finished stays, free some to go on";
    }
    if (e instanceof java.nio.file.NoSuchFileException) {
      text = "file: must exist, got " + message;
    }
    return text.replaceAll("\\s*\\R\\s*", " ");
  }
}
