package io.sequencezoo.models.pretrained;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.matrix.Mamba2Config;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.Layers;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import io.sequencezoo.models.vector.MambaConfig;
import java.util.HashMap;
import java.util.Map;

/** Configurations of Mamba and Mamba-2. */
final class StateSpaceConfigs {
  private StateSpaceConfigs() {}

  /** {@code MambaConfig} of transformers. */
  static Described mamba(PublicConfig c) {
    c.require("use_conv_bias", true);
    c.require("use_bias", false);
    int width = width(c);
    int expand = c.count("expand", 2);
    int inner = c.count("intermediate_size", c.count("d_inner", expand * width));
    c.ignore("d_inner", "time_step_scale", "time_step_init_scheme");
    JsonNode rank = c.node("time_step_rank");
    Map<String, Object> own = new HashMap<>();
    own.put("expansion", Sizes.ratio(inner, width));
    own.put("stateSize", c.count("state_size", 16));
    own.put("shortConvolution", c.count("conv_kernel", 4));
    if (!rank.isMissingNode() && !rank.asText().equals("auto")) {
      own.put("stepRank", c.count("time_step_rank"));
    }
    MixerConfig mixer = Configs.with(MambaConfig.standard(), own);
    return model(c, width, c.count("vocab_size"), mixer, "tie_word_embeddings");
  }

  /** {@code Mamba2Config} of transformers. */
  static Described mamba2(PublicConfig c) {
    int width = width(c);
    c.require("layer_norm_epsilon", 1e-5);
    // The reference's norm spans all groups, that of the zoo and of state-spaces each by itself.
    c.require("n_groups", 1);
    c.require("num_heads", c.count("expand", 2) * width / c.count("head_dim", 64));
    c.ignore("time_step_rank", "norm_before_gate");
    JsonNode limits = c.node("time_step_limit");
    Map<String, Object> own = new HashMap<>();
    own.put("stateSize", c.count("state_size", 128));
    own.put("shortConvolution", c.count("conv_kernel", 4));
    own.put("expansion", c.count("expand", 2));
    own.put("headDim", c.count("head_dim", 64));
    own.put("projectionBias", c.flag("use_bias", false));
    own.put("convolutionBias", c.flag("use_conv_bias", true));
    own.put("stepLow", limits.path(0).asDouble(0));
    if (Double.isFinite(limits.path(1).asDouble(Double.POSITIVE_INFINITY))) {
      own.put("stepHigh", limits.path(1).asDouble());
    }
    MixerConfig mixer = Configs.with(Mamba2Config.standard(), own);
    return model(c, width, c.count("vocab_size"), mixer, "tie_word_embeddings");
  }

  private static int width(PublicConfig c) {
    c.require("hidden_act", "silu", "swish");
    c.ignore("time_step_min", "time_step_max", "time_step_floor", "d_model", "n_layer", "ssm_cfg");
    c.ignore("pad_vocab_size_multiple", "layer_types");
    return c.count("hidden_size");
  }

  private static Described model(
      PublicConfig c, int width, int vocabulary, MixerConfig mixer, String tied) {
    c.require("rms_norm", true);
    return Described.of(
        new LanguageModelConfig(
            vocabulary,
            width,
            Layers.of(c.count("num_hidden_layers", c.count("n_layer", 0))),
            mixer,
            null,
            new RmsNormConfig(c.number("layer_norm_epsilon", 1e-5), 1),
            NormPlacement.PRE,
            c.flag(tied, true),
            0,
            0,
            0.02,
            0));
  }

  /** {@code MambaConfig} of state-spaces/mamba, of layers of Mamba. */
  static Described stateSpaces(PublicConfig c) {
    JsonNode own = ssm(c, "Mamba1");
    Map<String, Object> changes = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : own.properties()) {
      switch (entry.getKey()) {
        case "layer" -> {}
        case "d_state" -> changes.put("stateSize", entry.getValue());
        case "d_conv" -> changes.put("shortConvolution", entry.getValue());
        case "expand" -> changes.put("expansion", entry.getValue());
        case "dt_rank" -> {
          if (entry.getValue().isInt()) {
            changes.put("stepRank", entry.getValue());
          }
        }
        default ->
            throw c.refuse("ssm_cfg", "must have keys that the zoo's block has", entry.getKey());
      }
    }
    return stateSpaces(c, Configs.with(MambaConfig.standard(), changes));
  }

  /** {@code MambaConfig} of state-spaces/mamba, of layers of Mamba-2. */
  static Described stateSpaces2(PublicConfig c) {
    JsonNode own = ssm(c, "Mamba2");
    Map<String, Object> changes = new HashMap<>();
    // The reference's head is 64 wide however narrow the layer is.
    changes.put("headDim", 64);
    for (Map.Entry<String, JsonNode> entry : own.properties()) {
      switch (entry.getKey()) {
        case "layer", "chunk_size", "use_mem_eff_path" -> {}
        case "d_state" -> changes.put("stateSize", entry.getValue());
        case "d_conv" -> changes.put("shortConvolution", entry.getValue());
        case "expand" -> changes.put("expansion", entry.getValue());
        case "headdim" -> changes.put("headDim", entry.getValue());
        case "ngroups" -> changes.put("groups", entry.getValue());
        case "D_has_hdim" -> changes.put("skipPerFeature", entry.getValue());
        case "rmsnorm" -> changes.put("norm", entry.getValue());
        case "norm_before_gate" -> changes.put("normBeforeGate", entry.getValue());
        default ->
            throw c.refuse("ssm_cfg", "must have keys that the zoo's block has", entry.getKey());
      }
    }
    return stateSpaces(c, Configs.with(Mamba2Config.standard(), changes));
  }

  private static Described stateSpaces(PublicConfig c, MixerConfig mixer) {
    c.require("d_intermediate", 0);
    c.require("attn_layer_idx", java.util.List.of());
    c.ignore("attn_cfg");
    int multiple = c.count("pad_vocab_size_multiple", 8);
    int vocabulary = Sizes.roundedUp(c.count("vocab_size"), multiple);
    return model(c, c.count("d_model"), vocabulary, mixer, "tie_embeddings");
  }

  private static JsonNode ssm(PublicConfig c, String layer) {
    JsonNode own = c.node("ssm_cfg");
    String said = own.path("layer").asText("Mamba1");
    if (!said.equals(layer)) {
      throw c.refuse("ssm_cfg", "must have layers of " + layer, said);
    }
    return own;
  }
}
