package io.sequencezoo.bench;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Unary;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Single kernels on data that fits the first or second cache, with vectors and without: every
 * method is forked with the module and, by its twin, with {@code -Dzoo.kernels=scalar}. {@code
 * zoo-bench/jmh KernelBenchmark} runs it.
 */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class KernelBenchmark extends JmhBenchmark {
  private static final String MODULE = "jdk.incubator.vector";
  private static final String SCALAR = "-Dzoo.kernels=scalar";

  /** Gaussian numbers stay below this; a wrong result is far from the specification. */
  private static final double TOLERANCE = 1e-4;

  /** Elements of a row and the side of the square matrices; one odd. */
  @Param({"64", "207"})
  private int size;

  private final Kernels<float[]> kernels = Precision.FLOAT.kernels();
  private float[] x;
  private float[] y;
  private float[] z;

  /** Draws the arguments and checks the results against double precision. */
  @Setup
  public void prepare() {
    Random random = new Random(1);
    x = numbers(random);
    y = numbers(random);
    z = new float[size * size];
    check();
  }

  private float[] numbers(Random random) {
    float[] a = new float[size * size];
    for (int i = 0; i < a.length; i++) {
      a[i] = (float) random.nextGaussian();
    }
    return a;
  }

  private void check() {
    gemm();
    for (int i = 0; i < size; i++) {
      double sum = 0;
      for (int p = 0; p < size; p++) {
        sum += (double) x[i * size + p] * y[p * size + i];
      }
      if (!(Math.abs(sum - z[i * size + i]) <= TOLERANCE)) {
        throw new IllegalStateException("gemm: must give " + sum + ", got " + z[i * size + i]);
      }
    }
    gelu();
    Kernels<double[]> exact = Precision.DOUBLE.kernels();
    double[] one = new double[1];
    for (int i = 0; i < size; i++) {
      one[0] = x[i];
      exact.map(Unary.GELU, one, 0, one, 0, 1);
      if (!(Math.abs(one[0] - z[i]) <= TOLERANCE)) {
        throw new IllegalStateException("gelu: must give " + one[0] + ", got " + z[i]);
      }
    }
  }

  private float[] gemm() {
    kernels.gemm(false, false, size, size, size, 1, x, 0, size, y, 0, size, 0, z, 0, size);
    return z;
  }

  private float[] gelu() {
    kernels.map(Unary.GELU, x, 0, z, 0, x.length);
    return z;
  }

  private double softmax() {
    double sum = kernels.expShift(x, 0, kernels.max(x, 0, size), z, 0, size);
    kernels.affine(1 / sum, z, 0, 0, z, 0, size);
    return sum;
  }

  /** A square product. */
  @Benchmark
  @Fork(
      value = 3,
      jvmArgsPrepend = {"--add-modules", MODULE})
  public float[] gemmVector() {
    return gemm();
  }

  /** Its twin. */
  @Benchmark
  @Fork(value = 3, jvmArgsPrepend = SCALAR)
  public float[] gemmScalar() {
    return gemm();
  }

  /** The exact GELU of a tile. */
  @Benchmark
  @Fork(
      value = 3,
      jvmArgsPrepend = {"--add-modules", MODULE})
  public float[] geluVector() {
    return gelu();
  }

  /** Its twin. */
  @Benchmark
  @Fork(value = 3, jvmArgsPrepend = SCALAR)
  public float[] geluScalar() {
    return gelu();
  }

  /** The softmax of one row. */
  @Benchmark
  @Fork(
      value = 3,
      jvmArgsPrepend = {"--add-modules", MODULE})
  public double softmaxVector() {
    return softmax();
  }

  /** Its twin. */
  @Benchmark
  @Fork(value = 3, jvmArgsPrepend = SCALAR)
  public double softmaxScalar() {
    return softmax();
  }
}
