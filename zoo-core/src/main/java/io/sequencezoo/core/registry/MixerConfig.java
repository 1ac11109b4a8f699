package io.sequencezoo.core.registry;

import static com.google.common.base.Preconditions.checkArgument;

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
    /** Wider, a matrix of the width's square has long outgrown every memory. */
    private static final int WIDEST = 1 << 24;

    /** Checks the width. */
    public Place {
      checkArgument(
          width >= 1 && width <= WIDEST,
          "block: width must be between 1 and %s, got %s",
          WIDEST,
          width);
    }

    /** The only layer of a model of this width. */
    public static Place alone(int width) {
      return new Place(width, 0, 1);
    }
  }
}
