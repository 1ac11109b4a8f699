package io.sequencezoo.eval.analysis;

import io.sequencezoo.core.registry.MixerConfig;
import org.jspecify.annotations.Nullable;

/**
 * What is looked at, as results record it.
 *
 * @param name of the block
 * @param config its configuration, every default filled in
 * @param width D
 * @param seed of the weights; null where they come from a model
 * @param model the folder of the model that weights come from, or null
 * @param layer of the model, or null
 * @param input along which
 */
public record ProbeSubject(
    String name,
    MixerConfig config,
    int width,
    @Nullable Long seed,
    @Nullable String model,
    @Nullable Integer layer,
    ProbeInput input) {}
