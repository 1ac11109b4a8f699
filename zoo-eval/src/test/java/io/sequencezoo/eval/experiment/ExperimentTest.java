package io.sequencezoo.eval.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.icll.IcllScores;
import io.sequencezoo.train.TrainListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small experiment from end to end: what it writes, and that nothing depends on interruption. */
class ExperimentTest {
  private static final int STEPS = 4;
  private static final List<String> MIXERS = List.of("softmax_attention", "gla", "lstm");

  // Probabilities of a distribution, summed in float.
  private static final double ROUNDING = 1e-6;

  @TempDir static Path whole;
  private static Results results;

  @TempDir Path folder;

  @BeforeAll
  static void run() throws IOException {
    results = experiment(whole).run().orElseThrow();
  }

  private static Experiment experiment(Path folder) {
    return new Experiment(TinyExperiment.config(STEPS), folder, TinyExperiment::silent);
  }

  @Test
  void results_readBackAsTheyWereWritten() throws IOException {
    String text = Files.readString(whole.resolve(Experiment.RESULTS));
    JsonNode read = Configs.json().readTree(text);
    assertThat(Configs.write(read) + "\n").isEqualTo(text);
    assertThat(read.path("schema").asInt()).isEqualTo(Results.SCHEMA);
    assertThat(read.at("/provenance/commit").isMissingNode()).isFalse();
    assertThat(ExperimentConfig.parse("config", Configs.write(read.path("config"))))
        .isEqualTo(TinyExperiment.config(STEPS));
    for (int i = 0; i < MIXERS.size(); i++) {
      Path file = whole.resolve(MIXERS.get(i) + "-seed1/run.json");
      Results.Run run = Results.Run.read(file.toString(), Files.readString(file));
      // As text: the order of fields counts.
      assertThat(Configs.write(run)).isEqualTo(Configs.write(results.runs().get(i)));
      assertThat(Configs.write(read.path("runs").get(i))).isEqualTo(Configs.write(run));
    }
    assertThat(text).doesNotContain("NaN", "Infinity");
  }

  @Test
  void runs_holdWhatTheReportShows() {
    assertThat(results.runs()).extracting(Results.Run::name).isEqualTo(MIXERS);
    for (Results.Run run : results.runs()) {
      assertThat(run.steps()).isEqualTo(STEPS);
      assertThat(run.bestStep()).isIn(2L, 4L);
      assertThat(run.parameters()).isPositive();
      assertThat(run.trainSeconds()).isPositive();
      assertThat(run.number("tokensPerSecond")).isPositive();
      assertThat(run.points("losses", "examples", "loss"))
          .last()
          .extracting(p -> p[0])
          .isEqualTo(8.0);
      assertThat(run.points("validation", "examples", "nll"))
          .extracting(point -> point[0])
          .containsExactly(4.0, 8.0);
      IcllScores scores = (IcllScores) results.scores(run);
      assertThat(scores.predictor()).isEqualTo(run.name());
      assertThat(run.details().get("sample").path("continuation")).isNotEmpty();
      assertThat(run.details().get("mixing")).hasSize(1);
    }
  }

  @Test
  void mixingMatrices_areCausalAndAttentionsRowsAreWeights() {
    for (Results.Run run : results.runs()) {
      double[][] matrix = mixing(run);
      assertThat(matrix).hasNumberOfRows(run.details().get("mixing").get(0).path("tokens").size());
      for (int i = 0; i < matrix.length; i++) {
        assertThat(matrix[i]).doesNotContain(Double.NaN).hasSize(matrix.length);
        for (int j = i + 1; j < matrix.length; j++) {
          assertThat(matrix[i][j]).isZero();
        }
      }
    }
    for (double[] row : mixing(results.runs().get(0))) {
      double sum = 0;
      for (double weight : row) {
        sum += weight;
      }
      assertThat(sum).isCloseTo(1, within(ROUNDING));
    }
  }

  private static double[][] mixing(Results.Run run) {
    JsonNode matrix = run.details().get("mixing").get(0).path("matrix");
    return Configs.json().convertValue(matrix, double[][].class);
  }

  @Test
  void report_showsEveryArchitecture() throws IOException {
    String html = Files.readString(whole.resolve(Experiment.REPORT));
    String data = html.substring(html.indexOf("id=\"data\""));
    JsonNode page =
        Configs.json().readTree(data.substring(data.indexOf('>') + 1, data.indexOf("</script>")));
    Map<String, String> sections = new TreeMap<>();
    page.path("sections")
        .forEach(section -> sections.put(section.path("title").asText(), section.toString()));
    assertThat(sections)
        .containsOnlyKeys(
            "Results on unseen automata",
            "Against training examples seen",
            "Against position in the prompt",
            "Training",
            "Mixing matrices",
            "A prompt continued",
            "Provenance");
    assertThat(sections).allSatisfy((title, section) -> assertThat(section).contains(MIXERS));
    assertThat(new Report(results).text()).contains(MIXERS).contains("2-gram");
  }

  @Test
  void repetition_givesTheSameNumbers() throws IOException {
    experiment(folder).run();
    assertThat(TinyExperiment.comparable(folder)).isEqualTo(TinyExperiment.comparable(whole));
  }

  @Test
  void interruptedAndResumed_isAsIfNothingHadHappened() throws IOException {
    List<String> started = new ArrayList<>();
    List<Experiment> running = new ArrayList<>();
    running.add(
        new Experiment(
            TinyExperiment.config(STEPS),
            folder,
            name -> {
              started.add(name);
              return stopAfter(name.equals("gla") ? 3 : STEPS + 1, running);
            }));
    assertThat(running.get(0).run()).isEmpty();
    assertThat(started).containsExactly("softmax_attention", "gla");
    assertThat(folder.resolve(Experiment.RESULTS)).doesNotExist();
    byte[] finished = Files.readAllBytes(folder.resolve("softmax_attention-seed1/run.json"));

    started.clear();
    List<Long> resumed = new ArrayList<>();
    Experiment again =
        new Experiment(
            Experiment.configOf(folder),
            folder,
            name -> {
              started.add(name);
              return recordResumption(resumed);
            });
    assertThat(again.run()).isPresent();
    assertThat(started).as("finished runs stay").containsExactly("gla", "lstm");
    assertThat(resumed).containsExactly(3L, 0L);
    assertThat(folder.resolve("softmax_attention-seed1/run.json")).hasBinaryContent(finished);
    assertThat(TinyExperiment.comparable(folder)).isEqualTo(TinyExperiment.comparable(whole));
    assertThat(again.run()).as("a finished experiment is read").isPresent();
    assertThat(started).hasSize(2);
  }

  @Test
  void stopAfterTheLastStep_keepsTheTrainingTime() throws IOException {
    List<Experiment> running = new ArrayList<>();
    running.add(
        new Experiment(
            TinyExperiment.config(STEPS).withMixers(List.of("lstm")),
            folder,
            name -> stopAfter(STEPS, running)));
    assertThat(running.get(0).run()).isEmpty();
    Results.Run run =
        new Experiment(Experiment.configOf(folder), folder, TinyExperiment::silent)
            .run()
            .orElseThrow()
            .runs()
            .get(0);
    assertThat(run.trainSeconds()).isPositive();
    Results.Run undisturbed = results.runs().get(2);
    assertThat(run.details().get("losses")).isEqualTo(undisturbed.details().get("losses"));
    assertThat(run.details().get("test")).isEqualTo(undisturbed.details().get("test"));
  }

  private static TrainListener stopAfter(int steps, List<Experiment> running) {
    return new TrainListener() {
      @Override
      public void stepped(Step step) {
        if (step.step() == steps) {
          running.get(0).requestStop();
        }
      }
    };
  }

  private static TrainListener recordResumption(List<Long> resumed) {
    return new TrainListener() {
      @Override
      public void started(Start start) {
        resumed.add(start.resumedStep());
      }
    };
  }

  @Test
  void finishedRun_countsOnlyForWhatMadeIt() throws IOException {
    ExperimentConfig one = TinyExperiment.config(STEPS).withMixers(List.of("lstm"));
    assertThat(new Experiment(one, folder, TinyExperiment::silent).run()).isPresent();
    Path config = folder.resolve(Experiment.CONFIG);
    String before = Files.readString(folder.resolve(Experiment.RESULTS));
    for (String[] edit :
        new String[][] {
          {"\"steps\" : 4", "\"steps\" : 5"},
          {"\"lr\" : 0.01", "\"lr\" : 0.5"},
          {"\"seed\" : 3", "\"seed\" : 4"}
        }) {
      String text = Files.readString(config);
      assertThat(text).contains(edit[0]);
      Files.writeString(config, text.replace(edit[0], edit[1]));
      Experiment edited =
          new Experiment(Experiment.configOf(folder), folder, TinyExperiment::silent);
      assertThatThrownBy(edited::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("run.json: must be resumed with the configuration and data that");
      Files.writeString(config, text);
    }
    assertThat(folder.resolve(Experiment.RESULTS)).hasContent(before);
    // The number of runs beside it says nothing about a run.
    Files.writeString(config, Files.readString(config).replace("\"seeds\" : 1", "\"seeds\" : 2"));
    assertThat(
            new Experiment(Experiment.configOf(folder), folder, TinyExperiment::silent)
                .run()
                .orElseThrow()
                .runs())
        .hasSize(2);
  }

  @Test
  void modelThatDoesNotFit_isRefusedBeforeAnythingIsWritten() {
    Path nowhere = folder.resolve("nowhere");
    String yaml = TinyExperiment.yaml(STEPS);
    Map<String, String> unfit =
        Map.of(
            "- {type: lstm}", "- {type: gla, heads: 3}",
            "width: 8", "width: 8\n  maxPositions: 4");
    unfit.forEach(
        (right, wrong) -> {
          ExperimentConfig config = ExperimentConfig.parse("unfit", yaml.replace(right, wrong));
          assertThatThrownBy(() -> new Experiment(config, nowhere, TinyExperiment::silent))
              .isInstanceOf(IllegalArgumentException.class);
        });
    assertThat(nowhere).doesNotExist();
  }

  @Test
  void litterOfAKilledProcess_isRemoved() throws IOException {
    ExperimentConfig one = TinyExperiment.config(STEPS).withMixers(List.of("lstm"));
    Path litter = folder.resolve("lstm-seed1/model/.config.json.123456789.tmp");
    Files.createDirectories(litter.getParent());
    Files.writeString(litter, "{");
    Files.writeString(folder.resolve(".results.json.42.tmp"), "{");
    Files.writeString(folder.resolve("notes.tmp"), "mine");
    assertThat(new Experiment(one, folder, TinyExperiment::silent).run()).isPresent();
    assertThat(litter).doesNotExist();
    assertThat(folder.resolve(".results.json.42.tmp")).doesNotExist();
    assertThat(folder.resolve("notes.tmp")).exists();
  }

  @Test
  void folder_belongsToOneConfiguration() {
    ExperimentConfig other = TinyExperiment.config(STEPS + 1);
    assertThatThrownBy(() -> new Experiment(other, whole, TinyExperiment::silent).run())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "experiment: %s holds another experiment; use its own configuration or another folder",
            whole);
    assertThatThrownBy(() -> Experiment.configOf(folder))
        .hasMessage("resume: %s must hold config.json of an experiment, got none", folder);
  }
}
