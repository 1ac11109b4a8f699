package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.block.Parameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class CheckpointsTest {
  private static final TrainConfig CONFIG =
      TrainConfig.of(OptimizerConfig.AdamW.standard(0.1), 10, 4, 1);

  @TempDir Path folder;
  private Parameters parameters;
  private Optimizer optimizer;

  @BeforeEach
  void prepare() {
    parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    optimizer = CONFIG.optimizer().build(parameters);
  }

  @Test
  void save_keepsTheLatestAndTheBest() {
    try (Checkpoints checkpoints = Checkpoints.open(folder, 2)) {
      for (long step = 1; step <= 6; step++) {
        save(checkpoints, step, step < 2 ? -1 : 2);
      }
      assertThat(checkpoints.steps()).containsExactly(2L, 5L, 6L);
    }
    assertThat(Checkpoints.latest(folder)).isEqualTo(folder.resolve("step-6"));
    assertThat(Checkpoints.best(folder)).isEqualTo(folder.resolve("step-2"));
  }

  @Test
  void provenance_saysEverything() {
    try (Checkpoints checkpoints = Checkpoints.open(folder, 2)) {
      save(checkpoints, 1, -1);
    }
    Provenance provenance = Checkpoints.provenance(folder.resolve("step-1"));
    assertThat(provenance.config().path("optimizer").path("type").asText()).isEqualTo("adamw");
    assertThat(provenance.dataHash()).isEqualTo("hash");
    assertThat(provenance.kernels()).isNotEmpty();
    assertThat(provenance.java()).isEqualTo(System.getProperty("java.version"));
    assertThat(provenance.versions()).containsKeys("blas", "sequence-zoo", "nd4j", "nd4j-backend");
    assertThat(provenance.created()).endsWith("Z");
  }

  @Test
  void commit_isReadFromGitsStatus() {
    assertThat(Provenance.commit("# branch.oid 1234\n# branch.head main\n")).isEqualTo("1234");
    assertThat(Provenance.commit("# branch.oid 1234\n1 .M N... a.java\n")).isEqualTo("1234-dirty");
    assertThat(Provenance.commit("# branch.oid (initial)\n")).isNull();
    assertThat(Provenance.commit("")).isNull();
  }

  @Test
  void open_refusesASecondRun() {
    Checkpoints first = Checkpoints.open(folder, 2);
    assertThatThrownBy(() -> Checkpoints.open(folder, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "checkpoints "
                + folder
                + ": must be used by one run at a time, got a second; wait for the other or use"
                + " another folder");
    first.close();
    Checkpoints.open(folder, 2).close();
  }

  @Test
  void open_removesLitterAndNothingElse() throws IOException {
    Files.createDirectories(folder.resolve("step-3.tmp"));
    Files.writeString(folder.resolve("step-3.tmp/model.safetensors"), "half");
    Files.writeString(folder.resolve("notes.tmp"), "mine");
    try (Checkpoints checkpoints = Checkpoints.open(folder, 2)) {
      assertThat(checkpoints.latestStep()).isEmpty();
    }
    assertThat(names()).containsExactlyInAnyOrder(".lock", "notes.tmp");
  }

  @Test
  void load_refusesAnotherConfigurationAndOtherData() {
    try (Checkpoints checkpoints = Checkpoints.open(folder, 2)) {
      save(checkpoints, 1, -1);
      TrainConfig other = TrainConfig.of(CONFIG.optimizer(), 10, 8, 1);
      assertThatThrownBy(() -> checkpoints.load(1, other, "hash", parameters, optimizer))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "checkpoint "
                  + folder.resolve("step-1")
                  + ": must be resumed with its own configuration, got batch 8 where it was 4; use"
                  + " that or another folder");
      assertThatThrownBy(() -> checkpoints.load(1, CONFIG, "other", parameters, optimizer))
          .hasMessage(
              "checkpoint "
                  + folder.resolve("step-1")
                  + ": must be resumed on its own data hash, got other");
      TrainState state = checkpoints.load(1, CONFIG, "hash", parameters, optimizer);
      assertThat(state).isEqualTo(state(1, -1));
    }
  }

  @Test
  void load_refusesDamagedFiles() throws IOException {
    try (Checkpoints checkpoints = Checkpoints.open(folder, 2)) {
      save(checkpoints, 1, -1);
      Path model = folder.resolve("step-1/model.safetensors");
      byte[] bytes = Files.readAllBytes(model);
      Files.write(model, Arrays.copyOf(bytes, bytes.length - 1));
      assertThatThrownBy(() -> checkpoints.load(1, CONFIG, "hash", parameters, optimizer))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("truncated");
      Files.writeString(folder.resolve("step-1/checkpoint.json"), "{}");
      assertThatThrownBy(() -> checkpoints.load(1, CONFIG, "hash", parameters, optimizer))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("format must be sequence-zoo-checkpoint-1");
    }
  }

  @Test
  void save_thatFailsLeavesTheOneBeforeAndNoLitter() throws IOException {
    Optimizer full =
        new Optimizer() {
          @Override
          public void step(double gradientScale, double learningRate) {}

          @Override
          public long steps() {
            return 0;
          }

          @Override
          public Map<String, INDArray> state() {
            throw new UncheckedIOException(new IOException("No space left on device"));
          }

          @Override
          public void restore(long steps) {}
        };
    try (Checkpoints checkpoints = Checkpoints.open(folder, 2)) {
      save(checkpoints, 1, -1);
      assertThatThrownBy(
              () ->
                  checkpoints.save(
                      Provenance.current(CONFIG, "hash"), state(2, -1), parameters, full))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessage(
              "checkpoints "
                  + folder
                  + ": can't be written; the checkpoint of step 1 stands (IOException: No space"
                  + " left on device)");
      assertThat(names()).containsExactlyInAnyOrder(".lock", "step-1");
    }
  }

  @Test
  void latest_refusesAnEmptyFolder() {
    assertThatThrownBy(() -> Checkpoints.latest(folder))
        .hasMessage("checkpoints " + folder + ": must hold a checkpoint, got none");
  }

  private void save(Checkpoints checkpoints, long step, long best) {
    checkpoints.save(Provenance.current(CONFIG, "hash"), state(step, best), parameters, optimizer);
  }

  private static TrainState state(long step, long best) {
    return new TrainState(
        step, step, 0, step, best, 1 / 3.0, 0, 0.1, 1, new History(List.of(), List.of()));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }
}
