package io.sequencezoo.core.registry;

import io.sequencezoo.core.block.FeedForward;

/** The description of a block that treats every position alone: a channel mixer or a norm. */
public interface FeedForwardConfig extends BlockConfig {
  /** The block at a place of a model. */
  FeedForward build(MixerConfig.Place place);
}
