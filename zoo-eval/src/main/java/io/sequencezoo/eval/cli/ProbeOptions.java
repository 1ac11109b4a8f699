package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.eval.analysis.DepthResults;
import io.sequencezoo.eval.analysis.DepthSubject;
import io.sequencezoo.eval.analysis.Probe;
import io.sequencezoo.eval.analysis.ProbeInput;
import io.sequencezoo.eval.analysis.ProbeSubject;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.TokenTask;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.Layers;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.models.model.StageConfig;
import io.sequencezoo.models.model.TokenModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import picocli.CommandLine.Option;

/** The options of {@code zoo describe} that say which weights are looked at along which input. */
final class ProbeOptions {
  private static final int DEFAULT_LENGTH = 64;

  @Option(
      names = "--length",
      paramLabel = "T",
      description = "Steps to look at; a text or prompt may be shorter (default: 64).")
  private Integer length;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Seed of weights and of the input (default: 1).")
  private Long seed;

  @Option(
      names = "--input",
      paramLabel = "random|icll",
      description =
          "Independent normal vectors, or a prompt of in-context language learning, a random vector"
              + " per symbol (default: random).")
  private ProbeInput.Kind input;

  @Option(
      names = "--text",
      paramLabel = "TEXT",
      description = "Characters as the input, a random vector per character.")
  private String text;

  @Option(
      names = "--row",
      paramLabel = "N",
      description = "Which random input, prompt or line of the text, from 0 (default: 0).")
  private Integer row;

  @Option(
      names = "--head",
      paramLabel = "H",
      description = "Which of the systems that run side by side, from 0 (default: 0).")
  private Integer head;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Take weights from a trained model, a folder 'model' that 'zoo run' wrote.")
  private Path model;

  @Option(
      names = "--layer",
      paramLabel = "L",
      description = "Which layer of the model, from 0 (default: 0).")
  private Integer layer;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder for JSON and page (default: runs/describe-NAME).")
  private Path out;

  /** Whether any of them was given. */
  boolean areGiven() {
    return Stream.of(length, seed, input, text, row, head, model, layer, out)
        .anyMatch(Objects::nonNull);
  }

  int head() {
    return head == null ? 0 : head;
  }

  /** The folder to write to, made where it doesn't exist. */
  Path folder(String name) {
    Path folder = out == null ? Path.of("runs", "describe-" + name) : out;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "describe: --out must be a folder that can be made, got "
              + folder
              + " ("
              + e.getClass().getSimpleName()
              + ")",
          e);
    }
    checkArgument(
        Files.isWritable(folder), "describe: --out must be a folder to write to, got %s", folder);
    return folder;
  }

  private ProbeInput input() {
    checkArgument(
        text == null || input == null || input == ProbeInput.Kind.TEXT,
        "describe: --text and --input exclude each other");
    checkArgument(
        text != null || input != ProbeInput.Kind.TEXT,
        "describe: --input must be random or icll, got text; give a --text");
    ProbeInput.Kind kind =
        text != null ? ProbeInput.Kind.TEXT : input == null ? ProbeInput.Kind.RANDOM : input;
    return new ProbeInput(
        kind,
        text,
        row == null ? 0 : row,
        length == null ? DEFAULT_LENGTH : length,
        seed == null ? 1 : seed);
  }

  /** A block of the registry, or the layer of a model. */
  Loaded load(String name, MixerConfig config, int width) throws IOException {
    ProbeInput along = input();
    if (model == null) {
      checkArgument(layer == null, "describe: --layer belongs to --model");
      return new Loaded(
          new ProbeSubject(name, config, width, along.seed(), null, null, along),
          Probe.ofMixer(config, width, along.seed(), along));
    }
    int index = layer == null ? 0 : layer;
    ModelFiles.Saved saved = ModelFiles.load(model, DataType.DOUBLE);
    Probe probe = Probe.ofModel(saved, index, alphabetOf(model, saved.tokenModel()), along);
    MixerConfig own = saved.model().config().mixers().get(index);
    String type = Registry.typeName(own.getClass());
    checkArgument(
        type.equals(name), "describe: layer %s of %s must be %s, got %s", index, model, name, type);
    return new Loaded(
        new ProbeSubject(
            name,
            own,
            probe.mixer().parametrisation().width(),
            null,
            model.toString(),
            index,
            along),
        probe);
  }

  /** The steps that tokens take in a stage of a type, alone as a seed initialises it or trained. */
  DepthResults depth(String name, StageConfig stage, int width) throws IOException {
    checkArgument(
        head == null && layer == null, "describe: --head and --layer don't belong to --depth");
    ProbeInput along = input();
    if (model != null) {
      ModelFiles.Saved saved = ModelFiles.load(model, DataType.DOUBLE);
      Alphabet alphabet = alphabetOf(model, saved.tokenModel());
      int[] tokens = along.tokens(alphabet);
      return DepthResults.of(
          new DepthSubject(name, saved.model().config(), null, model.toString(), along),
          saved.tokenModel(),
          saved.parameters(),
          tokens,
          Arrays.stream(tokens).mapToObj(alphabet::symbol).toList());
    }
    int[] tokens = along.symbolNumbers();
    LanguageModelConfig config =
        LanguageModelConfig.of(
            Arrays.stream(tokens).max().orElse(0) + 1,
            width,
            Layers.of(List.of(stage)),
            SoftmaxAttentionConfig.standard(),
            GluConfig.standard());
    LanguageModel alone = config.build();
    return DepthResults.of(
        new DepthSubject(name, config, along.seed(), null, along),
        alone,
        Parameters.of(alone, DataType.DOUBLE, along.seed()),
        tokens,
        along.labels());
  }

  /** The alphabet of the task that a folder's model was trained on; numbers where it names none. */
  static Alphabet alphabetOf(Path folder, TokenModel model) throws IOException {
    Optional<TokenTask> task =
        Experiment.taskOf(folder).filter(TokenTask.class::isInstance).map(TokenTask.class::cast);
    checkArgument(
        task.isEmpty() || task.get().vocabulary() == model.vocabulary(),
        "model: vocabulary of %s must be that of the experiment around it, got %s",
        folder,
        model.vocabulary());
    return task.map(TokenTask::alphabet).orElseGet(() -> Alphabet.numbers(model.vocabulary()));
  }

  /** Whether weights come from a model, which then sets configuration and width. */
  boolean isOfModel() {
    return model != null;
  }

  /** What is looked at, in words and in the flesh. */
  record Loaded(ProbeSubject subject, Probe probe) {}
}
