package io.sequencezoo.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.study.StudyConfig;
import io.sequencezoo.models.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

/** The experiments in docs/bench can be run, and what they call equal is. */
class CommittedExperimentsTest {
  private static final Path BENCH = Path.of(System.getProperty("zoo.root", ".."), "docs/bench");

  /** What "equal" means where sizes are whole numbers of heads and layers. */
  private static final double PERCENT = 4;

  private static final Path EXAMPLES = BENCH.resolveSibling("examples");

  static List<Path> experiments() throws IOException {
    return yaml(BENCH, false);
  }

  static List<Path> studies() throws IOException {
    List<Path> studies = new ArrayList<>(yaml(BENCH, true));
    studies.addAll(yaml(EXAMPLES, true));
    studies.addAll(yaml(EXAMPLES, false));
    return studies;
  }

  private static List<Path> yaml(Path folder, boolean ablations) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml"))
          .filter(file -> file.getFileName().toString().startsWith("ablate-") == ablations)
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("studies")
  void everyStudy_isReadAndItsModelsAreBuilt(Path file) throws IOException {
    StudyConfig study = StudyConfig.parse(file.toString(), Files.readString(file));
    for (Task task : study.tasks()) {
      assertThat(study.variants(task)).hasSizeGreaterThan(1);
      study.variants(task).forEach(variant -> assertThat(variant.model().build()).isNotNull());
    }
  }

  private static ExperimentConfig read(Path file) throws IOException {
    return ExperimentConfig.parse(file.toString(), Files.readString(file));
  }

  @ParameterizedTest
  @MethodSource("experiments")
  void everyExperiment_isReadAndItsModelsAreBuilt(Path file) throws IOException {
    ExperimentConfig config = read(file);
    assertThat(config.contestants()).isNotEmpty();
    config.contestants().forEach((name, model) -> assertThat(model.build()).isNotNull());
  }

  @ParameterizedTest
  @ValueSource(strings = {"copy", "reverse", "addition"})
  void sharedDepth_hasTheParametersOfPlainDepth(String task) throws IOException {
    ExperimentConfig config = read(BENCH.resolve("families-universal-" + task + ".yaml"));
    long plain = parameters(config, "plain");
    for (String name : List.of("universal", "universal-act")) {
      assertThat(parameters(config, name)).isCloseTo(plain, withinPercentage(PERCENT));
    }
  }

  private static long parameters(ExperimentConfig config, String name) {
    Model model = config.contestants().get(name).build();
    return Parameters.of(model, DataType.FLOAT, /* seed= */ 1).count();
  }

  @Test
  void memories_haveTheStateOfTheirDeltaNet() throws IOException {
    ExperimentConfig config = read(BENCH.resolve("families-recall.yaml"));
    for (String name : List.of("ttt-linear", "memory")) {
      assertThat(state(config, name)).isCloseTo(state(config, "delta"), withinPercentage(PERCENT));
    }
    assertThat(state(config, "titans"))
        .isCloseTo(state(config, "delta-wide"), withinPercentage(PERCENT));
  }

  private static long state(ExperimentConfig config, String name) {
    Model model = config.contestants().get(name).build();
    return model.stack().stateBytes(/* consumed= */ 64, DataType.FLOAT);
  }
}
