package io.sequencezoo.core.io;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.core.kernel.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes a safetensors file: tensors in the order in which they were added, the header padded so
 * that data is 8-byte aligned, the same bytes for the same contents. Arrays are streamed one by one
 * and, with {@link #add(String, ElementType, long[], Supplier)}, made only when their turn comes.
 */
public final class SafetensorsWriter {
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final List<Supplier<INDArray>> arrays = new ArrayList<>();
  private long size;

  /** Adds a free string to the header. */
  public SafetensorsWriter metadata(String key, String value) {
    checkArgument(
        metadata.putIfAbsent(key, value) == null, "safetensors: metadata %s is given twice", key);
    return this;
  }

  /** Adds a tensor. The array must stay as it is until the file is written. */
  public SafetensorsWriter add(String name, INDArray array) {
    return add(name, ElementType.of(array.dataType()), array.shape(), () -> array);
  }

  /** Adds a tensor whose array is asked for when its turn to be written comes. */
  public SafetensorsWriter add(
      String name, ElementType type, long[] shape, Supplier<INDArray> array) {
    checkArgument(!name.equals("__metadata__"), "safetensors: tensor must not be named %s", name);
    checkArgument(!tensors.containsKey(name), "safetensors: tensor %s is added twice", name);
    long bytes = type.bytes();
    for (long axis : shape) {
      bytes = Math.multiplyExact(bytes, axis);
    }
    tensors.put(name, new TensorInfo(name, type, shape.clone(), size, Math.addExact(size, bytes)));
    arrays.add(array);
    size += bytes;
    return this;
  }

  /** Writes the file in one step: afterwards the old file or the whole new one exists. */
  public void write(Path file) throws IOException {
    AtomicFiles.write(file, this::writeTo);
  }

  /** Writes the file's bytes to a channel. */
  public void writeTo(FileChannel channel) throws IOException {
    AtomicFiles.writeFully(
        channel, ByteBuffer.wrap(SafetensorsHeader.format(metadata, tensors.values())));
    int i = 0;
    for (TensorInfo tensor : tensors.values()) {
      INDArray array = arrays.get(i++).get();
      checkState(
          array.dataType() == tensor.type().dataType()
              && Arrays.equals(array.shape(), tensor.shape()),
          "safetensors: tensor %s was declared as %s%s, got %s%s",
          tensor.name(),
          tensor.type(),
          Arrays.toString(tensor.shape()),
          array.dataType(),
          Arrays.toString(array.shape()));
      if (array.length() > 0) {
        RawBytes.write(
            channel, Slab.isContiguous(array) ? array : array.dup('c'), tensor.type().bytes());
      }
    }
  }
}
