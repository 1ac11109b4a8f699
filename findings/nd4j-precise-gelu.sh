#!/usr/bin/env bash
# GELU of -2 is -0.0455 by the normal distribution's integral and -0.0454 by its tanh form. preciseGelu
# is off by 0.033, and it writes what it returns over its argument as well, which gelu doesn't.
. "$(dirname "$0")/nd4j.sh"
nd4j "tanh form -0.0454, preciseGelu -0.0789, its argument then -0.0789" <<'JAVA'
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Finding {
  public static void main(String[] arguments) {
    INDArray x = Nd4j.createFromArray(new double[] {-2, 2});
    double v = -2;
    double right = v / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
    double got = Nd4j.nn().preciseGelu(x).getDouble(0);
    System.out.printf(
        "FINDING tanh form %.4f, preciseGelu %.4f, its argument then %.4f%n",
        right, got, x.getDouble(0));
  }
}
JAVA
