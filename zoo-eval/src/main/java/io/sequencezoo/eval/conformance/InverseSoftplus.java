package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** {@code x = log(e^y - 1)}, so that vectors given after a softplus enter before it. */
final class InverseSoftplus {
  private InverseSoftplus() {}

  /** Of positive numbers, any shape: {@code dx/dy = 1 / (1 - e^{-y})}. */
  static Variable apply(Tape tape, Variable y) {
    INDArray x = tape.allocate(y.type(), y.shape());
    long n = x.length();
    for (long i = 0; i < n; i++) {
      double given = y.value().getDouble(i);
      x.putScalar(i, given + Math.log(-Math.expm1(-given)));
    }
    return tape.record(
        x,
        cotangents -> {
          INDArray gx = cotangents.output();
          INDArray gy = cotangents.tape().allocate(y.type(), y.shape());
          for (long i = 0; i < n; i++) {
            gy.putScalar(i, gx.getDouble(i) / -Math.expm1(-y.value().getDouble(i)));
          }
          cotangents.add(0, gy);
        },
        y);
  }
}
