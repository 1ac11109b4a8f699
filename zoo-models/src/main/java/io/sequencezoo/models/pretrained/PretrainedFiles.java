package io.sequencezoo.models.pretrained;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.core.io.SafetensorsReader;
import io.sequencezoo.core.io.SafetensorsRewriter;
import io.sequencezoo.core.io.SafetensorsWriter;
import io.sequencezoo.core.io.TensorInfo;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.models.pretrained.Pretrained.Kept;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An imported model's folder, and the folder that it is exported to. A folder is written under
 * another name and renamed, so that it is whole where it is.
 */
final class PretrainedFiles {
  private static final String ORIGIN = "origin.json";
  private static final String KEPT = "origin.safetensors";
  private static final String CONFIG = "config.json";
  private static final String INDEX = "model.safetensors.index.json";

  private PretrainedFiles() {}

  static void save(Pretrained pretrained, Path folder) throws IOException {
    whole(
        folder,
        temporary -> {
          ModelFiles.save(temporary, pretrained.model(), pretrained.parameters());
          SafetensorsWriter writer = new SafetensorsWriter();
          pretrained
              .source()
              .kept()
              .forEach(
                  (name, kept) ->
                      writer.add(name, kept.type(), kept.values().shape(), kept::values));
          writer.write(temporary.resolve(KEPT));
          AtomicFiles.writeString(
              temporary.resolve(ORIGIN), Configs.write(pretrained.source().origin()) + "\n");
        });
  }

  static Pretrained open(Path folder) throws IOException {
    Path file = folder.resolve(ORIGIN);
    checkArgument(
        Files.isRegularFile(file),
        "%s: must hold %s, which import writes; only what was imported can be exported",
        folder,
        ORIGIN);
    Origin origin;
    try {
      origin = Configs.json().readValue(Files.readString(file), Origin.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + ": must be as import wrote it, got " + firstLine(e.getOriginalMessage()), e);
    }
    ModelFiles.Saved saved = ModelFiles.load(folder, DataType.FLOAT);
    checkArgument(
        saved.model() instanceof LanguageModel,
        "%s: must hold a language model, got %s",
        folder,
        saved.model().getClass().getSimpleName());
    Map<String, Kept> kept = new LinkedHashMap<>();
    try (SafetensorsReader reader = SafetensorsReader.open(folder.resolve(KEPT))) {
      for (String name : reader.tensors().keySet()) {
        kept.put(name, Kept.of(reader, name));
      }
    }
    return new Pretrained(
        (LanguageModel) saved.model(), saved.parameters(), new Pretrained.Source(origin, kept));
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("an error");
  }

  static void export(Pretrained pretrained, Path folder) throws IOException {
    Origin origin = pretrained.source().origin();
    Layout layout = Layouts.named(origin.layout());
    PublicConfig config = PublicConfig.parse(CONFIG, origin.config());
    Described described = layout.config().apply(config);
    checkArgument(
        described.model().equals(pretrained.model().config()),
        "export: model must be the one that was imported, got another configuration");
    Binding binding = Binding.of(layout, described.rules(), pretrained.model());
    Set<String> unchanged = unchanged(layout, binding, pretrained);
    whole(
        folder,
        temporary -> {
          for (Origin.WeightFile file : origin.files()) {
            TensorFiles.checkPlain(ORIGIN, file.name());
            SafetensorsRewriter rewriter =
                new SafetensorsRewriter(file.name(), header(file), file.dataBytes());
            AtomicFiles.write(
                temporary.resolve(file.name()),
                channel ->
                    rewriter.writeTo(
                        channel,
                        (tensor, sink) ->
                            write(layout, binding, pretrained, unchanged, tensor, sink)));
          }
          AtomicFiles.writeString(temporary.resolve(CONFIG), origin.config());
          if (!origin.index().isEmpty()) {
            AtomicFiles.writeString(temporary.resolve(INDEX), origin.index());
          }
        });
  }

  private static byte[] header(Origin.WeightFile file) {
    byte[] json = file.header().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Long.BYTES + json.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }

  private static void write(
      Layout layout,
      Binding binding,
      Pretrained pretrained,
      Set<String> unchanged,
      TensorInfo tensor,
      SafetensorsRewriter.Sink sink)
      throws IOException {
    String name = layout.bare(tensor.name());
    Binding.Bound bound = binding.tensors().get(binding.copies().getOrDefault(name, name));
    Kept kept = pretrained.source().kept().get(tensor.name());
    if (bound == null || unchanged.contains(tensor.name())) {
      checkArgument(
          kept != null, "%s: must hold %s, which import keeps; it has none", KEPT, tensor.name());
      sink.put(kept.values());
    } else {
      new Transfer(bound, pretrained.parameters()::value)
          .write(kept == null ? null : kept.numbers(), sink);
    }
  }

  /** Kept tensors whose parameters still are what was read from them. */
  private static Set<String> unchanged(Layout layout, Binding binding, Pretrained pretrained)
      throws IOException {
    Map<String, INDArray> replayed = new LinkedHashMap<>();
    Map<String, Binding.Bound> lossy = new LinkedHashMap<>();
    for (Map.Entry<String, Kept> entry : pretrained.source().kept().entrySet()) {
      Binding.Bound bound = binding.tensors().get(layout.bare(entry.getKey()));
      if (bound != null) {
        lossy.put(entry.getKey(), bound);
        float[] numbers = entry.getValue().numbers();
        new Transfer(bound, name -> replayed.computeIfAbsent(name, n -> zeros(pretrained, n)))
            .read((at, into, n) -> System.arraycopy(numbers, (int) at, into, 0, n));
      }
    }
    Set<String> unchanged = new LinkedHashSet<>();
    lossy.forEach(
        (name, bound) -> {
          boolean same =
              bound.parameters().stream()
                  .filter(parameter -> parameter != null)
                  .allMatch(parameter -> isSame(replayed, pretrained.parameters(), parameter));
          if (same) {
            unchanged.add(name);
          }
        });
    return unchanged;
  }

  private static INDArray zeros(Pretrained pretrained, String parameter) {
    return Nd4j.create(DataType.FLOAT, pretrained.parameters().value(parameter).shape());
  }

  private static boolean isSame(
      Map<String, INDArray> replayed, Parameters parameters, String parameter) {
    INDArray now = parameters.value(parameter);
    return Arrays.equals(
        replayed.get(parameter).ravel().toFloatVector(), now.ravel().toFloatVector());
  }

  /** Writes a folder under another name, then renames it. */
  private static void whole(Path folder, Body body) throws IOException {
    Path target = folder.toAbsolutePath().normalize();
    checkArgument(
        !Files.exists(target) || isEmpty(target), "%s: must not exist yet, or be empty", folder);
    Path parent = target.getParent();
    checkArgument(parent != null, "%s: must have a name", folder);
    Files.createDirectories(parent);
    Path temporary = Files.createTempDirectory(parent, "." + target.getFileName() + ".");
    try {
      body.write(temporary);
      Files.deleteIfExists(target);
      AtomicFiles.move(temporary, target);
      AtomicFiles.forceFolder(parent);
    } finally {
      if (Files.exists(temporary)) {
        MoreFiles.deleteRecursively(temporary, RecursiveDeleteOption.ALLOW_INSECURE);
      }
    }
  }

  private static boolean isEmpty(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.findAny().isEmpty();
    }
  }

  /** What a folder holds. */
  @FunctionalInterface
  private interface Body {
    void write(Path folder) throws IOException;
  }
}
