package io.sequencezoo.models.pretrained;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.SafetensorsReader;
import io.sequencezoo.core.io.TensorInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The open safetensors files of one checkpoint: a file, or a folder with one or with an index of
 * several. Opening checks every header against its file, and the index against the headers.
 */
final class TensorFiles implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path source;
  private final String index;
  private final Map<String, SafetensorsReader> shards = new LinkedHashMap<>();
  private final Map<String, SafetensorsReader> owners = new TreeMap<>();

  private TensorFiles(Path source, String index) {
    this.source = source;
    this.index = index;
  }

  /**
   * Opens a checkpoint.
   *
   * @throws IllegalArgumentException in one line, where a file is missing, damaged, or not what the
   *     index says
   */
  static TensorFiles open(Path source) throws IOException {
    checkArgument(
        Files.exists(source), "%s: must exist; give a safetensors file or a folder", source);
    boolean folder = Files.isDirectory(source);
    Path indexFile = source.resolve(INDEX);
    boolean sharded = folder && !Files.exists(source.resolve(SINGLE)) && Files.exists(indexFile);
    String index = sharded ? Files.readString(indexFile, StandardCharsets.UTF_8) : null;
    TensorFiles files = new TensorFiles(source, index);
    try {
      if (sharded) {
        files.openShards(indexFile);
      } else {
        files.openShard(
            folder ? source : source.toAbsolutePath().getParent(), files.single(folder));
      }
      return files;
    } catch (IOException | RuntimeException e) {
      files.close();
      throw e;
    }
  }

  private String single(boolean folder) throws IOException {
    if (!folder) {
      return source.getFileName().toString();
    }
    List<String> names = new ArrayList<>();
    try (var entries = Files.list(source)) {
      entries.map(path -> path.getFileName().toString()).sorted().forEach(names::add);
    }
    if (names.contains(SINGLE)) {
      return SINGLE;
    }
    List<String> own = names.stream().filter(name -> name.endsWith(".safetensors")).toList();
    boolean pickle = names.stream().anyMatch(name -> name.matches(".*[.](bin|pt|pth|ckpt)"));
    checkArgument(
        own.size() == 1,
        "%s: must hold %s, %s or one safetensors file, got %s%s",
        source,
        SINGLE,
        INDEX,
        own.isEmpty() ? "none" : own,
        pickle ? "; pickles are never read, since they run what their author chose" : "");
    return own.get(0);
  }

  private void openShards(Path indexFile) throws IOException {
    Map<String, String> map = weightMap(indexFile);
    for (String file : new TreeSet<>(map.values())) {
      checkPlain(indexFile, file);
      checkArgument(
          Files.isRegularFile(source.resolve(file)),
          "%s: must name files beside it, got %s, which doesn't exist",
          indexFile,
          file);
      openShard(source, file);
    }
    List<String> wrong = new ArrayList<>();
    map.forEach(
        (tensor, file) -> {
          if (owners.get(tensor) != shards.get(file)) {
            wrong.add(tensor + " in " + file);
          }
        });
    owners.keySet().stream()
        .filter(tensor -> !map.containsKey(tensor))
        .forEach(tensor -> wrong.add(tensor + " not at all"));
    checkArgument(wrong.isEmpty(), "%s: must say where tensors are, got %s", indexFile, wrong);
  }

  private Map<String, String> weightMap(Path indexFile) {
    JsonNode weights;
    try {
      weights = Configs.json().readTree(index).path("weight_map");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          indexFile
              + ": must be JSON, got "
              + e.getOriginalMessage().lines().findFirst().orElse("an error"),
          e);
    }
    checkArgument(
        weights.isObject() && !weights.isEmpty(),
        "%s: must have a weight_map of tensors and files, got none",
        indexFile);
    Map<String, String> map = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : weights.properties()) {
      checkArgument(
          entry.getValue().isTextual(),
          "%s: weight_map must name files, got %s for %s",
          indexFile,
          entry.getValue(),
          entry.getKey());
      map.put(entry.getKey(), entry.getValue().textValue());
    }
    return map;
  }

  /** A file outside the folder could be any of the user's. */
  static void checkPlain(Object subject, String file) {
    boolean plain;
    try {
      Path path = Path.of(file);
      plain =
          path.getNameCount() == 1
              && !path.isAbsolute()
              && !file.contains("\\")
              && !file.equals("..")
              && !file.equals(".")
              && file.endsWith(".safetensors");
    } catch (InvalidPathException e) {
      plain = false;
    }
    checkArgument(
        plain,
        "%s: must name safetensors files of its own folder, got %s",
        subject,
        file.replaceAll("\\p{Cntrl}", "?"));
  }

  private void openShard(Path folder, String file) throws IOException {
    SafetensorsReader reader = SafetensorsReader.open(folder.resolve(file));
    shards.put(file, reader);
    for (String tensor : reader.tensors().keySet()) {
      checkArgument(
          owners.put(tensor, reader) == null, "%s: tensor %s must be there once", source, tensor);
    }
  }

  /** Where it was found. */
  Path source() {
    return source;
  }

  /** The text of the index; null where there is one file. */
  String index() {
    return index;
  }

  /** The open files by their name. */
  Map<String, SafetensorsReader> shards() {
    return Collections.unmodifiableMap(shards);
  }

  /** All tensors by name. */
  Map<String, TensorInfo> tensors() {
    Map<String, TensorInfo> all = new TreeMap<>();
    owners.forEach((name, reader) -> all.put(name, reader.tensors().get(name)));
    return all;
  }

  /** The file that a tensor is in. */
  SafetensorsReader owner(String tensor) {
    return owners.get(tensor);
  }

  @Override
  public void close() throws IOException {
    for (SafetensorsReader reader : shards.values()) {
      reader.close();
    }
  }
}
