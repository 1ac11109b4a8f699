package io.sequencezoo.models.pretrained;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.List;

/** All public layouts, and which of them a configuration may be of. */
final class Layouts {
  static final List<Layout> ALL =
      List.of(
          TransformerLayouts.GPT2,
          TransformerLayouts.LLAMA,
          TransformerLayouts.MISTRAL,
          TransformerLayouts.QWEN2,
          TransformerLayouts.QWEN3,
          TransformerLayouts.QWEN3_NEXT,
          LinearAttentionLayouts.GLA,
          LinearAttentionLayouts.RETNET,
          LinearAttentionLayouts.DELTA_NET,
          LinearAttentionLayouts.GATED_DELTANET,
          LinearAttentionLayouts.HGRN2,
          LinearAttentionLayouts.XLSTM,
          LinearAttentionLayouts.XLSTM_NATIVE,
          StateSpaceLayouts.MAMBA,
          StateSpaceLayouts.MAMBA2,
          StateSpaceLayouts.MAMBA_SSM,
          StateSpaceLayouts.MAMBA2_SSM);

  private Layouts() {}

  /** The names of all layouts. */
  static List<String> names() {
    return ALL.stream().map(Layout::name).toList();
  }

  /** The layout of a name. */
  static Layout named(String name) {
    return ALL.stream()
        .filter(layout -> layout.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "layout: must be one of " + names() + ", got " + name));
  }

  /**
   * The layouts that a configuration may be of, by its {@code model_type}; state-spaces' has none.
   */
  static List<Layout> of(PublicConfig config) {
    String type = config.text("model_type", "");
    if (type.isEmpty() && config.has("ssm_cfg")) {
      String layer = config.node("ssm_cfg").path("layer").asText("Mamba1");
      return List.of(
          layer.equals("Mamba2") ? StateSpaceLayouts.MAMBA2_SSM : StateSpaceLayouts.MAMBA_SSM);
    }
    List<Layout> fitting = new ArrayList<>();
    for (Layout layout : ALL) {
      if (layout.name().equals(type) || layout.name().equals(type + "_native")) {
        fitting.add(layout);
      }
    }
    checkArgument(
        !fitting.isEmpty(),
        "%s: model_type must be one of %s, got %s",
        config.file(),
        names(),
        type.isEmpty() ? "none" : type);
    return fitting;
  }
}
