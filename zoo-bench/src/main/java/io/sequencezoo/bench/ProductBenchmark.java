package io.sequencezoo.bench;

import static com.google.common.base.Preconditions.checkState;
import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.blas_set_num_threads;
import static org.bytedeco.openblas.global.openblas.cblas_sgemm;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Small matrix products on one thread: ours on heap tiles, ours with a right factor packed before,
 * OpenBLAS called directly on off-heap data, and ND4J's {@code mmul} around the same OpenBLAS.
 */
public class ProductBenchmark extends JmhBenchmark {
  /** Sums of 256 products of Gaussian numbers in float; a wrong result is far away. */
  private static final double TOLERANCE = 1e-3;

  /**
   * m x n x k: tiles of a chunk and of a head, the recurrent product of an LSTM for 4 and 8 rows,
   * and an odd one.
   */
  @Param({"16x16x32", "64x64x64", "207x207x207", "4x1024x256", "8x1024x256"})
  private String shape;

  private final Kernels<float[]> kernels = Precision.FLOAT.kernels();
  private int m;
  private int n;
  private int k;
  private float[] a;
  private float[] b;
  private float[] c;
  private float[] packed;
  private INDArray arrayA;
  private INDArray arrayB;
  private INDArray arrayC;
  private FloatPointer dataA;
  private FloatPointer dataB;
  private FloatPointer dataC;

  /** Draws the factors and checks all products against plain sums. */
  @Setup
  public void prepare() {
    Nd4j.factory().blas();
    blas_set_num_threads(1);
    String[] sizes = shape.split("x", -1);
    m = Integer.parseInt(sizes[0]);
    n = Integer.parseInt(sizes[1]);
    k = Integer.parseInt(sizes[2]);
    Random random = new Random(1);
    a = numbers(random, m * k);
    b = numbers(random, k * n);
    c = new float[m * n];
    packed = new float[kernels.packedLength(n, k)];
    kernels.packB(false, n, k, b, 0, n, packed);
    arrayA = Nd4j.createFromArray(a).reshape(m, k);
    arrayB = Nd4j.createFromArray(b).reshape(k, n);
    arrayC = Nd4j.createFromArray(c).reshape(m, n);
    dataA = new FloatPointer(arrayA.data().pointer());
    dataB = new FloatPointer(arrayB.data().pointer());
    dataC = new FloatPointer(arrayC.data().pointer());
    check("heap", heap());
    check("packed", packed());
    check("blas", blas().data().asFloat());
    check("nd4j", nd4j().data().asFloat());
  }

  private static float[] numbers(Random random, int length) {
    float[] numbers = new float[length];
    for (int i = 0; i < length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private void check(String name, float[] product) {
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int p = 0; p < k; p++) {
          sum += (double) a[i * k + p] * b[p * n + j];
        }
        checkState(
            Math.abs(sum - product[i * n + j]) <= TOLERANCE,
            "%s: must give %s at (%s, %s), got %s",
            name,
            sum,
            i,
            j,
            product[i * n + j]);
      }
    }
  }

  /** Both factors as they are. */
  @Benchmark
  public float[] heap() {
    kernels.gemm(false, false, m, n, k, 1, a, 0, k, b, 0, n, 0, c, 0, n);
    return c;
  }

  /** The right factor packed once, as a recurrent weight is. */
  @Benchmark
  public float[] packed() {
    kernels.gemmPacked(m, n, k, a, 0, k, packed, 0, c, 0, n);
    return c;
  }

  /** {@code cblas_sgemm} with nothing around it. */
  @Benchmark
  public INDArray blas() {
    cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, dataA, k, dataB, n, 0, dataC, n);
    return arrayC;
  }

  /** ND4J's product into a row-major result. */
  @Benchmark
  public INDArray nd4j() {
    return arrayA.mmuli(arrayB, arrayC);
  }
}
