package io.sequencezoo.core.io;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model's parameters as safetensors, one tensor per parameter under its dotted path. */
public final class ParameterFiles {
  private ParameterFiles() {}

  /** Writes all parameters in their own precision, atomically. */
  public static void save(Parameters parameters, Path file, Map<String, String> metadata)
      throws IOException {
    writer(parameters, metadata).write(file);
  }

  /** A writer that holds all parameters. */
  public static SafetensorsWriter writer(Parameters parameters, Map<String, String> metadata) {
    SafetensorsWriter writer = new SafetensorsWriter();
    metadata.forEach(writer::metadata);
    for (ParameterSpec spec : parameters.specs()) {
      writer.add(spec.name(), parameters.value(spec.name()));
    }
    return writer;
  }

  /**
   * Reads all parameters. The file must hold exactly the model's names and shapes; other
   * floating-point types are converted. Nothing changes unless all of them fit.
   *
   * @throws IllegalArgumentException naming the first misfit
   */
  public static void load(Path file, Parameters parameters) throws IOException {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      checkFits(file, parameters.specs(), reader.tensors());
      for (ParameterSpec spec : parameters.specs()) {
        if (spec.length() > 0) {
          assign(parameters.value(spec.name()), reader.readWidened(spec.name()));
        }
      }
    }
  }

  /**
   * Checks that a file holds what a block declares, before anything is allocated for it.
   *
   * @throws IllegalArgumentException naming the first misfit
   */
  public static void checkFits(Path file, Block block) throws IOException {
    Declaration declaration = new Declaration();
    block.declare(declaration);
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      checkFits(file, declaration.specs(), reader.tensors());
    }
  }

  private static void checkFits(
      Path file, List<ParameterSpec> specs, Map<String, TensorInfo> tensors) {
    checkNames(file, specs, tensors.keySet());
    for (ParameterSpec spec : specs) {
      TensorInfo info = Objects.requireNonNull(tensors.get(spec.name()));
      checkArgument(
          Arrays.equals(info.shape(), spec.shape()),
          "%s: tensor %s must have shape %s, got %s",
          file,
          spec.name(),
          Arrays.toString(spec.shape()),
          Arrays.toString(info.shape()));
      checkArgument(
          info.type().isFloating(),
          "%s: tensor %s must be floating-point, got %s",
          file,
          spec.name(),
          info.type());
    }
  }

  private static void assign(INDArray target, INDArray source) {
    DataType type = target.dataType();
    target.assign(source.dataType() == type ? source : source.castTo(type));
    source.close();
  }

  private static void checkNames(Path file, List<ParameterSpec> specs, Set<String> present) {
    Set<String> missing = new LinkedHashSet<>();
    for (ParameterSpec spec : specs) {
      missing.add(spec.name());
    }
    Set<String> surplus = new LinkedHashSet<>(present);
    surplus.removeAll(missing);
    missing.removeAll(present);
    checkArgument(
        missing.isEmpty() && surplus.isEmpty(),
        "%s: must hold the model's parameters, lacks %s and has %s besides",
        file,
        Shown.of(missing),
        Shown.of(surplus));
  }
}
