package io.sequencezoo.core.kernel;

import java.nio.DoubleBuffer;
import org.bytedeco.javacpp.DoublePointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Double precision. */
final class DoublePrecision extends Precision<double[]> {

  @Override
  public Kernels<double[]> kernels() {
    return Providers.doubles();
  }

  @Override
  public DataType type() {
    return DataType.DOUBLE;
  }

  @Override
  Slab<double[]> window(INDArray array) {
    Slab.checkContiguous(array);
    long offset = array.offset() - array.data().offset();
    return new DoubleSlab(array, array.data(), offset, array.length());
  }

  @Override
  Slab<double[]> window(DataBuffer buffer) {
    return new DoubleSlab(buffer, buffer, 0, buffer.length());
  }

  private static final class DoubleSlab extends Slab<double[]> {
    private final DoubleBuffer buffer;

    DoubleSlab(Object owner, DataBuffer data, long offset, long length) {
      this(owner, new DoublePointer(data.addressPointer()), offset, length);
    }

    private DoubleSlab(Object owner, DoublePointer pointer, long offset, long length) {
      super(owner, pointer.position(offset).capacity(offset + length), length);
      this.buffer = pointer.asBuffer().slice();
    }

    @Override
    public void load(long at, double[] into, int offset, int n) {
      buffer.get((int) at, into, offset, n);
    }

    @Override
    public void store(long at, double[] from, int offset, int n) {
      buffer.put((int) at, from, offset, n);
    }
  }
}
