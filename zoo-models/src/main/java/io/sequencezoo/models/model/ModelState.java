package io.sequencezoo.models.model;

import io.sequencezoo.core.dynamics.State;
import java.util.List;

/**
 * What a model remembers of the tokens that it has seen: the state of each layer's mixer, and the
 * number of tokens that each row has consumed.
 */
public record ModelState(List<State> layers, int[] consumed) {
  /** Copies the list and the counts. */
  public ModelState {
    layers = List.copyOf(layers);
    consumed = consumed.clone();
  }

  /** Survives the closing of the tape; gradients end here. */
  public ModelState detach() {
    return new ModelState(layers.stream().map(State::detach).toList(), consumed);
  }

  /** The number of bytes that one row takes. */
  public long bytesPerRow() {
    return layers.stream().mapToLong(State::bytesPerRow).sum();
  }
}
