package io.sequencezoo.eval.fault;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.contract.Attempt;
import io.sequencezoo.core.io.StateFiles;
import io.sequencezoo.core.kernel.Memory;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.TinyExperiment;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.models.model.ModelStateFiles;
import io.sequencezoo.train.TrainListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Damaged configurations and files are read, or refused in one line: {@code mvn verify -Pfuzz}, and
 * one in a hundred of them otherwise. {@code -Dzoo.test.seed} damages others.
 */
class FuzzTest {
  private static final long SEED = Long.getLong("zoo.test.seed", 20261128L);
  private static final int TEXTS = 7000;
  private static final int FILES = 3000;

  @TempDir Path folder;

  @BeforeEach
  void limitMemory() {
    System.setProperty(Memory.LIMIT_PROPERTY, Long.toString(64L << 20));
  }

  @AfterEach
  void noLimit() {
    System.clearProperty(Memory.LIMIT_PROPERTY);
  }

  @Test
  void someConfigurations_areReadOrRefused() {
    texts(TEXTS / 100);
  }

  @Test
  @Tag("fuzz")
  void configurations_areReadOrRefused() {
    texts(TEXTS);
  }

  @Test
  void someFiles_areReadOrRefused() throws IOException {
    files(FILES / 100);
  }

  @Test
  @Tag("fuzz")
  void files_areReadOrRefused() throws IOException {
    files(FILES);
  }

  private void texts(int count) {
    List<String> whole = new ArrayList<>();
    Registry.get().entries().values().stream()
        .flatMap(entry -> entry.examples().stream())
        .forEach(config -> whole.add(Configs.write(config)));
    int blocks = whole.size();
    whole.add(TinyExperiment.yaml(2));
    Fuzzer fuzzer = new Fuzzer(SEED);
    Outcomes outcomes = new Outcomes();
    for (int i = 0; i < count; i++) {
      // Every fourth is a whole experiment.
      int which = i % 4 == 3 ? blocks : i % blocks;
      String text = fuzzer.damaged(whole.get(which));
      outcomes.of(
          "text " + i + ": " + text,
          () -> {
            if (which == blocks) {
              ExperimentConfig config = ExperimentConfig.parse("fuzz", text);
              new Experiment(config, folder, name -> new TrainListener() {});
            } else {
              build(Configs.read("fuzz", text, BlockConfig.class));
            }
          });
    }
    outcomes.check("configurations");
  }

  private static void build(BlockConfig config) {
    Block block =
        config instanceof MixerConfig mixer
            ? mixer.build(MixerConfig.Place.alone(8))
            : config instanceof FeedForwardConfig channel
                ? channel.build(MixerConfig.Place.alone(8))
                : config instanceof LanguageModelConfig model ? model.build() : null;
    if (block != null) {
      block.declare(new Declaration());
    }
  }

  private void files(int count) throws IOException {
    Path run = folder.resolve("run");
    ExperimentConfig config = ExperimentConfig.parse("run", TinyExperiment.yaml(2));
    ExperimentConfig one = config.withMixers(List.of("gla"));
    assertThat(new Experiment(one, run, name -> new TrainListener() {}).run()).isPresent();
    Path own = run.resolve("gla-seed1");
    ModelFiles.Saved saved = ModelFiles.load(own.resolve(Experiment.MODEL), DataType.FLOAT);
    Path states = folder.resolve("states.safetensors");
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, saved.parameters());
      ModelStateFiles.save(
          states,
          saved.model(),
          saved
              .model()
              .prefill(context, Nd4j.createFromArray(new int[][] {{1, 2, 3}}), null)
              .state());
    }
    Map<Path, Attempt> readers = new LinkedHashMap<>();
    Attempt load = () -> ModelFiles.load(own.resolve(Experiment.MODEL), DataType.FLOAT);
    readers.put(own.resolve(Experiment.MODEL).resolve(ModelFiles.WEIGHTS), load);
    readers.put(own.resolve(Experiment.MODEL).resolve(ModelFiles.CONFIG), load);
    readers.put(
        states,
        () -> {
          StateFiles.loadAll(states);
          ModelStateFiles.load(states, saved.model(), saved.parameters());
        });
    Attempt resume =
        () -> new Experiment(Experiment.configOf(run), run, name -> new TrainListener() {}).run();
    readers.put(run.resolve(Experiment.CONFIG), () -> Experiment.configOf(run));
    readers.put(own.resolve("run.json"), resume);
    Path checkpoint;
    try (Stream<Path> entries = Files.list(own.resolve("checkpoints"))) {
      checkpoint =
          entries
              .filter(entry -> entry.getFileName().toString().startsWith("step-"))
              .max(Comparator.naturalOrder())
              .orElseThrow();
    }
    Attempt goOn =
        () -> {
          Files.deleteIfExists(own.resolve("run.json"));
          resume.run();
        };
    try (Stream<Path> entries = Files.list(checkpoint)) {
      entries.sorted().forEach(file -> readers.put(file, goOn));
    }
    readers.put(own.resolve("log.jsonl"), goOn);
    Fuzzer fuzzer = new Fuzzer(SEED);
    Outcomes outcomes = new Outcomes();
    List<Path> paths = List.copyOf(readers.keySet());
    Map<Path, byte[]> whole = new LinkedHashMap<>();
    for (Path path : paths) {
      whole.put(path, Files.readAllBytes(path));
    }
    for (int i = 0; i < count; i++) {
      Path file = paths.get(i % paths.size());
      Files.write(file, fuzzer.damaged(whole.get(file)));
      outcomes.of("file " + i + ": " + folder.relativize(file), readers.get(file));
      for (Path each : paths) {
        Files.createDirectories(each.getParent());
        Files.write(each, whole.get(each));
      }
    }
    outcomes.check("files");
  }

  /** What became of what was tried. */
  private static final class Outcomes {
    private final Map<String, String> faults = new LinkedHashMap<>();
    private int tried;
    private int refused;

    void of(String what, Attempt attempt) {
      tried++;
      boolean[] ended = new boolean[1];
      Attempt.fault(
              () -> {
                attempt.run();
                ended[0] = true;
              })
          .ifPresent(fault -> faults.put(what, fault));
      refused += ended[0] ? 0 : 1;
    }

    void check(String kind) {
      System.out.printf("fuzz: %d damaged %s, %d refused%n", tried, kind, refused);
      assertThat(faults).as("%s of %s %s, seed %s", faults.size(), tried, kind, SEED).isEmpty();
      assertThat(refused).as("refused").isPositive();
    }
  }
}
