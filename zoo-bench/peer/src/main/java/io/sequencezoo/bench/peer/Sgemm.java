package io.sequencezoo.bench.peer;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** One matrix product m x k by k x n. */
final class Sgemm implements Workload {
  private final Tensor a;
  private final Tensor b;

  Sgemm(int m, int n, int k) {
    a = Workload.constant(m, k);
    b = Workload.constant(k, n);
  }

  @Override
  public void run() {
    torch.mm(a, b);
  }
}
