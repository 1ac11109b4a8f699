package io.sequencezoo.core.kernel;

import java.nio.DoubleBuffer;
import org.bytedeco.javacpp.DoublePointer;
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
  public Slab<double[]> slab(INDArray array) {
    Slab.checkContiguous(array);
    DoublePointer pointer = new DoublePointer(array.data().addressPointer());
    pointer
        .position(array.offset() - array.data().offset())
        .capacity(pointer.position() + array.length());
    return new DoubleSlab(array, pointer);
  }

  private static final class DoubleSlab extends Slab<double[]> {
    private final DoubleBuffer buffer;

    DoubleSlab(INDArray array, DoublePointer pointer) {
      super(array, pointer);
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
