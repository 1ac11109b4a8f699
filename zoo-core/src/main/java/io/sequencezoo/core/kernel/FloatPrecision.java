package io.sequencezoo.core.kernel;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Single precision. */
final class FloatPrecision extends Precision<float[]> {

  @Override
  public Kernels<float[]> kernels() {
    return Providers.floats();
  }

  @Override
  public DataType type() {
    return DataType.FLOAT;
  }

  @Override
  public Slab<float[]> slab(INDArray array) {
    Slab.checkContiguous(array);
    FloatPointer pointer = new FloatPointer(array.data().addressPointer());
    pointer
        .position(array.offset() - array.data().offset())
        .capacity(pointer.position() + array.length());
    return new FloatSlab(array, pointer);
  }

  private static final class FloatSlab extends Slab<float[]> {
    private final FloatBuffer buffer;

    FloatSlab(INDArray array, FloatPointer pointer) {
      super(array, pointer);
      this.buffer = pointer.asBuffer().slice();
    }

    @Override
    public void load(long at, float[] into, int offset, int n) {
      buffer.get((int) at, into, offset, n);
    }

    @Override
    public void store(long at, float[] from, int offset, int n) {
      buffer.put((int) at, from, offset, n);
    }
  }
}
