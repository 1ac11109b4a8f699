package io.sequencezoo.core.io;

import static com.google.common.base.Preconditions.checkArgument;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An open safetensors file. Opening checks the whole header against the file: size limits, offsets,
 * overlaps, holes, types and shapes; tensors are read one by one.
 */
public final class SafetensorsReader implements AutoCloseable {
  private final String file;
  private final FileChannel channel;
  private final SafetensorsHeader header;
  private final long dataStart;

  private SafetensorsReader(
      String file, FileChannel channel, SafetensorsHeader header, long dataStart) {
    this.file = file;
    this.channel = channel;
    this.header = header;
    this.dataStart = dataStart;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws IllegalArgumentException in one line, where the file isn't valid safetensors
   */
  public static SafetensorsReader open(Path path) throws IOException {
    String file = path.toString();
    checkArgument(Files.isRegularFile(path), "%s: must be an existing file", file);
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long size = channel.size();
      checkArgument(
          size >= Long.BYTES, "%s: must be safetensors, got %s bytes; it is truncated", file, size);
      long length = readFully(channel, 0, Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).getLong();
      checkArgument(
          length >= 0 && length <= SafetensorsHeader.MAX_BYTES,
          "%s: header must take at most %s bytes, got %s; is it safetensors?",
          file,
          SafetensorsHeader.MAX_BYTES,
          Long.toUnsignedString(length));
      long dataStart = Long.BYTES + length;
      checkArgument(
          dataStart <= size,
          "%s: must hold the %s bytes of its header, got %s; it is truncated",
          file,
          length,
          size - Long.BYTES);
      byte[] json = readFully(channel, Long.BYTES, (int) length).array();
      return new SafetensorsReader(
          file, channel, SafetensorsHeader.parse(file, json, size - dataStart), dataStart);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** The free strings of the header, in its order. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  /** All tensors by name, in the order of the header. */
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(header.tensors());
  }

  /** Reads a tensor in its own type, to an array outside every workspace. */
  public INDArray read(String name) throws IOException {
    TensorInfo info = info(name);
    INDArray array = allocate(info);
    RawBytes.read(channel, dataStart + info.begin(), array, info.type().bytes());
    if (info.type() == ElementType.BOOL && array.length() > 0) {
      checkBooleans(name, array);
    }
    return array;
  }

  /** Reads a tensor; F16 and BF16 are widened to FLOAT. */
  public INDArray readWidened(String name) throws IOException {
    ElementType type = info(name).type();
    if (type != ElementType.F16 && type != ElementType.BF16) {
      return read(name);
    }
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      INDArray narrow = read(name);
      return narrow.isEmpty()
          ? Nd4j.create(DataType.FLOAT, narrow.shape())
          : narrow.castTo(DataType.FLOAT);
    }
  }

  /** Reads every tensor in its own type, in the order of the header. */
  public Map<String, INDArray> readAll() throws IOException {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    for (String name : header.tensors().keySet()) {
      arrays.put(name, read(name));
    }
    return arrays;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private TensorInfo info(String name) {
    TensorInfo info = header.tensors().get(name);
    checkArgument(
        info != null,
        "%s: has no tensor %s; it has %s",
        file,
        Shown.of(name),
        Shown.of(header.tensors().keySet()));
    return info;
  }

  private static INDArray allocate(TensorInfo info) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return info.length() == 0
          ? Nd4j.create(info.type().dataType(), info.shape())
          : Nd4j.createUninitialized(info.type().dataType(), info.shape(), 'c');
    }
  }

  /** Other bytes than 0 and 1 would make booleans that are neither equal to true nor to false. */
  private void checkBooleans(String name, INDArray array) {
    ByteBuffer bytes = RawBytes.window(array, 1, 0, array.length());
    while (bytes.hasRemaining()) {
      int value = bytes.get();
      checkArgument(
          value == 0 || value == 1,
          "%s: tensor %s must hold bytes 0 and 1, got %s",
          file,
          Shown.of(name),
          value);
    }
  }

  private static ByteBuffer readFully(FileChannel channel, long at, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw new EOFException("file ended while it was read");
      }
    }
    return buffer.flip();
  }
}
