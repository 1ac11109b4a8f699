package io.sequencezoo.core.io;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Precision;
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
  /** Numbers that are widened at once. */
  private static final int BLOCK = 1 << 16;

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
    INDArray array = allocate(info.type().dataType(), info);
    RawBytes.read(channel, dataStart + info.begin(), array, info.type().bytes());
    if (info.type() == ElementType.BOOL && array.length() > 0) {
      checkBooleans(name, array);
    }
    return array;
  }

  /** Reads a tensor; floating-point numbers narrower than FLOAT are widened to it. */
  public INDArray readWidened(String name) throws IOException {
    TensorInfo info = info(name);
    if (!info.type().isFloating() || info.type().bytes() >= Float.BYTES) {
      return read(name);
    }
    INDArray wide = allocate(DataType.FLOAT, info);
    float[] numbers = new float[(int) Math.min(info.length(), BLOCK)];
    for (long at = 0; at < info.length(); at += numbers.length) {
      int n = (int) Math.min(numbers.length, info.length() - at);
      readFloats(name, at, numbers, 0, n);
      Precision.FLOAT.slab(wide).store(at, numbers, 0, n);
    }
    return wide;
  }

  /**
   * Reads some numbers of a floating-point tensor of at most 32 bits to the heap, widened to single
   * precision. Several threads may read at once.
   *
   * @param at the first, in row-major order
   */
  public void readFloats(String name, long at, float[] into, int offset, int n) throws IOException {
    TensorInfo info = info(name);
    FloatFormat format = FloatFormat.of(info.type());
    checkArgument(
        at >= 0 && n >= 0 && at + n <= info.length(),
        "%s: tensor %s has %s numbers, got %s from %s",
        file,
        Shown.of(name),
        info.length(),
        n,
        at);
    long from = dataStart + info.begin() + at * format.bytes();
    RawBytes.read(
        channel, from, (long) n * format.bytes(), new FloatFormat.Decoder(format, into, offset));
  }

  /** The bytes before the data: the header's length, the header and its padding. */
  public byte[] headerBytes() throws IOException {
    return readFully(channel, 0, Math.toIntExact(dataStart)).array();
  }

  /** The number of bytes behind the header. */
  public long dataBytes() throws IOException {
    return channel.size() - dataStart;
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

  private static INDArray allocate(DataType type, TensorInfo info) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return info.length() == 0
          ? Nd4j.create(type, info.shape())
          : Nd4j.createUninitialized(type, info.shape(), 'c');
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
