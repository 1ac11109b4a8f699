package io.sequencezoo.bench.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.transformer.IdEmbedding;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.ArrayList;
import java.util.List;

/**
 * Log probabilities {@code [B T, V]} of the next tokens, from tokens {@code [B, T]}, their
 * positions {@code [B, T]} and the mask {@code [B, T, T]}; the output is tied to the embedding.
 */
final class LanguageModel extends AbstractBlock {
  private final int width;
  private final IdEmbedding token;
  private final IdEmbedding position;
  private final List<PreNormBlock> layers = new ArrayList<>();
  private final LayerNorm norm;

  LanguageModel(int time, int width, int heads, int layers, int vocabulary) {
    this.width = width;
    token = addChildBlock("token", embedding(vocabulary, width));
    position = addChildBlock("position", embedding(time, width));
    for (int layer = 0; layer < layers; layer++) {
      this.layers.add(addChildBlock("layer" + layer, new PreNormBlock(width, heads)));
    }
    norm = addChildBlock("norm", LayerNorm.builder().axis(2).build());
  }

  private static IdEmbedding embedding(int entries, int width) {
    return new IdEmbedding.Builder().setDictionarySize(entries).setEmbeddingSize(width).build();
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> parameters) {
    NDArray tokens = token.forward(store, new NDList(inputs.get(0)), training).head();
    NDArray x = tokens.add(position.forward(store, new NDList(inputs.get(1)), training).head());
    for (PreNormBlock layer : layers) {
      x = layer.forward(store, new NDList(x, inputs.get(2)), training).head();
    }
    NDArray normalised = norm.forward(store, new NDList(x), training).head();
    return new NDList(token.probabilities(store, normalised.reshape(-1, width), training));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputs) {
    throw new UnsupportedOperationException("language model: nothing follows it");
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputs) {
    Shape stream = inputs[0].add(width);
    token.initialize(manager, type, inputs[0]);
    position.initialize(manager, type, inputs[1]);
    for (PreNormBlock layer : layers) {
      layer.initialize(manager, type, stream);
    }
    norm.initialize(manager, type, stream);
  }
}
