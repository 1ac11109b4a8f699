package io.sequencezoo.eval.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.train.TrainListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small study from end to end. */
@Tag("any-kernels")
class StudyTest {
  private static final double EXACT = 1e-12;

  private static final String YAML =
      """
      tasks:
        - {type: synthetic, task: parity, length: 6, trainExamples: 32, validationExamples: 8, testExamples: 20}
        - {type: synthetic, task: one_hop, length: 6, trainExamples: 32, validationExamples: 8, testExamples: 20}
      model:
        type: language_model
        width: 8
        layers: 1
        mixer: {type: gla, heads: 2, shortConvolution: 2}
        channel: {type: swiglu, expansion: 2}
      changes:
        - "- shortConvolution"
        - swiglu -> mlp
        - {name: deep, set: {layers: 2}}
      train: {optimizer: {type: adamw, lr: 1e-2}, steps: 4, batch: 8, seed: 3, evaluateEvery: 2}
      metric: last
      """;

  @TempDir static Path whole;
  private static StudyResults results;

  @TempDir Path folder;

  static StudyConfig config() {
    return StudyConfig.parse("study", YAML);
  }

  static TrainListener silent(String name) {
    return new TrainListener() {};
  }

  @BeforeAll
  static void run() throws IOException {
    results = new Study(config(), whole, StudyTest::silent).run().orElseThrow().results();
  }

  @Test
  void everyVariantMeetsEverySeedAndTask() throws IOException {
    assertThat(results.tasks())
        .extracting(StudyResults.OnTask::task)
        .containsExactly("parity", "one_hop");
    for (StudyResults.OnTask task : results.tasks()) {
      assertThat(task.rows())
          .extracting(StudyResults.Row::variant)
          .containsExactly("base", "- shortConvolution", "swiglu -> mlp", "deep");
      assertThat(task.rows()).allSatisfy(row -> assertThat(row.bySeed()).hasSize(3));
      assertThat(task.rows().get(3).cost().parameters())
          .isGreaterThan(task.rows().get(0).cost().parameters());
      assertThat(task.rows().get(0).cost().stateBytes()).isPositive();
      for (int v = 1; v < task.rows().size(); v++) {
        StudyResults.Row row = task.rows().get(v);
        Difference difference = task.differences().get(v - 1);
        assertThat(difference.name()).isEqualTo(row.variant());
        // The runs that the experiments wrote, read by hand.
        double sum = 0;
        for (int seed = 3; seed < 6; seed++) {
          sum +=
              last(
                      task.task(),
                      List.of("base", "without-shortConvolution", "swiglu-to-mlp", "deep").get(v),
                      seed)
                  - last(task.task(), "base", seed);
        }
        assertThat(difference.mean()).isCloseTo(sum / 3, within(EXACT));
        assertThat(Arrays.stream(difference.bySeed()).sum()).isCloseTo(sum, within(EXACT));
      }
    }
    assertThat(results.overall()).hasSize(4);
    assertThat(results.overall().get(0).improvement()).isCloseTo(.5, within(.5));
  }

  private static double last(String task, String variant, int seed) throws IOException {
    Path file = whole.resolve(task).resolve(variant + "-seed" + seed).resolve("run.json");
    return Configs.json().readTree(file.toFile()).at("/test/last").asDouble();
  }

  @Test
  void folder_holdsResultsTablesAndAPage() throws IOException {
    JsonNode json = Configs.json().readTree(whole.resolve(Study.RESULTS).toFile());
    assertThat(json.path("schema").asInt()).isEqualTo(StudyResults.SCHEMA);
    assertThat(json.at("/provenance/commit").isMissingNode()).isFalse();
    assertThat(json.at("/tasks/0/differences")).hasSize(3);
    assertThat(StudyConfig.parse("config", json.path("config").toString())).isEqualTo(config());
    assertThat(Files.readString(whole.resolve("table.md"))).startsWith("| task | variant |");
    assertThat(Files.readAllLines(whole.resolve("table.csv"))).hasSize(1 + 2 * 4 + 4);
    assertThat(Files.readString(whole.resolve("table.csv"))).doesNotContain("\"");
    assertThat(Files.readString(whole.resolve("table.tex")))
        .contains("\\begin{tabular}", "swiglu $\\to$ mlp", "50 \\%");
    String page = Files.readString(whole.resolve(Study.REPORT));
    assertThat(page)
        .contains(
            "\"forest\"", "\"lines\"", "\"scatter\"", "Performance profiles", "swiglu -&gt; mlp");
  }

  @Test
  void interruptedStudy_endsAsIfNothingHadHappened() throws IOException {
    List<Study> running = new ArrayList<>();
    List<String> started = new ArrayList<>();
    running.add(
        new Study(
            config(),
            folder,
            name -> {
              started.add(name);
              if (started.size() == 5) {
                running.get(0).requestStop();
              }
              return silent(name);
            }));
    assertThat(running.get(0).run()).isEmpty();
    assertThat(started).hasSize(5).first().isEqualTo("parity base seed 3");
    assertThat(folder.resolve(Study.RESULTS)).doesNotExist();
    assertThat(new Study(Study.configOf(folder), folder, StudyTest::silent).run()).isPresent();
    assertThat(comparable(folder)).isEqualTo(comparable(whole));
    StudyConfig other = Configs.with(config(), "seeds", 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Study(other, folder, StudyTest::silent).run())
        .withMessageContaining("holds another study");
  }

  static JsonNode comparable(Path folder) throws IOException {
    ObjectNode json = (ObjectNode) Configs.json().readTree(folder.resolve(Study.RESULTS).toFile());
    ((ObjectNode) json.path("provenance")).remove("created");
    json.path("tasks")
        .forEach(
            task ->
                task.path("rows")
                    .forEach(
                        row -> ((ObjectNode) row).remove(List.of("trainSeconds", "cpuSeconds"))));
    return json;
  }

  @Test
  void example_givesModels() throws IOException {
    Path file = Path.of(System.getProperty("zoo.root"), "docs/examples/ablate-gla.yaml");
    StudyConfig study = StudyConfig.parse(file.toString(), Files.readString(file));
    assertThat(new Study(study, folder, StudyTest::silent)).isNotNull();
    assertThat(study.variants(study.tasks().get(0))).hasSize(5);
  }

  @Test
  void designs_meetTheirChanges() {
    Map<Design, List<String>> labels = new HashMap<>();
    for (Design design : Design.values()) {
      StudyConfig study = Configs.with(config(), "design", design);
      Task task = study.tasks().get(0);
      labels.put(design, study.variants(task).stream().map(Variant::label).toList());
      // Every model is one, and its folder is its own.
      assertThat(Grid.of(study).experiment(0).models()).hasSize(labels.get(design).size());
    }
    assertThat(labels.get(Design.LEAVE_ONE_OUT))
        .containsExactly(
            "all", "all but - shortConvolution", "all but swiglu -> mlp", "all but deep");
    assertThat(labels.get(Design.CUMULATIVE))
        .containsExactly(
            "base",
            "- shortConvolution",
            "- shortConvolution, swiglu -> mlp",
            "- shortConvolution, swiglu -> mlp, deep");
    assertThat(labels.get(Design.FACTORIAL)).hasSize(8).doesNotHaveDuplicates();
    assertThat(labels.get(Design.FRACTIONAL)).hasSize(4).doesNotHaveDuplicates();
  }

  @Test
  void factorialEffects_areMeansOverTheOtherChanges() throws IOException {
    StudyConfig study =
        Configs.with(
            config(),
            Map.of(
                "design", Design.FACTORIAL, "seeds", 1, "tasks", config().tasks().subList(0, 1)));
    StudyResults.OnTask task =
        new Study(study, folder, StudyTest::silent).run().orElseThrow().results().tasks().get(0);
    assertThat(task.rows()).hasSize(8);
    double effect = 0;
    for (StudyResults.Row row : task.rows()) {
      effect += (row.changes().contains("deep") ? 1 : -1) * row.mean() / 4;
    }
    assertThat(task.differences().get(2).name()).isEqualTo("deep");
    assertThat(task.differences().get(2).mean()).isCloseTo(effect, within(EXACT));
    assertThat(task.differences().get(2).interval().low()).isNaN();
  }

  @Test
  void budgets_areMetByWidths() {
    Task task = config().tasks().get(0);
    int longest = StudyConfig.longest(task);
    for (Budget budget : List.of(Budget.PARAMETERS, Budget.STATE, Budget.OPERATIONS)) {
      List<Variant> variants = Configs.with(config(), "budget", budget).variants(task);
      long base = budget.of(variants.get(0).model(), longest);
      for (Variant variant : variants) {
        // Heads of whole numbers of channels: as near as a step of width comes.
        assertThat((double) budget.of(variant.model(), longest) / base)
            .as(budget + " " + variant.label())
            .isBetween(0.6, 1.6);
      }
    }
  }

  @Test
  void plan_tellsSizesAndWritesNothing() throws IOException {
    Plan plan = new Plan(config());
    assertThat(plan.seconds()).isPositive();
    assertThat(plan.text()).contains("variant", "swiglu -> mlp", "3 x 4");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void mistakes_areRefusedBeforeAnythingIsWritten() {
    refused("tasks: []", "tasks:(?s:.*?)model:", "tasks: []\nmodel:", "tasks must be at least one");
    refused(
        "no change",
        "changes:(?s:.*?)train:",
        "changes: []\ntrain:",
        "changes must be at least one");
    refused(
        "twice",
        "- swiglu -> mlp",
        "- \"- shortConvolution\"",
        "changes must differ, got - shortConvolution twice");
    refused("seeds", "metric: last", "seeds: 0", "seeds must be at least 1, got 0");
    refused("design", "metric: last", "design: some", "design");
    refused(
        "nothing", "- swiglu -> mlp", "- mamba -> lstm", "must have a block of type mamba, it has");
    String wide = "- {name: wide, set: {width: 16}}\nbudget: parameters\ntrain:";
    refused(
        "budget",
        "- \\{name: deep(?s:.*?)train:",
        wide,
        "must differ from base in more than a width");
    refused(
        "metric",
        "metric: last",
        "metric: lasst",
        "metric of parity must be one of [accuracy, last], got lasst");
    assertThat(folder).isEmptyDirectory();
  }

  private void refused(String what, String pattern, String replacement, String message) {
    String yaml = YAML.replaceFirst(pattern, replacement);
    assertThat(yaml).isNotEqualTo(YAML);
    assertThatIllegalArgumentException()
        .as(what)
        .isThrownBy(
            () -> new Study(StudyConfig.parse("study", yaml), folder, StudyTest::silent).run())
        .withMessageContaining(message)
        .withMessageNotContaining("\n");
  }
}
