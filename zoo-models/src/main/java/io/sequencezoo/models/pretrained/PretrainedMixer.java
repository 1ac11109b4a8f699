package io.sequencezoo.models.pretrained;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;

/**
 * A mixer with weights of others.
 *
 * @param config its configuration
 * @param mixer the mixer, alone
 * @param parameters its weights
 */
public record PretrainedMixer(MixerConfig config, SequenceMixer mixer, Parameters parameters) {}
