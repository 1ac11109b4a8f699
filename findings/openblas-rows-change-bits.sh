#!/usr/bin/env bash
# A row of a product from OpenBLAS has other last bits when fewer rows are asked for in the call: the
# kernel for what is left over at an edge adds in another order. Who shares a product among as many
# threads as there are gets other numbers on another machine.
. "$(dirname "$0")/nd4j.sh"
export OPENBLAS_CORETYPE=Prescott # of any x86-64 processor; newer kernels do so too, elsewhere
project org.bytedeco:openblas:0.3.31-1.5.13 org.bytedeco:openblas:0.3.31-1.5.13:linux-x86_64 \
  org.bytedeco:javacpp:1.5.13:linux-x86_64
finding "OpenBLAS 0.3.31, core Prescott" "of rows 0 to 36 alone: bits differ, largest difference below 1e-4" <<'JAVA'
import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.blas_set_num_threads;
import static org.bytedeco.openblas.global.openblas.cblas_sgemm;

public class Finding {
  private static final int K = 300;
  private static final int N = 1000;

  public static void main(String[] arguments) {
    blas_set_num_threads(1);
    float[] all = rows(700);
    float[] few = rows(37);
    boolean same = true;
    double largest = 0;
    for (int i = 0; i < few.length; i++) {
      same &= all[i] == few[i];
      largest = Math.max(largest, Math.abs(all[i] - few[i]));
    }
    System.out.printf(
        "FINDING of rows 0 to 36 alone: bits %s, largest difference %s 1e-4%n",
        same ? "equal" : "differ", largest < 1e-4 ? "below" : "above");
  }

  private static float[] rows(int m) {
    float[] c = new float[m * N];
    cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, m, N, K, 1, numbers(m * K), K, numbers(K * N), N, 0, c, N);
    return c;
  }

  private static float[] numbers(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) Math.sin(i);
    }
    return x;
  }
}
JAVA
