package io.sequencezoo.core.io;

import static com.google.common.base.Preconditions.checkState;

import com.google.common.hash.Hasher;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.function.Consumer;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Moves the off-heap bytes of contiguous arrays from and to files, without copies on the heap. */
final class RawBytes {
  /** Bytes per system call; a byte buffer can't span more than 2 GiB. */
  private static final long CHUNK = 1L << 24;

  /** Bytes of a thread on their way between a file and the heap. */
  private static final int BUFFER = 1 << 18;

  private static final ThreadLocal<ByteBuffer> BUFFERS =
      ThreadLocal.withInitial(
          () -> ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN));

  private RawBytes() {}

  /** Hands bytes of a file over in pieces of whole numbers. */
  static void read(FileChannel channel, long at, long bytes, Consumer<ByteBuffer> body)
      throws IOException {
    ByteBuffer buffer = BUFFERS.get();
    for (long done = 0; done < bytes; done += buffer.limit()) {
      buffer.clear().limit((int) Math.min(BUFFER, bytes - done));
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, at + done + buffer.position()) < 0) {
          throw new EOFException("file ended at byte " + (at + done + buffer.position()));
        }
      }
      body.accept(buffer.flip());
    }
  }

  /** An empty buffer of this thread, for bytes that go to a file. */
  static ByteBuffer buffer() {
    return BUFFERS.get().clear();
  }

  static void read(FileChannel channel, long at, INDArray array, int width) throws IOException {
    long total = array.length() * width;
    for (long done = 0; done < total; ) {
      ByteBuffer chunk = window(array, width, done, Math.min(CHUNK, total - done));
      int count = channel.read(chunk, at + done);
      if (count < 0) {
        throw new EOFException("file ended at byte " + (at + done));
      }
      done += count;
    }
  }

  static void write(FileChannel channel, INDArray array, int width) throws IOException {
    long total = array.length() * width;
    for (long done = 0; done < total; done += CHUNK) {
      AtomicFiles.writeFully(channel, window(array, width, done, Math.min(CHUNK, total - done)));
    }
  }

  static void hash(INDArray array, Hasher hasher) {
    int width = array.dataType().width();
    long total = array.length() * width;
    for (long done = 0; done < total; done += CHUNK) {
      hasher.putBytes(window(array, width, done, Math.min(CHUNK, total - done)));
    }
  }

  static ByteBuffer window(INDArray array, int width, long from, long bytes) {
    checkState(
        ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN,
        "safetensors: this machine must be little-endian");
    BytePointer pointer = new BytePointer(array.data().addressPointer());
    long start = (array.offset() - array.data().offset()) * width + from;
    return pointer.position(start).limit(start + bytes).asBuffer();
  }
}
