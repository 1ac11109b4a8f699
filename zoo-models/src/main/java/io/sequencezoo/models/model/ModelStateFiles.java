package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.Hashing;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.io.SafetensorsReader;
import io.sequencezoo.core.io.StateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a model remembers, as one safetensors file: the state of stage i under {@code layers.i}, of
 * parts of stages under their paths, and the tokens that the model has consumed. Another process
 * with the same model goes on from the same bits.
 */
public final class ModelStateFiles {
  private static final String MODEL = "model";
  private static final String CONFIG_KEY = "config";

  /** Version 0.1 kept a hash of the written configuration in place of the configuration. */
  private static final String HASH_KEY = "model";

  private ModelStateFiles() {}

  /** Writes a state of a model, atomically. */
  public static void save(Path file, Model model, State state) throws IOException {
    Map<String, State> states = new LinkedHashMap<>();
    states.put(MODEL, new State(state.parts(), state.consumed()));
    states.putAll(state.children());
    StateFiles.saveAll(file, states, Map.of(CONFIG_KEY, Configs.write(model.config())));
  }

  /**
   * Reads a state of a model, to memory outside every workspace.
   *
   * @throws IllegalArgumentException where the file is damaged or of a model of another
   *     configuration
   */
  public static State load(Path file, Model model, Parameters parameters) throws IOException {
    Map<String, State> states = StateFiles.loadAll(file);
    checkArgument(
        states.containsKey(MODEL),
        "%s: must hold the state of a model, got states %s",
        file,
        states.keySet());
    checkModel(file, model);
    int rows = states.get(MODEL).consumed().length;
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      State like = model.initialState(context, rows, parameters.type());
      State state = assemble(file, MODEL, "", states, like);
      checkArgument(
          states.isEmpty(), "%s: must hold no other states, got %s", file, states.keySet());
      return state;
    }
  }

  /** Takes the state of this name and those of its children out of the flat ones of a file. */
  private static State assemble(
      Path file, String name, String prefix, Map<String, State> states, State like) {
    State own = states.remove(name);
    checkArgument(own != null, "%s: must hold the state of %s, got none", file, name);
    StateFiles.checkFits(file + " " + name, own, like);
    Map<String, State> children = new LinkedHashMap<>();
    like.children()
        .forEach(
            (path, child) -> {
              String full = prefix + path;
              children.put(path, assemble(file, full, full + ".", states, child));
            });
    return new State(own.parts(), own.consumed(), children);
  }

  private static void checkModel(Path file, Model model) throws IOException {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      checkArgument(
          isOf(model, file, reader.metadata()),
          "%s: must be a state of a model of this configuration, got another's",
          file);
    }
  }

  /** By the configuration as it is read now, so that a field with a default may have been added. */
  private static boolean isOf(Model model, Path file, Map<String, String> metadata) {
    String config = metadata.get(CONFIG_KEY);
    if (config != null) {
      return Configs.read(file + " metadata", config, ModelConfig.class).equals(model.config());
    }
    String old = Configs.writeAs01(model.config());
    // Keys that version 0.1 didn't have must say what it did.
    return Configs.read(file.toString(), old, ModelConfig.class).equals(model.config())
        && fingerprint(old).equals(metadata.get(HASH_KEY));
  }

  private static String fingerprint(String config) {
    return Hashing.sha256().hashString(config, StandardCharsets.UTF_8).toString();
  }
}
