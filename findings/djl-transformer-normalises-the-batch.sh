#!/usr/bin/env bash
# DJL's TransformerEncoderBlock normalises over the batch, where Transformers normalise the channels
# of each position: in training, the first row's output changes with the second row alone.
. "$(dirname "$0")/nd4j.sh"
djl "first row changed: true" <<'JAVA'
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.transformer.TransformerEncoderBlock;
import ai.djl.training.ParameterStore;

public class Finding {
  public static void main(String[] arguments) {
    try (NDManager manager = NDManager.newBaseManager()) {
      TransformerEncoderBlock block = new TransformerEncoderBlock(4, 2, 8, 0, Activation::gelu);
      block.initialize(manager, DataType.FLOAT32, new Shape(2, 3, 4));
      ParameterStore store = new ParameterStore(manager, false);
      NDArray row = manager.randomNormal(new Shape(1, 3, 4));
      NDArray with = row.concat(manager.randomNormal(new Shape(1, 3, 4)));
      NDArray without = row.concat(manager.randomNormal(new Shape(1, 3, 4)));
      NDArray a = block.forward(store, new NDList(with), true).head().get(0);
      NDArray b = block.forward(store, new NDList(without), true).head().get(0);
      System.out.println("FINDING first row changed: " + (a.sub(b).abs().max().getFloat() > 0.01));
    }
  }
}
JAVA
