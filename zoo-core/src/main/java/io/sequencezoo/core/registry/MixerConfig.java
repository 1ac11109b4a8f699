package io.sequencezoo.core.registry;

import io.sequencezoo.core.block.SequenceMixer;

/** The description of a sequence mixer. */
public interface MixerConfig extends BlockConfig {
  /**
   * The mixer at a place of a model.
   *
   * @throws IllegalArgumentException where the configuration doesn't fit the width
   */
  SequenceMixer build(Place place);

  /**
   * Where a block stands.
   *
   * @param width D
   * @param layer index of the layer, from 0
   * @param layers number of layers of the model
   */
  record Place(int width, int layer, int layers) {
    /** The only layer of a model of this width. */
    public static Place alone(int width) {
      return new Place(width, 0, 1);
    }
  }
}
