package io.sequencezoo.models.pretrained;

import io.sequencezoo.models.model.LanguageModelConfig;
import java.util.List;

/**
 * What a public configuration describes.
 *
 * @param model the model
 * @param rules lines of the layout's table that depend on sizes, such as numbers of heads
 */
record Described(LanguageModelConfig model, List<Layout.Rule> rules) {
  static Described of(LanguageModelConfig model) {
    return new Described(model, List.of());
  }
}
