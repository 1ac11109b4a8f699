package io.sequencezoo.core.io;

import static com.google.common.base.Preconditions.checkState;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes a safetensors file whose header is given byte for byte, so that a file that was read can
 * be written as it was. Tensors are streamed in the order in which they lie.
 */
public final class SafetensorsRewriter {
  private final byte[] header;
  private final Map<String, TensorInfo> tensors;

  /**
   * Takes a header.
   *
   * @param file its name, for messages
   * @param header its length, itself and its padding, as {@link SafetensorsReader#headerBytes}
   * @param dataBytes the bytes behind it
   * @throws IllegalArgumentException where it isn't a header of as many bytes of data
   */
  public SafetensorsRewriter(String file, byte[] header, long dataBytes) throws IOException {
    this.header = header.clone();
    byte[] json = Arrays.copyOfRange(header, Long.BYTES, header.length);
    this.tensors = SafetensorsHeader.parse(file, json, dataBytes).tensors();
  }

  /** Writes the file's bytes to a channel, from its start. */
  public void writeTo(FileChannel channel, Contents contents) throws IOException {
    AtomicFiles.writeFully(channel, ByteBuffer.wrap(header));
    List<TensorInfo> inOrder =
        tensors.values().stream().sorted(Comparator.comparingLong(TensorInfo::begin)).toList();
    for (TensorInfo tensor : inOrder) {
      long before = channel.position();
      contents.write(tensor, new Sink(tensor, channel));
      checkState(
          channel.position() - before == tensor.end() - tensor.begin(),
          "safetensors: tensor %s must be written whole",
          tensor.name());
    }
  }

  /** What tensors hold. */
  @FunctionalInterface
  public interface Contents {
    /** Puts all numbers of a tensor into the sink. */
    void write(TensorInfo tensor, Sink sink) throws IOException;
  }

  /** Takes the numbers of one tensor. */
  public static final class Sink {
    private final TensorInfo tensor;
    private final FileChannel channel;

    private Sink(TensorInfo tensor, FileChannel channel) {
      this.tensor = tensor;
      this.channel = channel;
    }

    /** Takes the next numbers, rounded to the tensor's type. */
    public void put(float[] numbers, int offset, int n) throws IOException {
      FloatFormat format = FloatFormat.of(tensor.type());
      int most = RawBytes.buffer().capacity() / format.bytes();
      for (int done = 0; done < n; done += most) {
        ByteBuffer bytes = RawBytes.buffer();
        format.encode(numbers, offset + done, Math.min(most, n - done), bytes);
        AtomicFiles.writeFully(channel, bytes.flip());
      }
    }

    /** Takes the whole tensor in its own type. */
    public void put(INDArray whole) throws IOException {
      checkState(
          whole.dataType() == tensor.type().dataType() && whole.length() == tensor.length(),
          "safetensors: tensor %s must be written as it is",
          tensor.name());
      if (whole.length() > 0) {
        RawBytes.write(channel, whole, tensor.type().bytes());
      }
    }
  }
}
