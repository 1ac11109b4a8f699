#!/usr/bin/env bash
# A recurrent block of DJL without states in its input adds zeros to the caller's list: the next pass
# over the same list takes them for states that the caller gave.
. "$(dirname "$0")/nd4j.sh"
djl "inputs before: 1, after: 3" <<'JAVA'
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.training.ParameterStore;

public class Finding {
  public static void main(String[] arguments) {
    try (NDManager manager = NDManager.newBaseManager()) {
      LSTM lstm = LSTM.builder().setStateSize(4).setNumLayers(1).optBatchFirst(true).build();
      lstm.initialize(manager, DataType.FLOAT32, new Shape(2, 3, 4));
      NDList inputs = new NDList(manager.ones(new Shape(2, 3, 4)));
      int before = inputs.size();
      lstm.forward(new ParameterStore(manager, false), inputs, false);
      System.out.println("FINDING inputs before: " + before + ", after: " + inputs.size());
    }
  }
}
JAVA
