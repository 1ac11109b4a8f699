package io.sequencezoo.models.pretrained;

/** The tables of Mamba and Mamba-2, as transformers and as state-spaces/mamba name them. */
final class StateSpaceLayouts {
  private static final String MIXER = "layers.{l}.mixer.";
  private static final String PUBLIC = "backbone.layers.{l}.mixer.";

  private StateSpaceLayouts() {}

  static final Layout MAMBA =
      model("mamba", "Mamba, transformers' names", "backbone.embeddings.weight")
          .add(mamba())
          .reads(StateSpaceConfigs::mamba);

  static final Layout MAMBA2 =
      model("mamba2", "Mamba-2, transformers' names", "backbone.embeddings.weight")
          .add(mamba2())
          .reads(StateSpaceConfigs::mamba2);

  static final Layout MAMBA_SSM =
      model("mamba_ssm", "Mamba, state-spaces' names", "backbone.embedding.weight")
          .add(mamba())
          .reads(StateSpaceConfigs::stateSpaces);

  static final Layout MAMBA2_SSM =
      model("mamba2_ssm", "Mamba-2, state-spaces' names", "backbone.embedding.weight")
          .add(mamba2())
          .reads(StateSpaceConfigs::stateSpaces2);

  private static Layout.Table model(String name, String family, String embedding) {
    return Layout.table(name, family)
        .same(embedding, "embedding.weight")
        .same("backbone.layers.{l}.norm.weight", "layers.{l}.mixer_norm.weight")
        .same("backbone.norm_f.weight", "norm.weight")
        .linear("lm_head.weight", "head.weight")
        .copy("lm_head.weight", embedding);
  }

  private static Layout.Table mamba() {
    return Layout.table("", "")
        .tensor(PUBLIC + "in_proj.weight", Form.STACKED, MIXER + "input", MIXER + "gate")
        .tensor(PUBLIC + "conv1d.weight", Form.CONVOLUTION, MIXER + "conv_x")
        .same(PUBLIC + "conv1d.bias", MIXER + "conv_x_bias")
        .linear(PUBLIC + "x_proj.weight", MIXER + "select")
        .linear(PUBLIC + "dt_proj.weight", MIXER + "step")
        .same(PUBLIC + "dt_proj.bias", MIXER + "step_bias")
        .linear(PUBLIC + "A_log", MIXER + "log_rate")
        .same(PUBLIC + "D", MIXER + "skip")
        .linear(PUBLIC + "out_proj.weight", MIXER + "output");
  }

  private static Layout.Table mamba2() {
    return Layout.table("", "")
        .linear(PUBLIC + "in_proj.weight", MIXER + "in")
        .same(PUBLIC + "in_proj.bias", MIXER + "in_bias")
        .tensor(PUBLIC + "conv1d.weight", Form.CONVOLUTION, MIXER + "conv_weight")
        .same(PUBLIC + "conv1d.bias", MIXER + "conv_bias")
        .same(PUBLIC + "dt_bias", MIXER + "step_bias")
        .same(PUBLIC + "A_log", MIXER + "log_rate")
        .same(PUBLIC + "D", MIXER + "skip")
        .same(PUBLIC + "norm.weight", MIXER + "norm")
        .linear(PUBLIC + "out_proj.weight", MIXER + "out")
        .same(PUBLIC + "out_proj.bias", MIXER + "out_bias");
  }
}
