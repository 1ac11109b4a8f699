package io.sequencezoo.models.pretrained;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.models.model.LanguageModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A checkpoint in a public layout, checked against the model that its configuration describes:
 * nothing has been read but headers.
 *
 * @param config text of the configuration
 * @param model what it describes
 * @param tensors its weights
 */
record Checkpoint(String config, LanguageModel model, BoundTensors tensors) {
  private static final String CONFIG = "config.json";

  /**
   * Finds the layout of a checkpoint and checks it.
   *
   * @throws IllegalArgumentException in one line, where the zoo can't express the configuration, or
   *     tensors don't fit it
   */
  static Checkpoint of(TensorFiles files) throws IOException {
    Path source = files.source();
    Path folder = Files.isDirectory(source) ? source : source.toAbsolutePath().getParent();
    Path file = folder.resolve(CONFIG);
    checkArgument(
        Files.isRegularFile(file),
        "%s: must have a %s beside its weights, got none",
        source,
        CONFIG);
    String config = Files.readString(file, StandardCharsets.UTF_8);
    List<Checkpoint> fitting = new ArrayList<>();
    for (Layout layout : Layouts.of(PublicConfig.parse(file.toString(), config))) {
      PublicConfig read = PublicConfig.parse(file.toString(), config);
      Described described = layout.config().apply(read);
      read.checkAllRead();
      LanguageModel model = described.model().build();
      Binding binding = Binding.of(layout, described.rules(), model);
      fitting.add(new Checkpoint(config, model, BoundTensors.of(files, layout, binding)));
    }
    Checkpoint nearest =
        fitting.stream()
            .min(Comparator.comparingInt(checkpoint -> checkpoint.tensors.missing().size()))
            .orElseThrow();
    nearest.tensors.check();
    return nearest;
  }
}
