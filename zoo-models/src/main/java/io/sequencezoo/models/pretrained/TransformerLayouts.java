package io.sequencezoo.models.pretrained;

import java.util.Arrays;
import java.util.List;

/** The tables of Transformers, and of hybrids of attention and Gated DeltaNet. */
final class TransformerLayouts {
  private TransformerLayouts() {}

  /** GPT-2, whose linear maps are {@code [in, out]}. */
  static final Layout GPT2 =
      Layout.table("gpt2", "GPT-2")
          .optionalPrefix("transformer.")
          .same("wte.weight", "embedding.weight")
          .same("wpe.weight", "positions.weight")
          .same("h.{l}.ln_1.weight", "layers.{l}.mixer_norm.weight")
          .same("h.{l}.ln_1.bias", "layers.{l}.mixer_norm.bias")
          .tensor(
              "h.{l}.attn.c_attn.weight",
              Form.BESIDE,
              "layers.{l}.mixer.query.weight",
              "layers.{l}.mixer.key.weight",
              "layers.{l}.mixer.value.weight")
          // A bias of all keys adds the same to all logits of a query, which softmax doesn't see.
          .tensor(
              "h.{l}.attn.c_attn.bias",
              Form.BESIDE,
              "layers.{l}.mixer.query.bias",
              null,
              "layers.{l}.mixer.value.bias")
          .same("h.{l}.attn.c_proj.weight", "layers.{l}.mixer.output.weight")
          .same("h.{l}.attn.c_proj.bias", "layers.{l}.mixer.output.bias")
          .same("h.{l}.ln_2.weight", "layers.{l}.channel_norm.weight")
          .same("h.{l}.ln_2.bias", "layers.{l}.channel_norm.bias")
          .same("h.{l}.mlp.c_fc.weight", "layers.{l}.channel.up.weight")
          .same("h.{l}.mlp.c_fc.bias", "layers.{l}.channel.up.bias")
          .same("h.{l}.mlp.c_proj.weight", "layers.{l}.channel.down.weight")
          .same("h.{l}.mlp.c_proj.bias", "layers.{l}.channel.down.bias")
          .same("ln_f.weight", "norm.weight")
          .same("ln_f.bias", "norm.bias")
          .linear("lm_head.weight", "head.weight")
          .copy("lm_head.weight", "wte.weight")
          .buffer("h.{l}.attn.bias")
          .buffer("h.{l}.attn.masked_bias")
          .reads(TransformerConfigs::gpt2);

  static final Layout LLAMA =
      likeLlama("llama", "Llama 1 to 3 without scaled rotations").reads(TransformerConfigs::llama);

  static final Layout MISTRAL =
      likeLlama("mistral", "Mistral, with its sliding window").reads(TransformerConfigs::mistral);

  static final Layout QWEN2 =
      likeLlama("qwen2", "Qwen 2 and 2.5: biases of queries, keys and values")
          .reads(TransformerConfigs::qwen2);

  static final Layout QWEN3 =
      likeLlama("qwen3", "Qwen 3: norms of queries and keys").reads(TransformerConfigs::qwen3);

  /** Its gains are kept as differences from one, but for those of linear attention. */
  static final Layout QWEN3_NEXT =
      Layout.table("qwen3_next", "Qwen3-Next of dense layers: Gated DeltaNet and gated attention")
          .same("model.embed_tokens.weight", "embedding.weight")
          .tensor(
              "model.layers.{l}.input_layernorm.weight",
              Form.FROM_ONE,
              "layers.{l}.mixer_norm.weight")
          .tensor(
              "model.layers.{l}.post_attention_layernorm.weight",
              Form.FROM_ONE,
              "layers.{l}.channel_norm.weight")
          .tensor(
              "model.layers.{l}.self_attn.q_norm.weight",
              Form.FROM_ONE,
              "layers.{l}.mixer.query_norm.weight")
          .tensor(
              "model.layers.{l}.self_attn.k_norm.weight",
              Form.FROM_ONE,
              "layers.{l}.mixer.key_norm.weight")
          .linear("model.layers.{l}.self_attn.k_proj.weight", "layers.{l}.mixer.key.weight")
          .linear("model.layers.{l}.self_attn.v_proj.weight", "layers.{l}.mixer.value.weight")
          .linear("model.layers.{l}.self_attn.o_proj.weight", "layers.{l}.mixer.output.weight")
          .tensor(
              "model.layers.{l}.linear_attn.conv1d.weight",
              Form.STACKED_CONVOLUTIONS,
              "layers.{l}.mixer.conv_q",
              "layers.{l}.mixer.conv_k",
              "layers.{l}.mixer.conv_v")
          .same("model.layers.{l}.linear_attn.dt_bias", "layers.{l}.mixer.step_bias")
          .same("model.layers.{l}.linear_attn.A_log", "layers.{l}.mixer.log_rate")
          .same("model.layers.{l}.linear_attn.norm.weight", "layers.{l}.mixer.norm")
          .linear("model.layers.{l}.linear_attn.out_proj.weight", "layers.{l}.mixer.output")
          .add(gatedUnit("model.layers.{l}.mlp."))
          .tensor("model.norm.weight", Form.FROM_ONE, "norm.weight")
          .linear("lm_head.weight", "head.weight")
          .copy("lm_head.weight", "model.embed_tokens.weight")
          .reads(TransformerConfigs::qwen3Next);

  /** Those of Qwen3-Next's tensors that lie head by head. */
  static List<Layout.Rule> qwen3NextByHeads(int keyHeads, int heads) {
    String linear = "model.layers.{l}.linear_attn.";
    return List.of(
        rule(
            linear + "in_proj_qkvz.weight",
            Form.byHeads(keyHeads),
            "layers.{l}.mixer.q",
            "layers.{l}.mixer.k",
            "layers.{l}.mixer.v",
            "layers.{l}.mixer.output_gate"),
        rule(
            linear + "in_proj_ba.weight",
            Form.byHeads(keyHeads),
            "layers.{l}.mixer.beta",
            "layers.{l}.mixer.step"),
        rule(
            "model.layers.{l}.self_attn.q_proj.weight",
            Form.byHeads(heads),
            "layers.{l}.mixer.query.weight",
            "layers.{l}.mixer.gate.weight"));
  }

  private static Layout.Rule rule(String tensor, Form form, String... parameters) {
    return new Layout.Rule(tensor, form, Arrays.asList(parameters));
  }

  private static Layout.Table likeLlama(String name, String family) {
    return Layout.table(name, family)
        .same("model.embed_tokens.weight", "embedding.weight")
        .same("model.layers.{l}.input_layernorm.weight", "layers.{l}.mixer_norm.weight")
        .add(attention("model.layers.{l}.self_attn."))
        .same("model.layers.{l}.post_attention_layernorm.weight", "layers.{l}.channel_norm.weight")
        .add(gatedUnit("model.layers.{l}.mlp."))
        .same("model.norm.weight", "norm.weight")
        .linear("lm_head.weight", "head.weight")
        .copy("lm_head.weight", "model.embed_tokens.weight")
        .buffer("model.layers.{l}.self_attn.rotary_emb.inv_freq");
  }

  /** Attention under a prefix. */
  static Layout.Table attention(String prefix) {
    return Layout.table("", "")
        .linear(prefix + "q_proj.weight", "layers.{l}.mixer.query.weight")
        .same(prefix + "q_proj.bias", "layers.{l}.mixer.query.bias")
        .linear(prefix + "k_proj.weight", "layers.{l}.mixer.key.weight")
        .same(prefix + "k_proj.bias", "layers.{l}.mixer.key.bias")
        .linear(prefix + "v_proj.weight", "layers.{l}.mixer.value.weight")
        .same(prefix + "v_proj.bias", "layers.{l}.mixer.value.bias")
        .linear(prefix + "o_proj.weight", "layers.{l}.mixer.output.weight")
        .same(prefix + "o_proj.bias", "layers.{l}.mixer.output.bias")
        .same(prefix + "q_norm.weight", "layers.{l}.mixer.query_norm.weight")
        .same(prefix + "k_norm.weight", "layers.{l}.mixer.key_norm.weight");
  }

  /** A gated unit under a prefix. */
  static Layout.Table gatedUnit(String prefix) {
    return Layout.table("", "")
        .linear(prefix + "gate_proj.weight", "layers.{l}.channel.gate.weight")
        .same(prefix + "gate_proj.bias", "layers.{l}.channel.gate.bias")
        .linear(prefix + "up_proj.weight", "layers.{l}.channel.up.weight")
        .same(prefix + "up_proj.bias", "layers.{l}.channel.up.bias")
        .linear(prefix + "down_proj.weight", "layers.{l}.channel.down.weight")
        .same(prefix + "down_proj.bias", "layers.{l}.channel.down.bias");
  }
}
