package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.core.type.TypeReference;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.models.model.ModelStateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What version 0.1 wrote must be read by every later version: a checkpoint, a model folder and a
 * streamed state, in {@code src/test/resources/golden/VERSION}. A new format gets a folder of its
 * own beside the old ones; {@code -Dzoo.golden.write=FOLDER} writes one.
 */
class GoldenTest {
  /** Floats of another processor and another order of sums, after six updates. */
  private static final double OTHER_PROCESSOR = 1e-4;

  private static final int HALF = 6;
  private static final int VOCABULARY = 7;
  private static final int[][] PROMPT = {{0, 1, 2, 3, 4}, {5, 6, 0, 1, 2}};
  private static final Path GOLDEN = Path.of("src/test/resources/golden/0.1");

  @TempDir Path temporary;

  @Test
  void checkpoint_isResumedToTheSameLosses() throws IOException {
    Path run = copy("run");
    Parameters parameters = Parameters.of(model(), DataType.FLOAT, 1);
    TrainResult result = trainer(parameters).checkpoints(run, config()).run();
    assertThat(result.end()).isEqualTo(TrainResult.End.FINISHED);
    List<Double> losses = result.history().losses().stream().map(point -> point.loss()).toList();
    List<Double> expected = numbers("losses.json");
    assertThat(losses).hasSameSizeAs(expected);
    for (int i = 0; i < losses.size(); i++) {
      assertThat(losses.get(i)).isCloseTo(expected.get(i), within(OTHER_PROCESSOR));
    }
  }

  @Test
  void model_givesTheSameLogits() throws IOException {
    ModelFiles.Saved saved = ModelFiles.load(GOLDEN.resolve("model"), DataType.FLOAT);
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, saved.parameters());
      assertClose(saved.tokenModel().forward(context, Nd4j.createFromArray(PROMPT)), "logits.json");
    }
  }

  @Test
  void streamedState_isContinuedToTheSameLogits() throws IOException {
    ModelFiles.Saved saved = ModelFiles.load(GOLDEN.resolve("model"), DataType.FLOAT);
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, saved.parameters());
      assertClose(
          saved
              .tokenModel()
              .step(
                  context,
                  new int[] {5, 3},
                  ModelStateFiles.load(
                      GOLDEN.resolve("state.safetensors"), saved.tokenModel(), saved.parameters()))
              .outputs(),
          "continued.json");
    }
  }

  @Test
  void streamedState_isNotThatOfAModelWithAnotherValueOfALaterKey() throws IOException {
    LanguageModel other =
        new LanguageModel(Configs.with(model().config(), "layers.0.mixer.norm", false));
    Parameters parameters = Parameters.of(other, DataType.FLOAT, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> ModelStateFiles.load(GOLDEN.resolve("state.safetensors"), other, parameters))
        .withMessageContaining("must be a state of a model of this configuration");
  }

  @Test
  void write() throws IOException {
    String target = System.getProperty("zoo.golden.write");
    assumeThat(target).as("-Dzoo.golden.write=FOLDER writes a new version").isNotNull();
    Path folder = Path.of(target);
    Path run = folder.resolve("run");
    Trainer<TokenBatch> half = trainer(Parameters.of(model(), DataType.FLOAT, 1));
    half.listener(
        new TrainListener() {
          @Override
          public void stepped(Step step) {
            if (step.step() == HALF) {
              half.requestStop();
            }
          }
        });
    half.checkpoints(run, config()).run();
    Path whole = temporary.resolve("whole");
    copy(run, whole);
    Parameters parameters = Parameters.of(model(), DataType.FLOAT, 1);
    TrainResult result = trainer(parameters).checkpoints(whole, config()).run();
    write(
        folder.resolve("losses.json"),
        result.history().losses().stream().map(point -> point.loss()).toList());
    LanguageModel model = model();
    ModelFiles.save(folder.resolve("model"), model, parameters);
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      Evolution output = model.evolve(context, Nd4j.createFromArray(PROMPT), /* initial= */ null);
      write(
          folder.resolve("logits.json"), list(output.outputs().value().dup('c').data().asDouble()));
      ModelStateFiles.save(folder.resolve("state.safetensors"), model, output.state());
      Evolution next = model.step(context, new int[] {5, 3}, output.state());
      write(
          folder.resolve("continued.json"),
          list(next.outputs().value().dup('c').data().asDouble()));
    }
  }

  private static LanguageModel model() {
    return new LanguageModel(
        Configs.read(
            "model",
            "{type: language_model, vocabulary: "
                + VOCABULARY
                + ", width: 8, maxPositions: 16, layers: [{mixer: {type: gla, heads: 2,"
                + " shortConvolution: 3}}, {mixer: {type: softmax_attention, heads: 2}}, {mixer:"
                + " {type: lstm}}], channel: {type: swiglu}}",
            LanguageModelConfig.class));
  }

  private static TrainConfig config() {
    return Configs.read(
        "train",
        "{optimizer: {type: adamw, lr: 0.01}, schedule: {type: cosine, warmup: 2}, steps: 12,"
            + " batch: 4, seed: 1, clip: 1}",
        TrainConfig.class);
  }

  private static Trainer<TokenBatch> trainer(Parameters parameters) {
    return new Trainer<>(
        config(), parameters, new TokenObjective(model()::forward), new CycleSource(4, 9, 7, 5));
  }

  private static void assertClose(Variable logits, String file) throws IOException {
    double[] actual = logits.value().dup('c').data().asDouble();
    List<Double> expected = numbers(file);
    assertThat(actual).hasSize(expected.size());
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(expected.get(i), within(OTHER_PROCESSOR));
    }
  }

  private static List<Double> list(double[] numbers) {
    List<Double> list = new ArrayList<>();
    for (double number : numbers) {
      list.add(number);
    }
    return list;
  }

  private static List<Double> numbers(String file) throws IOException {
    return Configs.json()
        .readValue(Files.readString(GOLDEN.resolve(file)), new TypeReference<List<Double>>() {});
  }

  private static void write(Path file, List<Double> numbers) throws IOException {
    Files.writeString(file, Configs.json().writeValueAsString(numbers) + "\n");
  }

  private Path copy(String name) throws IOException {
    Path target = temporary.resolve(name);
    copy(GOLDEN.resolve(name), target);
    return target;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path source : tree.sorted(Comparator.naturalOrder()).toList()) {
        Files.copy(source, to.resolve(from.relativize(source).toString()));
      }
    }
  }
}
