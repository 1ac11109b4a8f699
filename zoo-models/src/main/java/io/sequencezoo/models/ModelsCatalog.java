package io.sequencezoo.models;

import io.sequencezoo.core.op.Rotary;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.models.attention.Position;
import io.sequencezoo.models.attention.SoftmaxAttention;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.channel.Glu;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.channel.Mlp;
import io.sequencezoo.models.channel.MlpConfig;
import io.sequencezoo.models.linear.Gla;
import io.sequencezoo.models.linear.GlaConfig;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.norm.LayerNorm;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.norm.RmsNorm;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.rnn.Lstm;
import io.sequencezoo.models.rnn.LstmConfig;
import java.util.List;

/**
 * Every block of this module, one entry each. Examples must fit width 8; the contract test also
 * runs those that fit an odd width.
 */
public final class ModelsCatalog implements Catalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        new Entry(
            SoftmaxAttentionConfig.class,
            SoftmaxAttention.class,
            "Softmax attention: all keys and values so far, or those in a window",
            attention()),
        new Entry(
            LstmConfig.class,
            Lstm.class,
            "LSTM: gated cells driven by the input and their own last output",
            List.of(LstmConfig.standard(), new LstmConfig(3, 0.0))),
        new Entry(
            GlaConfig.class,
            Gla.class,
            "Gated linear attention: a matrix state per head that forgets by input-set decays",
            List.of(
                GlaConfig.standard(),
                GlaConfig.withShortConvolution(),
                new GlaConfig(1, 1.0, 2.0, 3, 1.0, 2))),
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
            List.of(new GluConfig.Geglu(null, null, null))),
        new Entry(
            GluConfig.Reglu.class,
            Glu.class,
            "ReGLU: a linear map gated by the ReLU of another",
            List.of(new GluConfig.Reglu(null, null, null))),
        new Entry(
            GluConfig.Sigmoid.class,
            Glu.class,
            "GLU: a linear map gated by the sigmoid of another",
            List.of(new GluConfig.Sigmoid(null, null, null))),
        new Entry(
            GluConfig.Bilinear.class,
            Glu.class,
            "Bilinear GLU: the product of two linear maps",
            List.of(new GluConfig.Bilinear(null, null, null))),
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
            LanguageModelConfig.class,
            LanguageModel.class,
            "Language model: embeddings, layers of mixers in residual branches, logits",
            List.of(
                LanguageModelConfig.of(11, 8, 2, LstmConfig.standard(), GluConfig.standard()))));
  }

  private static List<SoftmaxAttentionConfig> attention() {
    return List.of(
        SoftmaxAttentionConfig.of(2),
        SoftmaxAttentionConfig.builder()
            .heads(4)
            .keyValueHeads(2)
            .headDim(4)
            .window(5)
            .position(new Position.Rope(Rotary.Convention.INTERLEAVED, 100.0, 0.5))
            .qkNorm(true)
            .build(),
        SoftmaxAttentionConfig.builder()
            .heads(3)
            .keyValueHeads(1)
            .headDim(3)
            .position(new Position.Alibi())
            .bias(true)
            .outputBias(true)
            .scale(0.5)
            .build(),
        SoftmaxAttentionConfig.builder().heads(1).position(new Position.Learned(256)).build(),
        SoftmaxAttentionConfig.builder().heads(2).keyValueHeads(1).shortConvolution(3).build());
  }
}
