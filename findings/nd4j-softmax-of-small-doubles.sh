#!/usr/bin/env bash
# softmax along axis 1 of [1, 2, 1] with entries -1000 and -1001: 0.7311 and 0.2689 in any precision
# where the largest entry is subtracted first. In float it is that; in double NaN.
. "$(dirname "$0")/nd4j.sh"
nd4j "float 0.7311, double NaN" <<'JAVA'
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Finding {
  public static void main(String[] arguments) {
    INDArray x = Nd4j.createFromArray(new double[][][] {{{-1000}, {-1001}}});
    System.out.printf(
        "FINDING float %.4f, double %.4f%n",
        Nd4j.nn().softmax(x.castTo(DataType.FLOAT), 1).getDouble(0, 0, 0),
        Nd4j.nn().softmax(x, 1).getDouble(0, 0, 0));
  }
}
JAVA
