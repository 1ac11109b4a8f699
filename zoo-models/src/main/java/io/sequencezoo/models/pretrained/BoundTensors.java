package io.sequencezoo.models.pretrained;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.io.ElementType;
import io.sequencezoo.core.io.SafetensorsReader;
import io.sequencezoo.core.io.TensorInfo;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.models.pretrained.Pretrained.Kept;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of open files by the lines of a layout's table.
 *
 * @param files the open files
 * @param layout of the tensors
 * @param binding where they go
 * @param names names in the files by names in the table
 */
record BoundTensors(TensorFiles files, Layout layout, Binding binding, Map<String, String> names) {
  /** Numbers that are compared at once. */
  private static final int BLOCK = 1 << 16;

  /** Nothing is checked yet. */
  static BoundTensors of(TensorFiles files, Layout layout, Binding binding) {
    Map<String, String> names = new LinkedHashMap<>();
    files.tensors().keySet().forEach(name -> names.put(layout.bare(name), name));
    return new BoundTensors(files, layout, binding, names);
  }

  /** Those whose names in the files begin with a prefix; others are left alone. */
  BoundTensors under(String prefix) {
    Map<String, String> own = new LinkedHashMap<>(names);
    own.values().removeIf(name -> !name.startsWith(prefix));
    return new BoundTensors(files, layout, binding, own);
  }

  /** Lines of the table without a tensor. */
  Set<String> missing() {
    Set<String> missing = new LinkedHashSet<>(binding.tensors().keySet());
    missing.removeAll(names.keySet());
    return missing;
  }

  /**
   * Checks names, shapes, types and what should repeat others.
   *
   * @throws IllegalArgumentException in one line, naming all tensors that are missing, too many, of
   *     another shape or another type
   */
  void check() throws IOException {
    List<String> faults = new ArrayList<>();
    missing().forEach(name -> faults.add("lack " + name));
    names.keySet().forEach(name -> faults.addAll(faults(name)));
    checkArgument(
        faults.isEmpty(),
        "%s: weights must be those of %s that the configuration describes; they %s",
        files.source(),
        layout.name(),
        String.join(", ", faults));
    checkCopies();
  }

  private List<String> faults(String name) {
    TensorInfo info = info(name);
    Binding.Bound bound = binding.tensors().get(binding.copies().getOrDefault(name, name));
    if (bound == null) {
      return binding.isBuffer(name)
          ? List.of()
          : List.of("have " + info.name().replaceAll("\\p{Cntrl}", "?") + " besides");
    }
    List<String> faults = new ArrayList<>();
    if (!Arrays.equals(info.shape(), bound.map().shape())) {
      faults.add(
          String.format(
              "%s must have shape %s, got %s",
              name, Arrays.toString(bound.map().shape()), Arrays.toString(info.shape())));
    }
    if (!info.type().isFloating() || info.type() == ElementType.F64) {
      faults.add(name + " must be floating-point of at most 32 bits, got " + info.type());
    }
    return faults;
  }

  /** A tensor that should repeat another but doesn't means another model than that described. */
  private void checkCopies() throws IOException {
    for (Map.Entry<String, String> copy : binding.copies().entrySet()) {
      if (names.containsKey(copy.getKey())) {
        checkArgument(
            isSame(copy.getKey(), copy.getValue()),
            "%s: %s must be equal to %s, since the configuration ties them, got others; is"
                + " tie_word_embeddings right?",
            files.source(),
            copy.getKey(),
            copy.getValue());
      }
    }
  }

  private boolean isSame(String first, String second) throws IOException {
    long length = info(first).length();
    float[] a = new float[(int) Math.min(length, BLOCK)];
    float[] b = new float[a.length];
    for (long at = 0; at < length; at += a.length) {
      int n = (int) Math.min(a.length, length - at);
      reader(first).readFloats(names.get(first), at, a, 0, n);
      reader(second).readFloats(names.get(second), at, b, 0, n);
      if (Arrays.mismatch(a, 0, n, b, 0, n) >= 0) {
        return false;
      }
    }
    return true;
  }

  private TensorInfo info(String name) {
    return reader(name).tensors().get(names.get(name));
  }

  private SafetensorsReader reader(String name) {
    return files.owner(names.get(name));
  }

  /** What parameters won't hold, or not bit for bit. */
  Map<String, Kept> kept() throws IOException {
    Map<String, Kept> kept = new LinkedHashMap<>();
    for (String name : names.keySet()) {
      Binding.Bound bound = binding.tensors().get(name);
      boolean needed = bound == null ? binding.isBuffer(name) : !bound.map().isLossless();
      if (needed) {
        kept.put(names.get(name), Kept.of(reader(name), names.get(name)));
      }
    }
    return kept;
  }

  /** Reads all tensors into parameters that are zero: at once but for those that add up. */
  void fill(Parameters parameters) throws IOException {
    List<String> apart = new ArrayList<>();
    List<String> adding = new ArrayList<>();
    binding
        .tensors()
        .forEach((name, bound) -> (bound.map().isLossless() ? apart : adding).add(name));
    try {
      Parallel.run(apart.size(), i -> read(apart.get(i), parameters));
      adding.forEach(name -> read(name, parameters));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void read(String name, Parameters parameters) {
    SafetensorsReader reader = reader(name);
    String own = names.get(name);
    try {
      new Transfer(binding.tensors().get(name), parameters::value)
          .read((at, into, n) -> reader.readFloats(own, at, into, 0, n));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What it takes to write the files once more. */
  Origin origin(String config) throws IOException {
    List<Origin.WeightFile> all = new ArrayList<>();
    for (Map.Entry<String, SafetensorsReader> shard : files.shards().entrySet()) {
      byte[] header = shard.getValue().headerBytes();
      String json =
          new String(header, Long.BYTES, header.length - Long.BYTES, StandardCharsets.UTF_8);
      all.add(new Origin.WeightFile(shard.getKey(), json, shard.getValue().dataBytes()));
    }
    return new Origin(layout.name(), config, files.index() == null ? "" : files.index(), all);
  }
}
