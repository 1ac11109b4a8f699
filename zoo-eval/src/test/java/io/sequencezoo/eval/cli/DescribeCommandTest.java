package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.ModelFiles;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

@Tag("any-kernels")
class DescribeCommandTest {
  /** Keys and values of its whole segment are one state: 2,432 numbers at width 8. */
  private static final String COUPLED = "titans_context";

  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Zoo.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }

  static Collection<String> causalMixers() {
    return Registry.get().mixers().stream()
        .filter(name -> !name.equals(COUPLED))
        .filter(
            name -> {
              Catalog.Entry entry = Registry.get().entry(name);
              return !((MixerConfig) entry.examples().get(0))
                  .build(MixerConfig.Place.alone(8))
                  .parametrisation()
                  .isBidirectional();
            })
        .toList();
  }

  @ParameterizedTest
  @MethodSource("causalMixers")
  void spectrum_isDrawnForEveryMixer(String name) throws Exception {
    assertThat(
            run(
                "describe",
                name,
                "--spectrum",
                "--width",
                "8",
                "--length",
                "10",
                "--out",
                folder.toString()))
        .as(err.toString())
        .isZero();
    assertThat(out.toString()).contains("half-life", "memory length", "reach");
    JsonNode json = Configs.json().readTree(folder.resolve("spectrum.json").toFile());
    assertThat(json.path("subject").path("name").asText()).isEqualTo(name);
    assertThat(json.path("provenance").path("created").asText()).isNotEmpty();
    assertThat(json.path("spectrum").path("eigenvalues")).hasSize(10);
    assertThat(json.path("spectrum").path("mixing")).hasSize(10);
    for (JsonNode row : json.path("spectrum").path("mixing")) {
      row.forEach(entry -> assertThat(Double.isFinite(entry.asDouble())).isTrue());
    }
    assertThat(Files.readString(folder.resolve("spectrum.html")))
        .contains("Spectrum of " + name, "\"kind\":\"heatmap\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--spectrum", "--dynamics"})
  void stateThatCouplesTooMuch_isRefused(String probe) {
    assertThat(run("describe", COUPLED, probe, "--width", "8", "--length", "10")).isNotZero();
    assertThat(err.toString())
        .contains("a transition must couple at most 1024 state variables, got 2432");
  }

  @ParameterizedTest
  @MethodSource("causalMixers")
  void dynamics_areFoundForEveryMixer(String name) throws Exception {
    assertThat(
            run(
                "describe",
                name,
                "--dynamics",
                "--width",
                "8",
                "--length",
                "30",
                "--out",
                folder.toString()))
        .as(err.toString())
        .isZero();
    assertThat(out.toString()).contains("largest Lyapunov exponent");
    JsonNode json = Configs.json().readTree(folder.resolve("dynamics.json").toFile());
    // The standard M2RNN has 1,024 numbers of state, more than fixed points are searched for.
    boolean nonlinear = json.path("family").asText().equals("NONLINEAR") && !name.equals("m2rnn");
    assertThat(out.toString().contains("fixed points under the mean input")).isEqualTo(nonlinear);
    assertThat(out.toString().contains("fixed points: not searched for"))
        .isEqualTo(name.equals("m2rnn"));
    assertThat(json.path("fixedPoints").path("starts").asInt()).isEqualTo(nonlinear ? 24 : 0);
    for (JsonNode point : json.path("fixedPoints").path("points")) {
      assertThat(point.path("residual").asDouble()).isLessThan(1e-8);
    }
    assertThat(Files.readString(folder.resolve("dynamics.html"))).contains("Dynamics of " + name);
  }

  @Test
  void spectrum_followsTextAndPrompts() throws Exception {
    String to = folder.toString();
    assertThat(
            run("describe", "gla", "--spectrum", "--text", "ab\nabba", "--row", "1", "--out", to))
        .isZero();
    JsonNode json = Configs.json().readTree(folder.resolve("spectrum.json").toFile());
    assertThat(json.path("labels")).hasSize(4);
    // Equal characters are equal inputs: the same decays.
    JsonNode values = json.path("spectrum").path("eigenvalues");
    assertThat(values.get(0)).isEqualTo(values.get(3));
    assertThat(values.get(1)).isEqualTo(values.get(2)).isNotEqualTo(values.get(0));
    assertThat(
            run("describe", "lstm", "--spectrum", "--input", "icll", "--length", "9", "--out", to))
        .isZero();
    assertThat(out.toString()).contains("9 steps, head 0, 64 state variables");
  }

  @Test
  void spectrum_looksIntoTrainedModels() throws Exception {
    String yaml =
        "{type: language_model, width: 8, layers: 2, mixer: {type: gla, heads: 2}, vocabulary: 20}";
    LanguageModelConfig config = Configs.read("test", yaml, LanguageModelConfig.class);
    LanguageModel model = new LanguageModel(config);
    Path saved = folder.resolve("run/gla-seed1/model");
    Files.createDirectories(saved);
    // A model in the folder of an experiment: its task says how tokens are written.
    Files.writeString(saved.resolveSibling("run.json"), "{}");
    Files.writeString(
        folder.resolve("run/config.json"),
        "{task: {type: icll}, model: "
            + yaml
            + ", train: {optimizer: {type: adamw, lr: 1e-3}, steps: 1, batch: 1, seed: 1}}");
    ModelFiles.save(saved, model, Parameters.of(model, DataType.FLOAT, 1));
    String[] args = {
      "describe",
      "gla",
      "--spectrum",
      "--model",
      saved.toString(),
      "--layer",
      "1",
      "--head",
      "1",
      "--text",
      "abcab|ba",
      "--out",
      folder.toString()
    };
    assertThat(run(args)).as(err.toString()).isZero();
    JsonNode json = Configs.json().readTree(folder.resolve("spectrum.json").toFile());
    assertThat(json.path("subject").path("layer").asInt()).isEqualTo(1);
    assertThat(json.path("labels").get(5).asText()).isEqualTo("|");
    args[1] = "lstm";
    assertThat(run(args)).isEqualTo(1);
    assertThat(err.toString()).contains("must be lstm, got gla");
  }

  @Test
  void spectrum_ofATaskFollowsItsInputs() throws Exception {
    for (String task : List.of("parity", "one_hop")) {
      Path to = folder.resolve(task);
      String train =
          "synthetic " + task + " --mixers lstm --length 6 --train-examples 8 --epochs 1";
      assertThat(run((train + " --output " + to).split(" "))).as(err.toString()).isZero();
      String look = "describe lstm --spectrum --length 40 --model " + to + "/lstm-seed1/model";
      assertThat(run((look + " --out " + to).split(" "))).as(err.toString()).isZero();
      JsonNode json = Configs.json().readTree(to.resolve("spectrum.json").toFile());
      Set<String> labels = new TreeSet<>();
      json.path("labels").forEach(label -> labels.add(label.asText()));
      // Every symbol is an input; the blank of hops is only ever an answer.
      assertThat(labels)
          .isEqualTo(task.equals("parity") ? Set.of("0", "1") : Set.of("0", "1", "2", "3"));
      assertThat(run((look + " --text ab --out " + to).split(" "))).isEqualTo(1);
      assertThat(err.toString()).contains("text: must be token numbers below");
    }
  }

  @Test
  void spectrum_ofAModelWithoutATaskFollowsItsVocabulary() throws Exception {
    String yaml =
        "{type: language_model, width: 8, layers: 1, mixer: {type: lstm}, vocabulary: 300}";
    LanguageModel model = new LanguageModel(Configs.read("test", yaml, LanguageModelConfig.class));
    Path saved = folder.resolve("model");
    ModelFiles.save(saved, model, Parameters.of(model, DataType.FLOAT, 1));
    String look = "describe lstm --spectrum --length 9 --model " + saved + " --out " + folder;
    assertThat(run(look.split(" "))).as(err.toString()).isZero();
    JsonNode json = Configs.json().readTree(folder.resolve("spectrum.json").toFile());
    json.path("labels").forEach(label -> assertThat(label.asInt()).isBetween(0, 299));
    assertThat(run("generate", saved.toString(), "--prompt", "254 3", "--tokens", "2")).isZero();
    assertThat(out.toString()).contains("254 3 > ");
  }

  @Test
  void depth_isDrawnPerToken() throws Exception {
    String to = folder.toString();
    assertThat(run("describe", "universal_transformer", "--depth", "--text", "abba", "--out", to))
        .as(err.toString())
        .isZero();
    JsonNode json = Configs.json().readTree(folder.resolve("depth.json").toFile());
    assertThat(json.path("labels")).hasSize(4);
    json.path("stages").get(0).path("steps").forEach(n -> assertThat(n.asInt()).isEqualTo(6));
    assertThat(Files.readString(folder.resolve("depth.html")))
        .contains("Depth of universal_transformer", "\"kind\":\"matrix\"");
  }

  @Test
  void depth_looksIntoTrainedModels() throws Exception {
    String yaml =
        "{type: language_model, width: 8, vocabulary: 9, mixer: {type: lstm}, layers: [{}, {type:"
            + " universal_transformer, depth: 4, halting: {bias: 0.5, threshold: 0.6}}]}";
    LanguageModel model = new LanguageModel(Configs.read("test", yaml, LanguageModelConfig.class));
    Path saved = folder.resolve("model");
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    parameters.value("layers.1.halt.weight").muli(20);
    ModelFiles.save(saved, model, parameters);
    String look = "describe universal_transformer --depth --length 30 --model " + saved;
    assertThat(run((look + " --out " + folder).split(" "))).as(err.toString()).isZero();
    assertThat(out.toString()).contains("30 tokens, 1 stages that repeat", "layers.1");
    JsonNode stage = Configs.json().readTree(folder.resolve("depth.json").toFile()).path("stages");
    assertThat(stage.get(0).path("stage").asText()).isEqualTo("layers.1");
    Set<Integer> steps = new TreeSet<>();
    stage.get(0).path("steps").forEach(n -> steps.add(n.asInt()));
    assertThat(steps).hasSizeGreaterThan(1).isSubsetOf(Set.of(1, 2, 3, 4));
    assertThat(run("describe", "lstm", "--depth")).isEqualTo(1);
    assertThat(err.toString())
        .contains("describe: --depth needs a stage that repeats, such as universal_transformer");
    assertThat(run((look + " --layer 1").split(" "))).isEqualTo(1);
    assertThat(err.toString()).contains("--head and --layer don't belong to --depth");
  }

  @Test
  void config_isTakenFromAFile() throws Exception {
    Path file = folder.resolve("gla.yaml");
    Files.writeString(file, "{type: gla, heads: 2, keyExpansion: 1.0}");
    assertThat(run("describe", "gla", "--config", file.toString(), "--width", "16")).isZero();
    assertThat(out.toString()).contains("\"heads\" : 2", "parameters at width 16");
    assertThat(run("describe", "lstm", "--config", file.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("gla.yaml: type must be lstm, got gla");
  }

  @Test
  void mistakes_areOneLine() throws Exception {
    Path file = folder.resolve("file");
    Files.writeString(file, "x");
    List<String> lines =
        List.of(
            "describe nope --spectrum",
            "describe swiglu --spectrum",
            "describe swiglu --dynamics",
            "describe lstm --dynamics --length 0 --out " + folder,
            "describe gla --spectrum --width 6 --out " + folder,
            "describe gla --spectrum --out " + file,
            "describe gla --spectrum --head 4 --out " + folder,
            "describe gla --spectrum --length 0 --out " + folder,
            "describe gla --spectrum --row -1 --out " + folder,
            "describe gla --spectrum --text ab --row 1 --out " + folder,
            "describe gla --spectrum --text ab --input icll --out " + folder,
            "describe gla --spectrum --input text --out " + folder,
            "describe gla --spectrum --layer 1 --out " + folder,
            "describe gla --spectrum --model " + folder,
            "describe gla --spectrum --model " + folder + " --width 8",
            "describe gla --length 3");
    for (String line : lines) {
      assertThat(run(line.split(" "))).as(line).isEqualTo(1);
    }
    assertThat(err.toString().strip().lines())
        .hasSize(lines.size())
        .allSatisfy(text -> assertThat(text).startsWith("zoo: "));
    assertThat(err.toString())
        .contains("--spectrum needs a sequence mixer, got swiglu")
        .contains("--out must be a folder that can be made, got " + file)
        .contains("gla: head must be in [0, 4), got 4")
        .contains("belong to --spectrum");
    assertThat(run("describe", "gla", "--spectrum", "--input", "noise")).isEqualTo(2);
  }

  @Test
  void help_namesTheOptions() {
    assertThat(run("describe", "--help")).isZero();
    assertThat(out.toString())
        .contains("--spectrum", "--dynamics", "--text", "--model", "--out", "--head");
  }
}
