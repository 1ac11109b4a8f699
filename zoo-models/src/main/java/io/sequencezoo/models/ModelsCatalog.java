package io.sequencezoo.models;

import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.models.attention.AttentionCatalog;
import io.sequencezoo.models.channel.Glu;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.channel.Mlp;
import io.sequencezoo.models.channel.MlpConfig;
import io.sequencezoo.models.linear.LinearCatalog;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.Layer;
import io.sequencezoo.models.model.LayerConfig;
import io.sequencezoo.models.norm.LayerNorm;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.norm.RmsNorm;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import io.sequencezoo.models.rnn.LstmConfig;
import io.sequencezoo.models.rnn.RnnCatalog;
import io.sequencezoo.models.ssm.GatedCatalog;
import io.sequencezoo.models.ssm.SsmCatalog;
import java.util.ArrayList;
import java.util.List;

/**
 * Every block of this module, one entry each. Examples must fit width 8; the contract test also
 * runs those that fit an odd width.
 */
public final class ModelsCatalog implements Catalog {
  @Override
  public List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    entries.addAll(AttentionCatalog.entries());
    entries.addAll(LinearCatalog.entries());
    entries.addAll(SsmCatalog.entries());
    entries.addAll(GatedCatalog.entries());
    entries.addAll(RnnCatalog.entries());
    entries.addAll(others());
    return entries;
  }

  /** Channel mixers, norms and models. */
  private static List<Entry> others() {
    return List.of(
        new Entry(
            MlpConfig.class,
            Mlp.class,
            "MLP: two linear maps around an activation",
            List.of(MlpConfig.standard(), MlpConfig.reluSquared())),
        new Entry(
            GluConfig.Swiglu.class,
            Glu.class,
            "SwiGLU: a linear map gated by the SiLU of another",
            List.of(GluConfig.standard(), new GluConfig.Swiglu(1.5, true, 0.1))),
        new Entry(
            GluConfig.Geglu.class,
            Glu.class,
            "GEGLU: a linear map gated by the GELU of another",
            List.of(new GluConfig.Geglu(2.67, false, 0.02))),
        new Entry(
            GluConfig.Reglu.class,
            Glu.class,
            "ReGLU: a linear map gated by the ReLU of another",
            List.of(new GluConfig.Reglu(2.67, false, 0.02))),
        new Entry(
            GluConfig.Sigmoid.class,
            Glu.class,
            "GLU: a linear map gated by the sigmoid of another",
            List.of(new GluConfig.Sigmoid(2.67, false, 0.02))),
        new Entry(
            GluConfig.Bilinear.class,
            Glu.class,
            "Bilinear GLU: the product of two linear maps",
            List.of(new GluConfig.Bilinear(2.67, false, 0.02))),
        new Entry(
            LayerNormConfig.class,
            LayerNorm.class,
            "Layer norm: mean 0 and variance 1",
            List.of(LayerNormConfig.standard(), new LayerNormConfig(1e-3, false))),
        new Entry(
            RmsNormConfig.class,
            RmsNorm.class,
            "RMS norm: mean square 1",
            List.of(RmsNormConfig.standard(), new RmsNormConfig(1e-3, 2))),
        new Entry(
            LayerConfig.class,
            Layer.class,
            "Layer: a sequence and a channel mixer in residual branches",
            List.of(
                LayerConfig.of(LstmConfig.standard()),
                new LayerConfig(
                    LstmConfig.standard(),
                    MlpConfig.standard(),
                    LayerNormConfig.standard(),
                    NormPlacement.POST,
                    0.1))),
        new Entry(
            LanguageModelConfig.class,
            LanguageModel.class,
            "Language model: embeddings, layers of mixers in residual branches, logits",
            List.of(
                LanguageModelConfig.of(11, 8, 2, LstmConfig.standard(), GluConfig.standard()))));
  }
}
