#!/usr/bin/env bash
# Nadam's first step at learning rate 0.001 and gradient 1: PyTorch and Keras, which correct the bias
# of the second moment, move by about the learning rate; ND4J by 60 times as much.
. "$(dirname "$0")/nd4j.sh"
nd4j "step 0.0601 for learning rate 0.001" <<'JAVA'
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nadam;

public class Finding {
  public static void main(String[] arguments) {
    INDArray gradient = Nd4j.createFromArray(new double[][] {{1, 0.1}});
    new Nadam(0.001)
        .instantiate(Nd4j.zeros(DataType.DOUBLE, 1, 4), true)
        .applyUpdater(gradient, 0, 0);
    System.out.printf("FINDING step %.4f for learning rate 0.001%n", gradient.getDouble(0));
  }
}
JAVA
