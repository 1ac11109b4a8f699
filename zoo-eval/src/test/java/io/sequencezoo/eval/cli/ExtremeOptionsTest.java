package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.eval.experiment.TinyExperiment;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.models.model.TokenModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Every whole number that a command takes as 0, -1 and 2^31 - 1: done, or refused in one line. */
@Tag("any-kernels")
class ExtremeOptionsTest {
  private static final List<Class<?>> WHOLE =
      List.of(int.class, Integer.class, long.class, Long.class);

  /** What would go on for years, as it was asked to. */
  private static final Set<String> ENDLESS =
      Set.of(
          "run --seeds 2147483647",
          "ablate --seeds 2147483647",
          "icll --seeds 2147483647",
          "synthetic --seeds 2147483647",
          "synthetic --epochs 2147483647",
          "generate --tokens 2147483647");

  @TempDir Path folder;

  @Test
  void options_workOrAreRefusedInOneLine() throws IOException {
    Path tiny = Files.writeString(folder.resolve("tiny.yaml"), TinyExperiment.yaml(1));
    Map<String, String> lines =
        Map.ofEntries(
            // Commands without whole numbers of their own.
            Map.entry("import", ""),
            Map.entry("export", ""),
            Map.entry("runs", folder.toString()),
            Map.entry("ablate", study() + " --output " + folder + "/OUT"),
            Map.entry(
                "run", "icll --config " + tiny + " --mixers lstm --output " + folder + "/OUT"),
            Map.entry("icll", "--config " + tiny + " --mixers lstm --output " + folder + "/OUT"),
            Map.entry(
                "synthetic",
                "parity --mixers lstm --length 4 --train-examples 4 --epochs 1 --output "
                    + folder
                    + "/OUT"),
            Map.entry("describe", "gla --spectrum --width 8 --length 4 --out " + folder + "/OUT"),
            Map.entry("generate", model() + " --tokens 2 --prompt 1"),
            Map.entry("tasks", ""),
            Map.entry("list", ""),
            Map.entry("conformance", folder.toString()),
            Map.entry("version", ""));
    List<String> faults = new ArrayList<>();
    int threads = Parallel.threads();
    int tried = 0;
    CommandLine zoo = new CommandLine(new Zoo());
    for (Map.Entry<String, CommandLine> command : zoo.getSubcommands().entrySet()) {
      assertThat(lines).containsKey(command.getKey());
      for (OptionSpec option : command.getValue().getCommandSpec().options()) {
        for (int value : new int[] {0, -1, Integer.MAX_VALUE}) {
          String what = command.getKey() + " " + option.longestName() + " " + value;
          if (WHOLE.contains(option.type()) && !ENDLESS.contains(what)) {
            String line = lines.get(command.getKey()).replace("OUT", "out" + tried++);
            check(what, command.getKey(), line, option.longestName(), value, faults);
          }
        }
      }
    }
    Parallel.setThreads(threads);
    assertThat(faults).as("of %s lines", tried).isEmpty();
    assertThat(tried).isGreaterThan(40);
  }

  private static void check(
      String what, String command, String line, String option, int value, List<String> faults) {
    List<String> arguments = new ArrayList<>(List.of(command));
    boolean baselines = option.equals("--problems") || option.equals("--seed");
    if (command.equals("icll") && baselines) {
      arguments.add("--baselines-only");
      arguments.add(line.substring(line.indexOf("--output")).replace(' ', '='));
    } else {
      Splitter.on(' ')
          .omitEmptyStrings()
          .split(line.replaceAll(option + " \\S+", ""))
          .forEach(arguments::add);
    }
    arguments.add(option + "=" + value);
    StringWriter err = new StringWriter();
    int code =
        Zoo.run(
            new PrintWriter(new StringWriter(), true),
            new PrintWriter(err, true),
            arguments.toArray(String[]::new));
    String said = err.toString().strip();
    if (code != 0
        && (said.lines().count() != 1 || said.contains("Exception") || said.contains("memory: "))) {
      faults.add(what + ": " + code + " " + said);
    }
  }

  private Path model() throws IOException {
    String yaml =
        "{type: language_model, vocabulary: 20, width: 8, layers: 1, mixer: {type: lstm}}";
    TokenModel model = Configs.read("model", yaml, LanguageModelConfig.class).build();
    ModelFiles.save(folder.resolve("model"), model, Parameters.of(model, DataType.FLOAT, 1));
    return folder.resolve("model");
  }

  private Path study() throws IOException {
    return Files.writeString(
        folder.resolve("study.yaml"),
        """
        tasks: [{type: synthetic, task: parity, length: 4, trainExamples: 4, validationExamples: 2, testExamples: 2}]
        model: {type: language_model, width: 4, layers: 1, mixer: {type: lstm}}
        changes: [lstm -> gru]
        train: {optimizer: {type: adamw, lr: 1e-2}, steps: 1, batch: 2, seed: 1}
        """);
  }
}
