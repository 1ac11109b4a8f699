package io.sequencezoo.models.pretrained;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.Position;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.matrix.DeltaNetConfig;
import io.sequencezoo.models.matrix.GateActivation;
import io.sequencezoo.models.matrix.GatedDeltaNetConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.matrix.Hgrn2Config;
import io.sequencezoo.models.matrix.MlstmConfig;
import io.sequencezoo.models.matrix.RetNetConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.LayerConfig;
import io.sequencezoo.models.model.Layers;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Configurations of flash-linear-attention's models, and of xLSTM. */
final class LinearAttentionConfigs {
  private LinearAttentionConfigs() {}

  /** {@code GLAConfig}. */
  static Described gla(PublicConfig c) {
    c.require("use_gk", true);
    c.require("use_gv", false);
    c.require("feature_map", (Object) null);
    c.require("clamp_min", (Object) null);
    int heads = heads(c, 4);
    return withNorm(
        c,
        new GlaConfig(
            heads,
            c.number("expand_k", 0.5),
            c.number("expand_v", 1),
            16,
            16,
            convolution(c, false),
            c.flag("use_output_gate", true) ? GateActivation.SILU : GateActivation.NONE,
            true,
            eps(c)));
  }

  /** {@code RetNetConfig}, whose convolutions the reference's model never makes. */
  static Described retnet(PublicConfig c) {
    c.require("feature_map", (Object) null);
    c.ignore("use_short_conv", "conv_size");
    int heads = heads(c, 8);
    return withNorm(
        c,
        new RetNetConfig(
            heads,
            c.number("expand_k", 1),
            c.number("expand_v", 2),
            true,
            10000,
            0,
            c.flag("use_output_gate", true) ? GateActivation.SILU : GateActivation.NONE,
            true,
            eps(c)));
  }

  /** {@code DeltaNetConfig}. */
  static Described deltaNet(PublicConfig c) {
    c.require("use_beta", true);
    c.require("qk_norm", "l2");
    c.require("qk_activation", "silu");
    // The layer has its norm whatever this says.
    c.ignore("use_output_norm");
    return model(
        c,
        new DeltaNetConfig(
            c.count("num_heads", 16),
            c.number("expand_k", 1),
            c.number("expand_v", 1),
            convolution(c, true),
            c.flag("allow_neg_eigval", false),
            c.flag("use_gate", false) ? GateActivation.SILU : GateActivation.NONE,
            true,
            eps(c)));
  }

  /** {@code GatedDeltaNetConfig}. */
  static Described gatedDeltaNet(PublicConfig c) {
    int width = width(c);
    int heads = c.count("num_heads", 6);
    int valueHeads = c.count("num_v_heads", heads);
    int keys = c.count("head_dim", 256);
    int values = (int) (keys * c.number("expand_v", 2));
    // Of older versions, which had it without effect.
    c.ignore("expand_k");
    return model(
        c,
        new GatedDeltaNetConfig(
            heads,
            valueHeads,
            Sizes.ratio(heads * keys, width),
            Sizes.ratio(valueHeads * values, width),
            convolution(c, true),
            c.flag("allow_neg_eigval", false),
            c.flag("use_gate", true) ? GateActivation.SILU : GateActivation.NONE,
            true,
            eps(c)));
  }

  /**
   * {@code HGRN2Config}. The reference's layer normalises with 1e-5 whatever {@code norm_eps} says.
   */
  static Described hgrn2(PublicConfig c) {
    int width = width(c);
    if (c.flag("use_lower_bound", true)) {
      throw c.refuse(
          "use_lower_bound", "must be false, since the zoo's bounds are a number per layer", true);
    }
    int ratio =
        c.isNull("expand_ratio") ? width / c.count("num_heads") : c.count("expand_ratio", 128);
    c.ignore("num_heads");
    int heads = width / ratio;
    return model(
        c,
        new Hgrn2Config(
            heads,
            Sizes.ratio(heads * ratio, width),
            0,
            Hgrn2Config.Bounds.CONSTANT,
            convolution(c, false),
            GateActivation.NONE,
            true));
  }

  /** {@code xLSTMConfig}. */
  static Described xlstm(PublicConfig c) {
    int width = c.count("hidden_size", c.count("embedding_dim", 4096));
    c.ignore("embedding_dim");
    c.require("use_bias", false);
    c.require("add_out_norm", true);
    c.require("weight_mode", "single");
    c.require("norm_eps", 1e-6);
    c.require("eps", 1e-6);
    c.ignore(
        "norm_reduction_force_float32",
        "chunkwise_kernel",
        "sequence_kernel",
        "step_kernel",
        "mode",
        "return_last_states",
        "autocast_kernel_dtype",
        "inference_state_dtype",
        "max_inference_chunksize",
        "force_bos_token_insert");
    int heads = c.count("num_heads", 8);
    int multiple = c.count("ffn_round_up_to_multiple_of", 64);
    int hidden = Sizes.roundedUp(width * c.number("ffn_proj_factor", 2.667), multiple);
    MixerConfig mixer =
        new MlstmConfig(
            heads,
            Sizes.ratio((int) (width * c.number("qk_dim_factor", 0.5)), width),
            Sizes.ratio((int) (width * c.number("v_dim_factor", 1)), width),
            c.number("gate_soft_cap", 15),
            0,
            GateActivation.SIGMOID,
            true);
    int layers = c.count("num_hidden_layers", c.count("num_blocks", 32));
    c.ignore("num_blocks");
    return Described.of(
        new LanguageModelConfig(
            c.count("vocab_size", 50304),
            width,
            Layers.of(layers),
            mixer,
            new GluConfig.Swiglu(Sizes.ratio(hidden, width), false, 0.02),
            new RmsNormConfig(1e-6, 1),
            NormPlacement.PRE,
            c.flag("tie_word_embeddings", false),
            0,
            0,
            0.02,
            c.number("output_logit_soft_cap", 30)));
  }

  private static int width(PublicConfig c) {
    return c.count("hidden_size", 2048);
  }

  private static double eps(PublicConfig c) {
    return c.number("norm_eps", 1e-6);
  }

  private static int convolution(PublicConfig c, boolean otherwise) {
    int span = c.count("conv_size", 4);
    return c.flag("use_short_conv", otherwise) ? span : 0;
  }

  /** Heads of queries, keys and values alike. */
  private static int heads(PublicConfig c, int otherwise) {
    int heads = c.count("num_heads", otherwise);
    c.require("num_kv_heads", heads);
    return heads;
  }

  /** A model whose norm of outputs has another name where it isn't fused with the gate. */
  private static Described withNorm(PublicConfig c, MixerConfig mixer) {
    boolean fused = c.flag("fuse_norm", true) && c.flag("use_output_gate", true);
    return new Described(
        model(c, mixer).model(), List.of(LinearAttentionLayouts.outputNorm(fused)));
  }

  private static Described model(PublicConfig c, MixerConfig mixer) {
    c.require("hidden_act", "swish", "silu");
    c.require("elementwise_affine", true);
    c.require("attnres_block_size", (Object) null);
    int width = width(c);
    int layers = c.count("num_hidden_layers");
    double ratio = c.number("hidden_ratio", 4);
    int hidden = c.count("intermediate_size", Sizes.roundedUp((int) (width * ratio * 2 / 3), 256));
    JsonNode attention = c.node("attn");
    List<LayerConfig> hybrid = new ArrayList<>();
    if (!attention.isMissingNode()) {
      MixerConfig full = attention(c, attention);
      List<Integer> at = new ArrayList<>();
      attention.path("layers").forEach(l -> at.add(l.asInt(-1)));
      for (int l = 0; l < layers; l++) {
        hybrid.add(LayerConfig.of(at.contains(l) ? full : mixer));
      }
    }
    return Described.of(
        new LanguageModelConfig(
            c.count("vocab_size", 32000),
            width,
            hybrid.isEmpty() ? Layers.of(layers) : Layers.of(hybrid),
            hybrid.isEmpty() ? mixer : null,
            new GluConfig.Swiglu(Sizes.ratio(hidden, width), false, 0.02),
            new RmsNormConfig(eps(c), 1),
            NormPlacement.PRE,
            c.flag("tie_word_embeddings", false),
            0,
            0,
            0.02,
            0));
  }

  /** The attention of some layers: what {@code attn} says. */
  private static MixerConfig attention(PublicConfig c, JsonNode attention) {
    int heads = attention.path("num_heads").asInt(0);
    if (!attention.path("layers").isArray() || heads < 1) {
      throw c.refuse("attn", "must name layers and num_heads", attention);
    }
    return Configs.with(
        SoftmaxAttentionConfig.of(heads),
        Map.of(
            "keyValueHeads",
            attention.path("num_kv_heads").asInt(heads),
            "bias",
            attention.path("qkv_bias").asBoolean(false),
            "window",
            attention.path("window_size").asInt(0),
            "position",
            new Position.Rope(
                Rotary.Convention.HALF_SPLIT, attention.path("rope_theta").asDouble(10000), 1)));
  }
}
