package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.core.io.ParameterFiles;
import io.sequencezoo.core.io.SafetensorsReader;
import io.sequencezoo.core.registry.Registry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A model as a folder: {@code model.safetensors} with the weights and, in its metadata, the
 * configuration; {@code config.json} with the configuration for people and other tools.
 *
 * <p>Each file is replaced in one step. A crash between the two leaves a pair that disagrees, which
 * loading refuses; the weights are whole even then.
 */
public final class ModelFiles {
  /** The name of the file of weights. */
  public static final String WEIGHTS = "model.safetensors";

  /** The name of the file of the configuration. */
  public static final String CONFIG = "config.json";

  private static final String METADATA_KEY = "config";

  private ModelFiles() {}

  /** Writes a model into a folder, which is made where it doesn't exist. */
  public static void save(Path folder, Model model, Parameters parameters) throws IOException {
    Files.createDirectories(folder);
    String config = Configs.write(model.config());
    ParameterFiles.save(parameters, folder.resolve(WEIGHTS), Map.of(METADATA_KEY, config));
    AtomicFiles.writeString(folder.resolve(CONFIG), config + "\n");
  }

  /**
   * Reads a model; weights are converted to the type.
   *
   * @throws IllegalArgumentException where a file is missing, damaged or doesn't fit the other
   */
  public static Saved load(Path folder, DataType type) throws IOException {
    Path weights = folder.resolve(WEIGHTS);
    checkArgument(
        Files.isRegularFile(weights), "model: %s must hold %s; it has none", folder, WEIGHTS);
    ModelConfig config = storedConfig(weights);
    Path file = folder.resolve(CONFIG);
    if (Files.exists(file)) {
      String text = Files.readString(file, StandardCharsets.UTF_8);
      ModelConfig shown = Configs.read(file.toString(), text, ModelConfig.class);
      checkArgument(
          shown.equals(config),
          "model: %s must describe the weights beside it, got another model; delete it to use the"
              + " configuration inside %s",
          file,
          WEIGHTS);
    }
    Model model = config.build();
    ParameterFiles.checkFits(weights, model);
    Parameters parameters = Parameters.unset(model, type);
    ParameterFiles.load(weights, parameters);
    return new Saved(model, parameters);
  }

  private static ModelConfig storedConfig(Path weights) throws IOException {
    try (SafetensorsReader reader = SafetensorsReader.open(weights)) {
      String text = reader.metadata().get(METADATA_KEY);
      checkArgument(
          text != null, "%s: metadata must hold the model's configuration, got none", weights);
      return Configs.read(weights + " metadata", text, ModelConfig.class);
    }
  }

  /** A model and its parameters. */
  public record Saved(Model model, Parameters parameters) {
    /**
     * The model, of tokens.
     *
     * @throws IllegalArgumentException where it is one of something else
     */
    public TokenModel tokenModel() {
      checkArgument(
          model instanceof TokenModel,
          "model: must be a model of tokens, got %s",
          Registry.typeName(model.config().getClass()));
      return (TokenModel) model;
    }
  }
}
