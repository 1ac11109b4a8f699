package io.sequencezoo.models.pretrained;

import java.util.List;
import java.util.function.Function;

/** The tables of flash-linear-attention's models, and of xLSTM. */
final class LinearAttentionLayouts {
  private static final String LAYER = "model.layers.{l}.";
  private static final String ATTENTION = LAYER + "attn.";
  private static final String MIXER = "layers.{l}.mixer.";

  private LinearAttentionLayouts() {}

  static final Layout GLA =
      layout(
          "gla",
          "Gated linear attention",
          projections()
              .linear(ATTENTION + "gk_proj.0.weight", MIXER + "gate_low")
              .linear(ATTENTION + "gk_proj.1.weight", MIXER + "gate_high")
              .same(ATTENTION + "gk_proj.1.bias", MIXER + "gate_bias"),
          LinearAttentionConfigs::gla);

  static final Layout RETNET =
      layout(
          "retnet",
          "RetNet",
          projections().buffer(ATTENTION + "rotary.inv_freq"),
          LinearAttentionConfigs::retnet);

  static final Layout DELTA_NET =
      layout(
          "delta_net",
          "DeltaNet",
          projections()
              .linear(ATTENTION + "b_proj.weight", MIXER + "beta")
              .same(ATTENTION + "o_norm.weight", MIXER + "norm"),
          LinearAttentionConfigs::deltaNet);

  static final Layout GATED_DELTANET =
      layout(
          "gated_deltanet",
          "Gated DeltaNet",
          projections()
              .linear(ATTENTION + "b_proj.weight", MIXER + "beta")
              .linear(ATTENTION + "a_proj.weight", MIXER + "step")
              .same(ATTENTION + "A_log", MIXER + "log_rate")
              .same(ATTENTION + "dt_bias", MIXER + "step_bias")
              .same(ATTENTION + "o_norm.weight", MIXER + "norm"),
          LinearAttentionConfigs::gatedDeltaNet);

  static final Layout HGRN2 =
      layout(
          "hgrn2",
          "HGRN2 without learned lower bounds",
          Layout.table("", "")
              .linear(ATTENTION + "q_proj.weight", MIXER + "q")
              .linear(ATTENTION + "f_proj.weight", MIXER + "k")
              .linear(ATTENTION + "i_proj.weight", MIXER + "v")
              .tensor(ATTENTION + "q_conv1d.weight", Form.CONVOLUTION, MIXER + "conv_q")
              .tensor(ATTENTION + "f_conv1d.weight", Form.CONVOLUTION, MIXER + "conv_k")
              .tensor(ATTENTION + "i_conv1d.weight", Form.CONVOLUTION, MIXER + "conv_v")
              .same(ATTENTION + "g_norm.weight", MIXER + "norm")
              .linear(ATTENTION + "o_proj.weight", MIXER + "output"),
          LinearAttentionConfigs::hgrn2);

  /** As the checkpoints of NX-AI name their tensors. */
  static final Layout XLSTM = xlstm("xlstm", "q", "k", "v");

  /** As transformers names them where the package xlstm isn't installed. */
  static final Layout XLSTM_NATIVE = xlstm("xlstm_native", "query", "key", "value");

  /** The norm of outputs of GLA and RetNet. */
  static Layout.Rule outputNorm(boolean fused) {
    return new Layout.Rule(
        ATTENTION + (fused ? "g_norm_swish_gate.weight" : "g_norm.weight"),
        Form.SAME,
        List.of(MIXER + "norm"));
  }

  private static Layout layout(
      String name, String family, Layout.Table mixer, Function<PublicConfig, Described> config) {
    return Layout.table(name, family)
        .same("model.embeddings.weight", "embedding.weight")
        .same(LAYER + "attn_norm.weight", "layers.{l}.mixer_norm.weight")
        .add(mixer)
        .add(TransformerLayouts.attention(ATTENTION))
        .same(LAYER + "mlp_norm.weight", "layers.{l}.channel_norm.weight")
        .add(TransformerLayouts.gatedUnit(LAYER + "mlp."))
        .same("model.norm.weight", "norm.weight")
        .linear("lm_head.weight", "head.weight")
        .copy("lm_head.weight", "model.embeddings.weight")
        .reads(config);
  }

  private static Layout.Table projections() {
    return Layout.table("", "")
        .linear(ATTENTION + "q_proj.weight", MIXER + "q")
        .linear(ATTENTION + "k_proj.weight", MIXER + "k")
        .linear(ATTENTION + "v_proj.weight", MIXER + "v")
        .linear(ATTENTION + "g_proj.weight", MIXER + "output_gate")
        .linear(ATTENTION + "o_proj.weight", MIXER + "output")
        .tensor(ATTENTION + "q_conv1d.weight", Form.CONVOLUTION, MIXER + "conv_q")
        .tensor(ATTENTION + "k_conv1d.weight", Form.CONVOLUTION, MIXER + "conv_k")
        .tensor(ATTENTION + "v_conv1d.weight", Form.CONVOLUTION, MIXER + "conv_v");
  }

  private static Layout xlstm(String name, String q, String k, String v) {
    String block = "backbone.blocks.{l}.";
    String layer = block + "mlstm_layer.";
    return Layout.table(name, "xLSTM-7B: mLSTM and gated units")
        .same("backbone.embeddings.weight", "embedding.weight")
        .same(block + "norm_mlstm.weight", "layers.{l}.mixer_norm.weight")
        .linear(layer + q + ".weight", MIXER + "q")
        .linear(layer + k + ".weight", MIXER + "k")
        .linear(layer + v + ".weight", MIXER + "v")
        .linear(layer + "ogate_preact.weight", MIXER + "output_gate")
        .linear(layer + "igate_preact.weight", MIXER + "input_gate")
        .same(layer + "igate_preact.bias", MIXER + "input_gate_bias")
        .linear(layer + "fgate_preact.weight", MIXER + "forget_gate")
        .same(layer + "fgate_preact.bias", MIXER + "forget_gate_bias")
        .same(layer + "multihead_norm.weight", MIXER + "norm")
        .linear(layer + "out_proj.weight", MIXER + "output")
        .same(block + "norm_ffn.weight", "layers.{l}.channel_norm.weight")
        .linear(block + "ffn.proj_up_gate.weight", "layers.{l}.channel.gate.weight")
        .linear(block + "ffn.proj_up.weight", "layers.{l}.channel.up.weight")
        .linear(block + "ffn.proj_down.weight", "layers.{l}.channel.down.weight")
        .same("backbone.out_norm.weight", "norm.weight")
        .linear("lm_head.weight", "head.weight")
        .copy("lm_head.weight", "backbone.embeddings.weight")
        .reads(LinearAttentionConfigs::xlstm);
  }
}
