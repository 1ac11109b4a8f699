package io.sequencezoo.bench.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.transformer.PointwiseFeedForwardBlock;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.List;

/**
 * A pre-norm Transformer block of the library's layers, from {@code [B, T, D]} and the mask {@code
 * [B, T, T]}: its own encoder block normalises over the batch, not over the channels.
 */
final class PreNormBlock extends AbstractBlock {
  private final Block attentionNorm;
  private final Block attention;
  private final Block mlpNorm;
  private final Block mlp;

  PreNormBlock(int width, int heads) {
    attentionNorm = addChildBlock("attentionNorm", LayerNorm.builder().axis(2).build());
    attention =
        addChildBlock(
            "attention",
            ScaledDotProductAttentionBlock.builder()
                .setEmbeddingSize(width)
                .setHeadCount(heads)
                .optAttentionProbsDropoutProb(0)
                .build());
    mlpNorm = addChildBlock("mlpNorm", LayerNorm.builder().axis(2).build());
    mlp =
        addChildBlock(
            "mlp", new PointwiseFeedForwardBlock(List.of(4 * width), width, Activation::gelu));
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> parameters) {
    NDArray x = inputs.get(0);
    NDList normalised = attentionNorm.forward(store, new NDList(x), training);
    normalised.add(inputs.get(1));
    x = x.add(attention.forward(store, normalised, training).head());
    normalised = mlpNorm.forward(store, new NDList(x), training);
    return new NDList(x.add(mlp.forward(store, normalised, training).head()));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputs) {
    return new Shape[] {inputs[0]};
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputs) {
    for (Block child : getChildren().values()) {
      child.initialize(manager, type, inputs[0]);
    }
  }
}
