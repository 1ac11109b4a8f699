package io.sequencezoo.models.pretrained;

import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.nonlinear.ElmanConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Reads checkpoints of others as models of the zoo, and writes them back under their own names.
 *
 * <p>A checkpoint is a folder with a {@code config.json} and {@code model.safetensors}, or {@code
 * model.safetensors.index.json} and the files that it names. Weights are read as single precision
 * from F32, F16, BF16, F8_E4M3 or F8_E5M2. Nothing is allocated before all names, shapes and types
 * have been found to be those of the model that the configuration describes.
 *
 * <p>Written back, weights have the types that they came in, and files that nobody has trained are
 * what they were, byte for byte.
 */
public final class PretrainedModels {
  private PretrainedModels() {}

  /** The names of the layouts that are known. */
  public static List<String> layouts() {
    return Layouts.names();
  }

  /**
   * Reads a checkpoint for training.
   *
   * @param source a folder, or a safetensors file with a {@code config.json} beside it
   * @throws IllegalArgumentException in one line, where the files are damaged, the configuration
   *     says what the zoo's blocks don't have, or weights aren't those of the model
   */
  public static Pretrained load(Path source) throws IOException {
    return load(source, model -> Parameters.unset(model, DataType.FLOAT));
  }

  /** Reads a checkpoint that is not to be trained, which takes half the memory. */
  public static Pretrained loadConstant(Path source) throws IOException {
    return load(source, model -> Parameters.unsetConstants(model, DataType.FLOAT));
  }

  /**
   * Writes a model into a folder of the zoo's, with what it takes to export it.
   *
   * @param folder must not exist yet
   */
  public static void save(Pretrained pretrained, Path folder) throws IOException {
    PretrainedFiles.save(pretrained, folder);
  }

  /**
   * Reads a folder that {@link #save} wrote, whose weights may have been trained since.
   *
   * @throws IllegalArgumentException where the model wasn't imported
   */
  public static Pretrained open(Path folder) throws IOException {
    return PretrainedFiles.open(folder);
  }

  /**
   * Writes a model as the files that it came from.
   *
   * @param folder must not exist yet
   */
  public static void export(Pretrained pretrained, Path folder) throws IOException {
    PretrainedFiles.export(pretrained, folder);
  }

  /**
   * Reads {@code torch.nn.LSTM}, {@code GRU} or {@code RNN} of PyTorch as a mixer: layers with as
   * many units as inputs, in one direction, with biases.
   *
   * @param file a safetensors file of a state dictionary
   * @param prefix what names of its tensors begin with, such as {@code rnn.}; empty for nothing
   * @param activation of {@code RNN}, which its weights don't say
   * @throws IllegalArgumentException in one line, where the file is damaged or holds other tensors
   */
  public static PretrainedMixer loadRecurrent(
      Path file, String prefix, ElmanConfig.Activation activation) throws IOException {
    try (TensorFiles files = TensorFiles.open(file)) {
      RecurrentLayouts.Layers layers = RecurrentLayouts.of(files, prefix, activation);
      SequenceMixer mixer = layers.mixer().build(MixerConfig.Place.alone(layers.width()));
      Binding binding = Binding.of(layers.layout(), List.of(), mixer);
      BoundTensors tensors = BoundTensors.of(files, layers.layout(), binding).under(prefix);
      tensors.check();
      Parameters parameters = Parameters.unset(mixer, DataType.FLOAT);
      tensors.fill(parameters);
      return new PretrainedMixer(layers.mixer(), mixer, parameters);
    }
  }

  private static Pretrained load(Path source, Function<Block, Parameters> allocate)
      throws IOException {
    try (TensorFiles files = TensorFiles.open(source)) {
      Checkpoint checkpoint = Checkpoint.of(files);
      BoundTensors tensors = checkpoint.tensors();
      Pretrained.Source from =
          new Pretrained.Source(tensors.origin(checkpoint.config()), tensors.kept());
      Parameters parameters = allocate.apply(checkpoint.model());
      tensors.fill(parameters);
      return new Pretrained(checkpoint.model(), parameters, from);
    }
  }
}
