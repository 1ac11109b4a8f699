package io.sequencezoo.eval.generated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import io.sequencezoo.eval.cli.Zoo;
import io.sequencezoo.eval.experiment.AnswerCounts;
import io.sequencezoo.eval.experiment.GeneratedTask;
import io.sequencezoo.eval.experiment.Scores;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.Tasks;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tasks on generated examples, from the command line to the page, and their baselines. */
@Tag("any-kernels")
class GeneratedTasksTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(List<String> line) {
    return Zoo.run(
        new PrintWriter(out, true), new PrintWriter(err, true), line.toArray(String[]::new));
  }

  private static List<String> line(String task, Path to, String... settings) {
    List<String> line = new ArrayList<>(List.of("run", task, "--mixers", "lstm"));
    Stream.concat(
            Stream.of("train.steps=2", "train.evaluateEvery=1", "train.batch=4", "model.width=8"),
            Arrays.stream(settings))
        .forEach(setting -> line.addAll(List.of("--set", setting)));
    line.addAll(List.of("--output", to.toString()));
    return line;
  }

  /** One of every generator, as small as it gets. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "formal_dyck | task.maxLength=8 task.testLengths=[8,12]",
        "mad_noisy_recall | task.length=16 task.testLengths=[16,32]",
        "story_list | task.maxLength=4 task.testLengths=[4,6]",
        "shapes | task.side=8 task.testLengths=[8,10]"
      })
  void everyTask_runsToAReportWithACurveBySize(String task, String settings) throws Exception {
    List<String> all = new ArrayList<>(List.of(settings.split(" ")));
    all.addAll(
        List.of("task.testExamples=6", "task.trainExamples=40", "task.validationExamples=4"));
    List<String> line = line(task, folder, all.toArray(String[]::new));
    assertThat(run(line)).as(err.toString()).isZero();
    assertThat(out.toString())
        .contains("most frequent answer", "after the last 3 tokens", "lstm", "exact beyond");
    JsonNode results = Configs.json().readTree(folder.resolve("results.json").toFile());
    JsonNode test = results.at("/runs/0/test");
    JsonNode sizes = task.startsWith("mad") ? test.at("/sizes/sizes") : test.at("/sizes");
    assertThat(sizes).hasSize(2);
    assertThat(sizes.at("/1/accuracy").isNumber()).isTrue();
    assertThat(Files.readString(folder.resolve("report.html"))).contains("By size");
    assertThat(run(List.of("run", "--resume", folder.toString()))).as(err.toString()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"mqar_hops, 2", "mqar_updates, 1"})
  void chainedRecall_runsToo(String task, int hops) throws Exception {
    List<String> line =
        line(
            task,
            folder,
            "task.hops=" + hops,
            "task.train=[{length: 32, pairs: 2, examples: 32}]",
            "task.test=[{length: 32, pairs: 2, examples: 5}, {length: 32, pairs: 4, examples: 5}]",
            "task.validationExamples=4");
    assertThat(run(line)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("chance", "a value that was shown", "exact beyond");
    assertThat(out.toString().contains("the first value of a key")).isEqualTo(hops == 1);
  }

  static List<GeneratedTask> generated() {
    return Tasks.get().entries().values().stream()
        .map(entry -> entry.standard())
        .filter(GeneratedTask.class::isInstance)
        .map(GeneratedTask.class::cast)
        .toList();
  }

  /** What a task says of its examples is what they are, and all tokens are in its vocabulary. */
  @ParameterizedTest
  @MethodSource("generated")
  void standardTasks_areWhatTheySay(GeneratedTask task) throws Exception {
    assertThat(Configs.read("task", Configs.write(task), Task.class)).isEqualTo(task);
    assertThat(Tasks.get().experiment(task)).contains("mixers:");
    for (Split split : Split.values()) {
      for (int i = 0; i < task.examples(split); i += Math.max(1, task.examples(split) / 7)) {
        Example example = task.example(split, i);
        assertThat(task.length(split, i)).isEqualTo(example.tokens().length);
        assertThat(Arrays.stream(example.tokens())).allMatch(t -> t >= 0 && t < task.vocabulary());
        assertThat(Arrays.stream(example.labels()))
            .allMatch(t -> t == SyntheticData.IGNORED || (t >= 0 && t < task.vocabulary()))
            .anyMatch(t -> t != SyntheticData.IGNORED);
      }
    }
    int[] sample = task.alphabet().sample(new java.util.Random(1), 9);
    assertThat(task.alphabet().tokens(task.alphabet().text(sample))).containsExactly(sample);
  }

  /** Counted once more, by texts of tokens. */
  @Test
  void counts_areOfTheLongestEndThatCameBefore() {
    GeneratedTask task = (GeneratedTask) Tasks.get().standard("formal_even_pairs");
    Map<String, int[]> counts = new HashMap<>();
    for (int i = 0; i < 2000; i++) {
      Example example = task.example(Split.TRAIN, i);
      for (int t = 0; t < example.tokens().length; t++) {
        for (int n = 0; n <= Math.min(3, t + 1); n++) {
          String end = Arrays.toString(Arrays.copyOfRange(example.tokens(), t + 1 - n, t + 1));
          counts.computeIfAbsent(end, none -> new int[2])[example.labels()[t]]++;
        }
      }
    }
    double right = 0;
    int tests = 200;
    for (int i = 0; i < tests; i++) {
      Example example = task.example(Split.TEST, i);
      double own = 0;
      for (int t = 0; t < example.tokens().length; t++) {
        int n = Math.min(3, t + 1);
        String end = Arrays.toString(Arrays.copyOfRange(example.tokens(), t + 1 - n, t + 1));
        int[] known = counts.get(end);
        own += (known[1] > known[0] ? 1 : 0) == example.labels()[t] ? 1 : 0;
      }
      right += own / example.tokens().length;
    }
    Scores scores = task.baselines().scores().get("after the last 3 tokens");
    assertThat(scores.curves().get("accuracy").get(0)[0]).isEqualTo(40);
    assertThat(scores.curves().get("accuracy").get(0)[1]).isCloseTo(right / tests, within(1e-12));
  }

  @Test
  void counts_fallBackWhereNothingCameBefore() {
    List<Example> one = List.of(new Example(new int[] {1, 2, 1}, new int[] {0, 3, 3}));
    AnswerCounts counts = new AnswerCounts(4, 2, one);
    try (var tape = io.sequencezoo.core.autodiff.Tape.inference()) {
      var context = io.sequencezoo.core.block.Context.inference(tape, null);
      var logits =
          counts.logits(
              context, org.nd4j.linalg.factory.Nd4j.createFromArray(new int[][] {{2, 3}}));
      // After 2 alone 3 came once; after 3 nothing did, and 3 came twice of three times.
      assertThat(logits.value().ravel().toDoubleVector()).containsExactly(0, 0, 0, 1, 1, 0, 0, 2);
    }
  }

  /** Three times as long as in training; the last tokens alone say nothing about parity. */
  @Test
  void longStrings_areTrackedByARecurrence() throws Exception {
    Path config = folder.resolve("parity.yaml");
    Files.writeString(
        config,
        """
        task: {type: formal, language: parity, minLength: 3, maxLength: 16, testLengths: [16, 48], trainExamples: 4000, validationExamples: 40, testExamples: 60}
        model: {type: language_model, width: 32, layers: 1, mixer: {type: lstm}}
        train: {optimizer: {type: adamw, lr: 1e-2}, steps: 600, batch: 32, clip: 1, seed: 1}
        """);
    List<String> line =
        List.of(
            "run",
            "formal_parity",
            "--config",
            config.toString(),
            "--output",
            folder.resolve("out").toString());
    assertThat(run(line)).as(err.toString()).isZero();
    JsonNode results = Configs.json().readTree(folder.resolve("out/results.json").toFile());
    double guessed = results.at("/baselines/after the last 3 tokens/sizes/1/accuracy").asDouble();
    assertThat(guessed).isLessThan(0.6);
    assertThat(results.at("/runs/0/test/sizes/1/accuracy").asDouble()).isGreaterThan(0.95);
  }

  @Test
  void mistakes_areOneLine() {
    String[] mistakes = {
      "formal_parity --set task.maxLength=2",
      "formal_dyck --set task.depth=0",
      "formal_s5 --set task.moved=1",
      "mad_compression --set task.noise=0.1",
      "mad_memorisation --set task.length=31",
      "mqar_hops --set task.hops=1",
      "story_list --set task.kind=tale",
      "shapes --set task.levels=1",
      "text",
      "text --set task.path=/no/such/file"
    };
    for (String mistake : mistakes) {
      List<String> line = new ArrayList<>(List.of(("run " + mistake).split(" ")));
      line.addAll(List.of("--output", folder.resolve("none").toString()));
      assertThat(run(line)).as(mistake).isEqualTo(1);
    }
    assertThat(err.toString().strip().lines())
        .hasSize(mistakes.length)
        .allSatisfy(text -> assertThat(text).startsWith("zoo: "));
    assertThat(folder.resolve("none")).doesNotExist();
  }
}
