package io.sequencezoo.eval.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.cli.Zoo;
import io.sequencezoo.eval.experiment.FinishedRuns;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.train.TrainListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

/** Runs of a study: taken over, failed, shared by processes, trained as controls. */
@Tag("any-kernels")
class StudyRunsTest {
  private static final double EXACT = 1e-12;

  @TempDir Path folder;

  /** One task, two seeds. */
  private static StudyConfig small() {
    return Configs.with(
        StudyTest.config(), Map.of("tasks", StudyTest.config().tasks().subList(0, 1), "seeds", 2));
  }

  private static StudyConfig with(StudyConfig study, Change... changes) {
    return Configs.with(study, "changes", Configs.json().valueToTree(List.of(changes)));
  }

  private static Change change(String name, String path, Object value) {
    return new Change(name, Map.of(path, Configs.json().valueToTree(value)));
  }

  private static JsonNode withoutOrigins(Path folder) throws IOException {
    JsonNode json = StudyTest.comparable(folder);
    json.path("tasks").forEach(task -> ((ObjectNode) task).remove("reused"));
    return json;
  }

  @Test
  void equalRunsOfOtherFolders_areTakenOver() throws IOException {
    StudyConfig first = with(small(), change("deep", "layers", 2));
    new Study(first, folder.resolve("first"), StudyTest::silent).run();
    // The same model under another name, and one more.
    StudyConfig second = with(small(), change("deeper", "layers", 2), change("wide", "width", 16));
    List<String> trained = new ArrayList<>();
    StudyReport report =
        new Study(
                second,
                folder.resolve("second"),
                name -> {
                  trained.add(name);
                  return StudyTest.silent(name);
                },
                FinishedRuns.in(List.of(folder.resolve("first"))))
            .run()
            .orElseThrow();
    assertThat(trained).containsExactly("wide seed 3", "wide seed 4");
    assertThat(report.results().tasks().get(0).reused())
        .extracting(StudyResults.Reused::variant)
        .containsExactly("base", "base", "deeper", "deeper");
    assertThat(report.notes())
        .hasSize(4)
        .allSatisfy(note -> assertThat(note).startsWith("reused: parity "));
    new Study(second, folder.resolve("fresh"), StudyTest::silent).run();
    assertThat(withoutOrigins(folder.resolve("second")))
        .isEqualTo(withoutOrigins(folder.resolve("fresh")));
    for (String file : List.of("model/model.safetensors", "log.jsonl")) {
      assertThat(folder.resolve("second/parity/deeper-seed3/" + file))
          .hasSameBinaryContentAs(folder.resolve("first/parity/deep-seed3/" + file));
    }
  }

  @Test
  void runsOfOtherCode_areNotTakenOver() throws IOException {
    StudyConfig study = Configs.with(with(small(), change("deep", "layers", 2)), "seeds", 1);
    new Study(study, folder.resolve("first"), StudyTest::silent).run();
    Path run = folder.resolve("first/parity/base-seed3/run.json");
    JsonNode json = Configs.json().readTree(run.toFile());
    ((ObjectNode) json.path("origin")).put("code", "another");
    Files.writeString(run, Configs.write(json));
    StudyReport report =
        new Study(
                study,
                folder.resolve("second"),
                StudyTest::silent,
                FinishedRuns.in(List.of(folder.resolve("first"))))
            .run()
            .orElseThrow();
    assertThat(report.results().tasks().get(0).reused())
        .extracting(StudyResults.Reused::variant)
        .containsExactly("deep");
    assertThatThrownBy(() -> FinishedRuns.in(List.of(folder.resolve("nowhere"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("reuse: %s must be a folder, got none", folder.resolve("nowhere"));
  }

  @Test
  void failedRuns_areToldOfAndTheRestGoesOn() throws IOException {
    StudyConfig study = with(small(), change("nan", "initStd", 1e38), change("deep", "layers", 2));
    TrainListener broken =
        new TrainListener() {
          @Override
          public void stepped(Step step) {
            throw new OutOfMemoryError("Java heap space");
          }
        };
    StudyReport report =
        new Study(
                study, folder, name -> name.equals("deep seed 4") ? broken : StudyTest.silent(name))
            .run()
            .orElseThrow();
    StudyResults.OnTask task = report.results().tasks().get(0);
    assertThat(task.failures())
        .extracting(failure -> failure.name() + failure.seed())
        .containsExactly("nan3", "nan4", "deep4");
    assertThat(task.failures().get(0).reason())
        .matches("training: (loss|gradient) must be finite, got .* at step 1 in .*")
        .doesNotContain("\n");
    assertThat(task.failures().get(2).reason()).startsWith("memory: must hold the run, got Java");
    assertThat(task.rows()).extracting(StudyResults.Row::runs).containsExactly(2, 0, 1);
    assertThat(task.differences()).extracting(Difference::pairs).containsExactly(0, 1);
    assertThat(task.differences().get(1).mean())
        .isCloseTo(task.rows().get(2).bySeed()[0] - task.rows().get(0).bySeed()[0], within(EXACT));
    assertThat(report.text()).contains("1 of 2", "0 of 2");
    assertThat(Files.readString(folder.resolve(Study.REPORT))).contains("Failed runs");
    // What failed by accident is made good, what fails by itself fails again.
    StudyReport again = new Study(study, folder, StudyTest::silent).run().orElseThrow();
    assertThat(again.results().failed()).isEqualTo(2);
    assertThat(again.results().tasks().get(0).rows())
        .extracting(StudyResults.Row::runs)
        .containsExactly(2, 0, 2);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Zoo.run(
            new PrintWriter(out), new PrintWriter(err), "ablate", "--resume", folder.toString());
    assertThat(code).isEqualTo(1);
    assertThat(out.toString()).contains("failed: parity nan seed 3: training: ");
    assertThat(err.toString()).contains("zoo: ablate: all runs must end, got 2 that failed");
  }

  @Test
  void fullDisk_stopsTheStudyAndKeepsWhatIsFinished() throws IOException {
    TrainListener full =
        new TrainListener() {
          @Override
          public void stepped(Step step) {
            throw new UncheckedIOException(
                "log.jsonl: can't be written", new IOException("No space left on device"));
          }
        };
    StudyConfig study = with(small(), change("deep", "layers", 2));
    Study stopped =
        new Study(
            study, folder, name -> name.equals("base seed 4") ? full : StudyTest.silent(name));
    assertThatThrownBy(stopped::run).isInstanceOf(UncheckedIOException.class);
    assertThat(folder.resolve("parity/base-seed3/run.json")).exists();
    assertThat(folder.resolve("parity/base-seed4/failed.json")).doesNotExist();
    List<String> trained = new ArrayList<>();
    assertThat(
            new Study(
                    study,
                    folder,
                    name -> {
                      trained.add(name);
                      return StudyTest.silent(name);
                    })
                .run())
        .isPresent();
    assertThat(trained).containsExactly("base seed 4", "deep seed 3", "deep seed 4");
  }

  @Test
  void resultsOfALaterVersion_areRefused() throws IOException {
    StudyConfig study = Configs.with(with(small(), change("deep", "layers", 2)), "seeds", 1);
    Files.writeString(folder.resolve(Study.RESULTS), "{\"schema\": 99}");
    assertThatThrownBy(() -> new Study(study, folder, StudyTest::silent).run())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must have schema 2 or less, got 99 of a later version");
    assertThat(folder.resolve(Study.RESULTS)).hasContent("{\"schema\": 99}");
  }

  @Test
  void workers_findWhatOneProcessFinds() throws IOException {
    StudyConfig study = with(small(), change("deep", "layers", 2), change("nan", "initStd", 1e38));
    new Study(study, folder.resolve("alone"), StudyTest::silent).run();
    List<String> lines = new ArrayList<>();
    Workers workers =
        new Workers(2, 2, List.of(Zoo.class.getName(), "ablate", "--help-study"), lines::add);
    StudyReport report =
        new Study(study, folder.resolve("shared"), StudyTest::silent)
            .run(workers)
            .orElseThrow(() -> new AssertionError(lines));
    assertThat(report.results().failed()).as("%s", lines).isEqualTo(2);
    assertThat(StudyTest.comparable(folder.resolve("shared")))
        .isEqualTo(StudyTest.comparable(folder.resolve("alone")));
    StudyProgress progress = StudyProgress.of(folder.resolve("shared"));
    assertThat(progress.isDone()).isTrue();
    assertThat(progress.line()).isEqualTo("4 of 6 runs done, 0 running, 2 failed");
  }

  @Test
  void worker_endsWithTheProcessThatStartedIt() throws Exception {
    StudyConfig study =
        Configs.with(
            with(small(), change("deep", "layers", 2)),
            Map.of("train.steps", 10_000_000, "train.checkpointEvery", 5));
    List<Study> prepared = new ArrayList<>();
    prepared.add(
        new Study(
            study,
            folder,
            name -> {
              prepared.get(0).requestStop();
              return StudyTest.silent(name);
            }));
    assertThat(prepared.get(0).run()).isEmpty();
    List<String> command = List.of(Zoo.class.getName(), "ablate", "--help-study");
    Process worker =
        new Workers(1, 1, command, line -> {})
            .builder(folder, 0)
            .redirectOutput(folder.resolve("output.txt").toFile())
            .start();
    try {
      Path log = folder.resolve("parity/base-seed3/log.jsonl");
      while (worker.isAlive() && !Files.exists(log)) {
        Thread.sleep(50);
      }
      assertThat(worker.isAlive()).as(Files.readString(folder.resolve("output.txt"))).isTrue();
      worker.getOutputStream().close();
      assertThat(worker.waitFor()).isEqualTo(130);
    } finally {
      worker.destroyForcibly();
    }
  }

  @Test
  void workersThatEndBadly_leaveFailedRuns() throws IOException {
    StudyConfig study = Configs.with(with(small(), change("deep", "layers", 2)), "seeds", 1);
    Workers workers = new Workers(1, 1, List.of("no.such.Class"), line -> {});
    StudyReport report = new Study(study, folder, StudyTest::silent).run(workers).orElseThrow();
    assertThat(report.results().tasks().get(0).failures())
        .hasSize(2)
        .allSatisfy(
            failure ->
                assertThat(failure.reason())
                    .isEqualTo("worker: must go on to the end of its run, got exit code 1"));
    assertThat(StudyProgress.of(folder).count(StudyProgress.Status.FAILED)).isEqualTo(2);
  }

  @Test
  void controls_removeAsMuchAtRandomAndNothing() throws IOException {
    StudyConfig study =
        Configs.with(
            with(small(), change("narrow", "channel.expansion", 1), change("deep", "layers", 2)),
            "controls",
            List.of(Control.RANDOM, Control.NONE));
    StudyResults.OnTask task =
        new Study(study, folder, StudyTest::silent).run().orElseThrow().results().tasks().get(0);
    assertThat(task.rows())
        .extracting(StudyResults.Row::variant)
        .containsExactly("base", "narrow", "deep", "random as narrow", "no change");
    long base = task.rows().get(0).cost().parameters();
    long narrow = task.rows().get(1).cost().parameters();
    assertThat(task.rows().get(3).cost().parameters()).isEqualTo(narrow).isLessThan(base);
    assertThat(task.differences()).hasSize(4);
    // The weights as they were saved: so many are 0, others in every seed, none of a vector.
    List<float[]> seeds = new ArrayList<>();
    for (int seed : new int[] {3, 4}) {
      Path own = folder.resolve("parity/random-as-narrow-seed" + seed);
      var saved = ModelFiles.load(own.resolve("model"), DataType.FLOAT).parameters();
      seeds.add(saved.values().toFloatVector());
      long zeros = 0;
      for (var spec : saved.specs()) {
        float[] values = saved.value(spec.name()).ravel().toFloatVector();
        if (spec.shape().length > 1) {
          for (float value : values) {
            zeros += value == 0 ? 1 : 0;
          }
        }
      }
      assertThat(zeros).isEqualTo(base - narrow);
      JsonNode run = Configs.json().readTree(own.resolve("run.json").toFile());
      assertThat(run.path("parameters").asLong()).isEqualTo(narrow);
    }
    int both = 0;
    for (int i = 0; i < seeds.get(0).length; i++) {
      both += seeds.get(0)[i] == 0 && seeds.get(1)[i] == 0 ? 1 : 0;
    }
    assertThat(both).isLessThan((int) (base - narrow));
    // The model is the first one, other numbers by chance alone.
    JsonNode first = run("base");
    JsonNode same = run("no-change");
    assertThat(same.path("model")).isEqualTo(first.path("model"));
    assertThat(same.path("madeBy")).isNotEqualTo(first.path("madeBy"));
    assertThat(same.path("losses").toString() + same.path("validation"))
        .isNotEqualTo(first.path("losses").toString() + first.path("validation"));
  }

  private JsonNode run(String name) throws IOException {
    return Configs.json().readTree(folder.resolve("parity/" + name + "-seed3/run.json").toFile());
  }

  @Test
  void controlsThatMakeNoSense_areRefused() {
    StudyConfig random = Configs.with(small(), "controls", List.of(Control.RANDOM));
    for (var wrong :
        Map.of(
                Configs.with(random, "design", Design.FACTORIAL),
                "controls random must go with design each or leave_one_out, got FACTORIAL",
                Configs.with(random, "budget", Budget.PARAMETERS),
                "controls random must go with budget none, got PARAMETERS",
                with(random, change("deep", "layers", 2)),
                "controls random must have a change that removes parameters, got none")
            .entrySet()) {
      assertThatThrownBy(() -> new Study(wrong.getKey(), folder, StudyTest::silent))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(wrong.getValue());
    }
  }

  @Test
  void processorTime_givesUpdatesThatStay() throws IOException {
    StudyConfig study =
        Configs.with(
            with(small(), change("large", "layers", 6)),
            Map.of("budget", Budget.CPU_SECONDS, "seeds", 1));
    StudyResults results =
        new Study(study, folder, StudyTest::silent).run().orElseThrow().results();
    StudyResults.OnTask task = results.tasks().get(0);
    assertThat(task.rows().get(0).cost().updates()).isEqualTo(4);
    Long[][] steps =
        Configs.json().readValue(folder.resolve("steps.json").toFile(), Long[][].class);
    assertThat(steps[0][0]).isEqualTo(4);
    assertThat(steps[0][1]).isBetween(1L, 4L);
    assertThat(task.rows().get(1).cost().updates()).isEqualTo(steps[0][1].doubleValue());
    assertThat(new Study(study, folder, StudyTest::silent).run()).isPresent();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString())).contains("profiles.csv");
    }
  }

  @Test
  void operations_areWhatTheMixerDeclaresAndEveryOtherMatrixOnce() {
    var model = ((LanguageModelConfig) small().model()).withVocabulary(9);
    long declared =
        model.build().stack().mixers().values().stream()
            .mapToLong(mixer -> mixer.parametrisation().multiplyAddsPerToken(3))
            .sum();
    // Three matrices of the channel mixer, and logits.
    assertThat(Budget.operations(model, 6)).isEqualTo(2 * (declared + 3 * 8 * 16 + 9 * 8));
    assertThat(Budget.operations(Configs.with(model, "layers", 2), 6))
        .isEqualTo(2 * (2 * (declared + 3 * 8 * 16) + 9 * 8));
  }

  @Test
  void profiles_areSharesOfRunsAboveLevels() {
    List<double[]> runs = List.of(new double[] {.2, .4}, new double[] {.4, Double.NaN});
    var above = Statistics.profile(runs, new double[] {.1, .2, .3, .4}, false, .95, 1);
    assertThat(above).extracting(Statistics.Share::share).containsExactly(.75, .5, .5, 0.0);
    var below = Statistics.profile(runs, new double[] {.1, .3, .5}, true, .95, 1);
    assertThat(below).extracting(Statistics.Share::share).containsExactly(0.0, .25, .75);
    assertThat(above)
        .allSatisfy(
            each ->
                assertThat(each.share()).isBetween(each.interval().low(), each.interval().high()));
    // The second task's runs are drawn apart: .75 is from 1 to 4 of 4 runs.
    assertThat(above.get(0).interval()).isEqualTo(new Statistics.Interval(.5, 1));
    assertThat(Arrays.asList(above.get(3).interval().low(), above.get(3).interval().high()))
        .containsExactly(0.0, 0.0);
  }
}
