package io.sequencezoo.eval.analysis;

import io.sequencezoo.models.model.ModelConfig;
import org.jspecify.annotations.Nullable;

/**
 * A model whose depth is looked at, as results record it.
 *
 * @param name of the stage that was asked for
 * @param config the model's configuration
 * @param seed of the weights; null where they come from a folder
 * @param model the folder of the model, or null
 * @param input along which
 */
public record DepthSubject(
    String name,
    ModelConfig config,
    @Nullable Long seed,
    @Nullable String model,
    ProbeInput input) {}
