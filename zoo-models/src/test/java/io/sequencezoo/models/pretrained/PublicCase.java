package io.sequencezoo.models.pretrained;

import java.util.function.BiFunction;

/**
 * A public layout at a small size.
 *
 * @param name for messages
 * @param config text of {@code config.json}
 * @param checkpoint the tensors
 * @param logits what the public implementation computes from tensors and tokens
 */
record PublicCase(
    String name,
    String config,
    PublicCheckpoint checkpoint,
    BiFunction<Reference, int[], double[][]> logits) {
  @Override
  public String toString() {
    return name;
  }
}
