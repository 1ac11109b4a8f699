package io.sequencezoo.eval.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
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
class IcllExperimentTest {
  private static final int STEPS = 4;
  private static final List<String> MIXERS = List.of("softmax_attention", "gla", "lstm");

  // Probabilities of a distribution, summed in float.
  private static final double ROUNDING = 1e-6;

  @TempDir static Path whole;
  private static IcllResults results;

  @TempDir Path folder;

  @BeforeAll
  static void run() throws IOException {
    results = experiment(whole).run().orElseThrow();
  }

  private static IcllExperiment experiment(Path folder) {
    return new IcllExperiment(TinyExperiment.config(STEPS), folder, TinyExperiment::silent);
  }

  @Test
  void results_readBackAsTheyWereWritten() throws IOException {
    String text = Files.readString(whole.resolve(IcllExperiment.RESULTS));
    IcllResults read = Configs.read("results", text, IcllResults.class);
    assertThat(Configs.write(read) + "\n").isEqualTo(text);
    assertThat(read.schema()).isEqualTo(IcllResults.SCHEMA);
    assertThat(IcllExperimentConfig.parse("config", Configs.write(read.config())))
        .isEqualTo(TinyExperiment.config(STEPS));
    assertThat(text).doesNotContain("NaN", "Infinity");
  }

  @Test
  void runs_holdWhatTheReportShows() {
    assertThat(results.runs()).extracting(IcllResults.Run::name).isEqualTo(MIXERS);
    for (IcllResults.Run run : results.runs()) {
      assertThat(run.steps()).isEqualTo(STEPS);
      assertThat(run.bestStep()).isIn(2L, 4L);
      assertThat(run.parameters()).isPositive();
      assertThat(run.trainSeconds()).isPositive();
      assertThat(run.tokensPerSecond()).isPositive();
      assertThat(run.losses()).extracting(IcllResults.LossPoint::examples).endsWith(8L);
      assertThat(run.validation())
          .extracting(IcllResults.ValidationPoint::examples)
          .containsExactly(4L, 8L);
      assertThat(run.test().predictor()).isEqualTo(run.name());
      assertThat(run.sample().continuation()).isNotEmpty();
      assertThat(run.mixing()).hasSize(1);
    }
  }

  @Test
  void mixingMatrices_areCausalAndAttentionsRowsAreWeights() {
    for (IcllResults.Run run : results.runs()) {
      IcllResults.Mixing mixing = run.mixing().get(0);
      double[][] matrix = mixing.matrix();
      assertThat(matrix).hasNumberOfRows(mixing.tokens().size());
      for (int i = 0; i < matrix.length; i++) {
        assertThat(matrix[i]).doesNotContain(Double.NaN).hasSize(matrix.length);
        for (int j = i + 1; j < matrix.length; j++) {
          assertThat(matrix[i][j]).isZero();
        }
      }
    }
    for (double[] row : results.runs().get(0).mixing().get(0).matrix()) {
      double sum = 0;
      for (double weight : row) {
        sum += weight;
      }
      assertThat(sum).isCloseTo(1, within(ROUNDING));
    }
  }

  @Test
  void report_showsEveryArchitecture() throws IOException {
    String html = Files.readString(whole.resolve(IcllExperiment.REPORT));
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
    assertThat(new IcllReport(results).table()).contains(MIXERS).contains("2-gram");
  }

  @Test
  void repetition_givesTheSameNumbers() throws IOException {
    experiment(folder).run();
    assertThat(TinyExperiment.comparable(folder)).isEqualTo(TinyExperiment.comparable(whole));
  }

  @Test
  void interruptedAndResumed_isAsIfNothingHadHappened() throws IOException {
    List<String> started = new ArrayList<>();
    List<IcllExperiment> running = new ArrayList<>();
    running.add(
        new IcllExperiment(
            TinyExperiment.config(STEPS),
            folder,
            name -> {
              started.add(name);
              return stopAfter(name.equals("gla") ? 3 : STEPS + 1, running);
            }));
    assertThat(running.get(0).run()).isEmpty();
    assertThat(started).containsExactly("softmax_attention", "gla");
    assertThat(folder.resolve(IcllExperiment.RESULTS)).doesNotExist();
    byte[] finished = Files.readAllBytes(folder.resolve("softmax_attention-seed1/run.json"));

    started.clear();
    List<Long> resumed = new ArrayList<>();
    IcllExperiment again =
        new IcllExperiment(
            IcllExperiment.configOf(folder),
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
    List<IcllExperiment> running = new ArrayList<>();
    running.add(
        new IcllExperiment(
            TinyExperiment.config(STEPS).withMixers(List.of("lstm")),
            folder,
            name -> stopAfter(STEPS, running)));
    assertThat(running.get(0).run()).isEmpty();
    IcllResults.Run run =
        new IcllExperiment(IcllExperiment.configOf(folder), folder, TinyExperiment::silent)
            .run()
            .orElseThrow()
            .runs()
            .get(0);
    assertThat(run.trainSeconds()).isPositive();
    assertThat(run.losses()).isEqualTo(results.runs().get(2).losses());
    assertThat(run.test()).isEqualTo(results.runs().get(2).test());
  }

  private static TrainListener stopAfter(int steps, List<IcllExperiment> running) {
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
  void folder_belongsToOneConfiguration() {
    IcllExperimentConfig other = TinyExperiment.config(STEPS + 1);
    assertThatThrownBy(() -> new IcllExperiment(other, whole, TinyExperiment::silent).run())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "experiment: %s must be resumed with its own configuration; use that or another folder",
            whole);
    assertThatThrownBy(() -> IcllExperiment.configOf(folder))
        .hasMessage("resume: %s must hold config.json of an experiment, got none", folder);
  }
}
