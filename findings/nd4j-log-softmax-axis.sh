#!/usr/bin/env bash
# logSoftmax along axis 0 of [[0, 1], [2, 5]] should be the logarithm of softmax along axis 0, whose
# first entry is 0.1192; its is that of axis 1.
. "$(dirname "$0")/nd4j.sh"
nd4j "softmax 0.1192, exp of logSoftmax 0.2689" <<'JAVA'
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Finding {
  public static void main(String[] arguments) {
    INDArray x = Nd4j.createFromArray(new double[][] {{0, 1}, {2, 5}});
    double softmax = Nd4j.nn().softmax(x, 0).getDouble(0, 0);
    double log = Nd4j.nn().logSoftmax(x, 0).getDouble(0, 0);
    System.out.printf("FINDING softmax %.4f, exp of logSoftmax %.4f%n", softmax, Math.exp(log));
  }
}
JAVA
