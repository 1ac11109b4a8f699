package io.sequencezoo.models.pretrained;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.Position;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.channel.Activation;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.channel.MlpConfig;
import io.sequencezoo.models.matrix.GateActivation;
import io.sequencezoo.models.matrix.GatedDeltaNetConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.LayerConfig;
import io.sequencezoo.models.model.Layers;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Configurations of Transformers, and of hybrids of attention and Gated DeltaNet. */
final class TransformerConfigs {
  private static final Map<String, Activation> ACTIVATIONS =
      Map.of(
          "gelu_new", Activation.GELU_TANH,
          "gelu_pytorch_tanh", Activation.GELU_TANH,
          "gelu_fast", Activation.GELU_TANH,
          "gelu", Activation.GELU,
          "relu", Activation.RELU,
          "silu", Activation.SILU,
          "swish", Activation.SILU);

  private TransformerConfigs() {}

  /** {@code GPT2Config}. */
  static Described gpt2(PublicConfig c) {
    int width = c.count("n_embd");
    int hidden = c.count("n_inner", 4 * width);
    c.require("scale_attn_weights", true);
    c.require("scale_attn_by_inverse_layer_idx", false);
    c.require("add_cross_attention", false);
    // The last says how products are computed, not what they are.
    c.ignore("n_ctx", "reorder_and_upcast_attn", "embd_pdrop");
    c.ignore(
        "summary_type",
        "summary_use_proj",
        "summary_activation",
        "summary_proj_to_labels",
        "summary_first_dropout");
    String name = c.text("activation_function", "gelu_new");
    Activation activation = ACTIVATIONS.get(name);
    if (activation == null) {
      throw c.refuse(
          "activation_function",
          "must be one of " + new java.util.TreeSet<>(ACTIVATIONS.keySet()),
          name);
    }
    return Described.of(
        new LanguageModelConfig(
            c.count("vocab_size"),
            width,
            Layers.of(c.count("n_layer")),
            Configs.with(
                SoftmaxAttentionConfig.gpt2(c.count("n_head")),
                "dropout",
                c.number("attn_pdrop", 0.1)),
            new MlpConfig(activation, Sizes.ratio(hidden, width), true, 0.02),
            new LayerNormConfig(c.number("layer_norm_epsilon", 1e-5), true),
            NormPlacement.PRE,
            c.flag("tie_word_embeddings", true),
            c.count("n_positions", c.count("n_ctx", 1024)),
            c.number("resid_pdrop", 0.1),
            0.02,
            0));
  }

  /** {@code LlamaConfig}. */
  static Described llama(PublicConfig c) {
    c.require("sliding_window", (Object) null);
    boolean bias = c.flag("attention_bias", false);
    return likeLlama(c, Map.of("bias", bias, "outputBias", bias), c.flag("mlp_bias", false));
  }

  /** {@code MistralConfig}. */
  static Described mistral(PublicConfig c) {
    // The reference's default is a window; null stands for none.
    int window = c.isNull("sliding_window") ? 0 : c.count("sliding_window", 4096);
    return likeLlama(c, window == 0 ? Map.of() : Map.of("window", window), false);
  }

  /** {@code Qwen2Config}: biases of queries, keys and values alone. */
  static Described qwen2(PublicConfig c) {
    return likeLlama(c, Map.of("bias", true), false);
  }

  /** {@code Qwen3Config}: norms of queries and keys. */
  static Described qwen3(PublicConfig c) {
    boolean bias = c.flag("attention_bias", false);
    Map<String, Object> own =
        Map.of(
            "bias",
            bias,
            "outputBias",
            bias,
            "qkNorm",
            true,
            "normEps",
            c.number("rms_norm_eps", 1e-6));
    return likeLlama(c, own, false);
  }

  private static Described likeLlama(PublicConfig c, Map<String, ?> own, boolean mlpBias) {
    int layers = c.count("num_hidden_layers");
    MixerConfig everywhere = Configs.with(attention(c, 1), own);
    List<MixerConfig> mixers = new ArrayList<>();
    Set<Integer> windowed = windowed(c, layers);
    for (int l = 0; l < layers; l++) {
      mixers.add(
          windowed.contains(l)
              ? Configs.with(everywhere, "window", c.count("sliding_window"))
              : everywhere);
    }
    return Described.of(
        model(
            c,
            mixers,
            new GluConfig.Swiglu(
                Sizes.ratio(c.count("intermediate_size"), c.count("hidden_size")), mlpBias, 0.02)));
  }

  /** Layers with a window of their own, as Qwen has them. */
  private static Set<Integer> windowed(PublicConfig c, int layers) {
    Set<Integer> windowed = new HashSet<>();
    boolean used = c.flag("use_sliding_window", false);
    int first = c.count("max_window_layers", layers);
    JsonNode types = c.node("layer_types");
    if (!c.has("use_sliding_window")) {
      c.require(
          "layer_types",
          java.util.Collections.nCopies(layers, "full_attention"),
          java.util.Collections.nCopies(layers, "sliding_attention"));
      return windowed;
    }
    c.node("sliding_window");
    for (int l = 0; l < layers; l++) {
      String type = types.path(l).asText(l >= first ? "sliding_attention" : "full_attention");
      if (used && type.equals("sliding_attention")) {
        windowed.add(l);
      } else if (!type.equals("full_attention") && !type.equals("sliding_attention")) {
        throw c.refuse("layer_types", "must be full_attention or sliding_attention", type);
      }
    }
    return windowed;
  }

  private static SoftmaxAttentionConfig attention(PublicConfig c, double fraction) {
    int heads = c.count("num_attention_heads");
    int width = c.count("hidden_size");
    return Configs.with(
        SoftmaxAttentionConfig.of(heads),
        Map.of(
            "keyValueHeads",
            c.count("num_key_value_heads", heads),
            "headDim",
            c.count("head_dim", width / heads),
            "dropout",
            c.number("attention_dropout", 0),
            "position",
            new Position.Rope(Rotary.Convention.HALF_SPLIT, base(c), fraction)));
  }

  /** The base of the angles, from where it stands in either generation of configurations. */
  private static double base(PublicConfig c) {
    double base = c.number("rope_theta", 10000);
    for (String key : List.of("rope_scaling", "rope_parameters")) {
      JsonNode node = c.node(key);
      String type = node.path("rope_type").asText(node.path("type").asText("default"));
      if (!type.equals("default")) {
        throw c.refuse(key, "must be of rope_type default, which the zoo's rope has", type);
      }
      base = node.path("rope_theta").asDouble(base);
    }
    return base;
  }

  private static LanguageModelConfig model(
      PublicConfig c, List<MixerConfig> mixers, GluConfig channel) {
    c.require("hidden_act", "silu", "swish");
    MixerConfig first = mixers.get(0);
    boolean equal = mixers.stream().allMatch(first::equals);
    return new LanguageModelConfig(
        c.count("vocab_size"),
        c.count("hidden_size"),
        equal ? Layers.of(mixers.size()) : Layers.of(mixers.stream().map(LayerConfig::of).toList()),
        equal ? first : null,
        channel,
        new RmsNormConfig(c.number("rms_norm_eps", 1e-6), 1),
        NormPlacement.PRE,
        c.flag("tie_word_embeddings", false),
        0,
        0,
        0.02,
        0);
  }

  /** {@code Qwen3NextConfig}, of layers without experts. */
  static Described qwen3Next(PublicConfig c) {
    int width = c.count("hidden_size");
    int layers = c.count("num_hidden_layers");
    checkDense(c, layers);
    int keyHeads = c.count("linear_num_key_heads");
    int valueHeads = c.count("linear_num_value_heads");
    double eps = c.number("rms_norm_eps", 1e-6);
    MixerConfig linear =
        new GatedDeltaNetConfig(
            keyHeads,
            valueHeads,
            Sizes.ratio(keyHeads * c.count("linear_key_head_dim"), width),
            Sizes.ratio(valueHeads * c.count("linear_value_head_dim"), width),
            c.count("linear_conv_kernel_dim", 4),
            false,
            GateActivation.SILU,
            true,
            eps);
    double fraction =
        c.node("rope_parameters")
            .path("partial_rotary_factor")
            .asDouble(c.number("partial_rotary_factor", 0.25));
    boolean bias = c.flag("attention_bias", false);
    c.require("attention_bias", false);
    MixerConfig full =
        Configs.with(
            attention(c, fraction),
            Map.of("bias", bias, "qkNorm", true, "normEps", eps, "outputGate", true));
    int interval = c.count("full_attention_interval", 4);
    JsonNode types = c.node("layer_types");
    List<MixerConfig> mixers = new ArrayList<>();
    for (int l = 0; l < layers; l++) {
      String type =
          types.path(l).asText((l + 1) % interval == 0 ? "full_attention" : "linear_attention");
      if (!type.equals("full_attention") && !type.equals("linear_attention")) {
        throw c.refuse("layer_types", "must be full_attention or linear_attention", type);
      }
      mixers.add(type.equals("full_attention") ? full : linear);
    }
    GluConfig channel =
        new GluConfig.Swiglu(Sizes.ratio(c.count("intermediate_size"), width), false, 0.02);
    return new Described(
        model(c, mixers, channel),
        TransformerLayouts.qwen3NextByHeads(keyHeads, c.count("num_attention_heads")));
  }

  /** The zoo has no experts. */
  private static void checkDense(PublicConfig c, int layers) {
    int experts = c.count("num_experts", 0);
    Set<Integer> dense = new HashSet<>();
    c.node("mlp_only_layers").forEach(l -> dense.add(l.asInt()));
    if (experts > 0 && dense.size() < layers) {
      throw c.refuse("num_experts", "must be 0, or mlp_only_layers all layers", experts);
    }
    c.ignore(
        "num_experts_per_tok",
        "decoder_sparse_step",
        "moe_intermediate_size",
        "shared_expert_intermediate_size",
        "norm_topk_prob");
  }
}
