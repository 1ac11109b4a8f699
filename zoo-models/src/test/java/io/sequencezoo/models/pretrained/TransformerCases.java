package io.sequencezoo.models.pretrained;

import static io.sequencezoo.models.pretrained.Reference.add;
import static io.sequencezoo.models.pretrained.Reference.columns;
import static io.sequencezoo.models.pretrained.Reference.map;
import static io.sequencezoo.models.pretrained.Reference.multiply;
import static io.sequencezoo.models.pretrained.Reference.part;
import static io.sequencezoo.models.pretrained.Reference.rms;
import static io.sequencezoo.models.pretrained.Reference.rotate;
import static io.sequencezoo.models.pretrained.Reference.sigmoid;
import static io.sequencezoo.models.pretrained.Reference.softplus;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Transformers under their public names, as transformers computes them. */
final class TransformerCases {
  private static final int ALL = 1000;

  private TransformerCases() {}

  static PublicCase gpt2(String prefix) {
    String config =
        "{\"architectures\": [\"GPT2LMHeadModel\"], \"model_type\": \"gpt2\", \"vocab_size\": 11,"
            + " \"n_embd\": 8, \"n_layer\": 2, \"n_head\": 2, \"n_positions\": 16, \"n_ctx\": 16,"
            + " \"activation_function\": \"gelu_new\", \"layer_norm_epsilon\": 1e-05}";
    PublicCheckpoint c = new PublicCheckpoint();
    c.tensor(prefix + "wte.weight", 11, 8).tensor(prefix + "wpe.weight", 16, 8);
    for (int l = 0; l < 2; l++) {
      String h = prefix + "h." + l + ".";
      c.around(h + "ln_1.weight", 1, 0.3, 8).tensor(h + "ln_1.bias", 8);
      c.tensor(h + "attn.c_attn.weight", 8, 24).tensor(h + "attn.c_attn.bias", 24);
      c.tensor(h + "attn.bias", 1, 1, 16, 16);
      c.tensor(h + "attn.c_proj.weight", 8, 8).tensor(h + "attn.c_proj.bias", 8);
      c.around(h + "ln_2.weight", 1, 0.3, 8).tensor(h + "ln_2.bias", 8);
      c.tensor(h + "mlp.c_fc.weight", 8, 32).tensor(h + "mlp.c_fc.bias", 32);
      c.tensor(h + "mlp.c_proj.weight", 32, 8).tensor(h + "mlp.c_proj.bias", 8);
    }
    c.around(prefix + "ln_f.weight", 1, 0.3, 8).tensor(prefix + "ln_f.bias", 8);
    c.copy("lm_head.weight", prefix + "wte.weight");
    return new PublicCase("gpt2 " + prefix, config, c, (r, ids) -> gpt2(r, prefix, ids));
  }

  private static double[][] gpt2(Reference r, String prefix, int[] ids) {
    int[] positions = IntStream.range(0, ids.length).toArray();
    double[][] x =
        add(r.rows(prefix + "wte.weight", 8, ids), r.rows(prefix + "wpe.weight", 8, positions));
    for (int l = 0; l < 2; l++) {
      String h = prefix + "h." + l + ".";
      double[][] qkv = r.conv1d(r.layerNorm(x, h + "ln_1", 1e-5), h + "attn.c_attn");
      double[][] y = new double[x.length][8];
      for (int head = 0; head < 2; head++) {
        double[][] o =
            Reference.attend(
                columns(qkv, 4 * head, 4),
                columns(qkv, 8 + 4 * head, 4),
                columns(qkv, 16 + 4 * head, 4),
                ALL);
        for (int t = 0; t < x.length; t++) {
          System.arraycopy(o[t], 0, y[t], 4 * head, 4);
        }
      }
      x = add(x, r.conv1d(y, h + "attn.c_proj"));
      double[][] hidden = r.conv1d(r.layerNorm(x, h + "ln_2", 1e-5), h + "mlp.c_fc");
      x = add(x, r.conv1d(map(hidden, Reference::geluNew), h + "mlp.c_proj"));
    }
    return r.linear(r.layerNorm(x, prefix + "ln_f", 1e-5), "lm_head");
  }

  /** Width 8, 4 heads of 4 on 2 of keys. */
  static PublicCase llama(String type, String more, boolean bias, boolean norms, int window) {
    String config =
        "{\"model_type\": \""
            + type
            + "\", \"vocab_size\": 11, \"hidden_size\": 8, \"intermediate_size\": 20,"
            + " \"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"num_key_value_heads\": 2,"
            + " \"head_dim\": 4, \"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-06,"
            + " \"rope_theta\": 500.0, \"rope_scaling\": null, \"tie_word_embeddings\": false"
            + more
            + "}";
    PublicCheckpoint c = new PublicCheckpoint().tensor("model.embed_tokens.weight", 11, 8);
    for (int l = 0; l < 2; l++) {
      String layer = "model.layers." + l + ".";
      c.around(layer + "input_layernorm.weight", 1, 0.3, 8);
      c.tensor(layer + "self_attn.q_proj.weight", 16, 8);
      c.tensor(layer + "self_attn.k_proj.weight", 8, 8);
      c.tensor(layer + "self_attn.v_proj.weight", 8, 8);
      c.tensor(layer + "self_attn.o_proj.weight", 8, 16);
      if (bias) {
        c.tensor(layer + "self_attn.q_proj.bias", 16);
        c.tensor(layer + "self_attn.k_proj.bias", 8);
        c.tensor(layer + "self_attn.v_proj.bias", 8);
      }
      if (norms) {
        c.around(layer + "self_attn.q_norm.weight", 1, 0.3, 4);
        c.around(layer + "self_attn.k_norm.weight", 1, 0.3, 4);
      }
      c.around(layer + "post_attention_layernorm.weight", 1, 0.3, 8);
      gatedUnit(c, layer, 8, 20);
    }
    c.around("model.norm.weight", 1, 0.3, 8).tensor("lm_head.weight", 11, 8);
    return new PublicCase(type, config, c, (r, ids) -> llama(r, ids, norms, window));
  }

  private static void gatedUnit(PublicCheckpoint c, String layer, int width, int hidden) {
    c.tensor(layer + "mlp.gate_proj.weight", hidden, width);
    c.tensor(layer + "mlp.up_proj.weight", hidden, width);
    c.tensor(layer + "mlp.down_proj.weight", width, hidden);
  }

  private static double[][] llama(Reference r, int[] ids, boolean norms, int window) {
    double[][] x = r.rows("model.embed_tokens.weight", 8, ids);
    for (int l = 0; l < 2; l++) {
      String layer = "model.layers." + l + ".";
      double[][] in = r.rms(x, layer + "input_layernorm", 1e-6);
      double[][] q = r.linear(in, layer + "self_attn.q_proj");
      double[][] k = r.linear(in, layer + "self_attn.k_proj");
      double[][] v = r.linear(in, layer + "self_attn.v_proj");
      double[][] y = new double[x.length][16];
      for (int head = 0; head < 4; head++) {
        double[][] o =
            Reference.attend(
                turned(r, columns(q, 4 * head, 4), norms ? layer + "self_attn.q_norm" : null, 0),
                turned(
                    r, columns(k, head / 2 * 4, 4), norms ? layer + "self_attn.k_norm" : null, 0),
                columns(v, head / 2 * 4, 4),
                window);
        for (int t = 0; t < x.length; t++) {
          System.arraycopy(o[t], 0, y[t], 4 * head, 4);
        }
      }
      x = add(x, r.linear(y, layer + "self_attn.o_proj"));
      x = add(x, gated(r, r.rms(x, layer + "post_attention_layernorm", 1e-6), layer));
    }
    return r.linear(r.rms(x, "model.norm", 1e-6), "lm_head");
  }

  private static double[][] turned(Reference r, double[][] x, String norm, double shift) {
    double[][] normed = norm == null ? x : r.rms(x, norm, shift, 1e-6);
    return IntStream.range(0, x.length)
        .mapToObj(t -> rotate(normed[t], t, 500, shift == 0 ? 4 : 2))
        .toArray(double[][]::new);
  }

  static double[][] gated(Reference r, double[][] in, String layer) {
    double[][] gate = map(r.linear(in, layer + "mlp.gate_proj"), Reference::silu);
    return r.linear(multiply(gate, r.linear(in, layer + "mlp.up_proj")), layer + "mlp.down_proj");
  }

  /**
   * Layer 0 is linear: 2 key heads of 3, 4 value heads of 2; layer 1 attends: 2 heads of 4 on 1.
   */
  static PublicCase qwen3Next() {
    String config =
        "{\"model_type\": \"qwen3_next\", \"vocab_size\": 11, \"hidden_size\": 8,"
            + " \"intermediate_size\": 20, \"num_hidden_layers\": 2, \"num_attention_heads\": 2,"
            + " \"num_key_value_heads\": 1, \"head_dim\": 4, \"hidden_act\": \"silu\","
            + " \"rms_norm_eps\": 1e-06, \"rope_theta\": 500.0, \"partial_rotary_factor\": 0.5,"
            + " \"linear_num_key_heads\": 2, \"linear_num_value_heads\": 4,"
            + " \"linear_key_head_dim\": 3, \"linear_value_head_dim\": 2,"
            + " \"linear_conv_kernel_dim\": 4, \"full_attention_interval\": 2, \"num_experts\": 0,"
            + " \"tie_word_embeddings\": false}";
    PublicCheckpoint c = new PublicCheckpoint().tensor("model.embed_tokens.weight", 11, 8);
    for (int l = 0; l < 2; l++) {
      String layer = "model.layers." + l + ".";
      c.tensor(layer + "input_layernorm.weight", 8);
      c.tensor(layer + "post_attention_layernorm.weight", 8);
      gatedUnit(c, layer, 8, 20);
    }
    String linear = "model.layers.0.linear_attn.";
    c.tensor(linear + "in_proj_qkvz.weight", 28, 8).tensor(linear + "in_proj_ba.weight", 8, 8);
    c.tensor(linear + "conv1d.weight", 20, 1, 4);
    c.tensor(linear + "dt_bias", 4).tensor(linear + "A_log", 4);
    c.around(linear + "norm.weight", 1, 0.3, 2).tensor(linear + "out_proj.weight", 8, 8);
    String full = "model.layers.1.self_attn.";
    c.tensor(full + "q_proj.weight", 16, 8).tensor(full + "k_proj.weight", 4, 8);
    c.tensor(full + "v_proj.weight", 4, 8).tensor(full + "o_proj.weight", 8, 8);
    c.tensor(full + "q_norm.weight", 4).tensor(full + "k_norm.weight", 4);
    c.tensor("model.norm.weight", 8).tensor("lm_head.weight", 11, 8);
    return new PublicCase("qwen3_next", config, c, TransformerCases::qwen3Next);
  }

  private static double[][] qwen3Next(Reference r, int[] ids) {
    double[][] x = r.rows("model.embed_tokens.weight", 8, ids);
    for (int l = 0; l < 2; l++) {
      String layer = "model.layers." + l + ".";
      double[][] in = r.rms(x, layer + "input_layernorm", 1, 1e-6);
      x = add(x, l == 0 ? deltaRule(r, in) : gatedAttention(r, in));
      x = add(x, gated(r, r.rms(x, layer + "post_attention_layernorm", 1, 1e-6), layer));
    }
    return r.linear(r.rms(x, "model.norm", 1, 1e-6), "lm_head");
  }

  private static double[][] deltaRule(Reference r, double[][] in) {
    String name = "model.layers.0.linear_attn.";
    int steps = in.length;
    // Per key head: 3 of q, 3 of k, 2 x 2 of v, 2 x 2 of z.
    double[][] all = r.linear(in, name + "in_proj_qkvz");
    double[][] ba = r.linear(in, name + "in_proj_ba");
    double[][] mixed = new double[steps][20];
    for (int t = 0; t < steps; t++) {
      for (int h = 0; h < 2; h++) {
        System.arraycopy(all[t], 14 * h, mixed[t], 3 * h, 3);
        System.arraycopy(all[t], 14 * h + 3, mixed[t], 6 + 3 * h, 3);
        System.arraycopy(all[t], 14 * h + 6, mixed[t], 12 + 4 * h, 4);
      }
    }
    double[][] convolved = r.depthwise(mixed, name + "conv1d", true);
    double[][] y = new double[steps][8];
    for (int value = 0; value < 4; value++) {
      int head = value / 2;
      int within = value % 2;
      double rate = Math.exp(r.get(name + "A_log")[value]);
      double bias = r.get(name + "dt_bias")[value];
      double[][] decay = new double[steps][3];
      double[] beta = new double[steps];
      for (int t = 0; t < steps; t++) {
        beta[t] = sigmoid(ba[t][4 * head + within]);
        double step = softplus(ba[t][4 * head + 2 + within] + bias);
        Arrays.fill(decay[t], Math.exp(-rate * step));
      }
      double[][] o =
          Reference.matrixState(
              units(columns(convolved, 3 * head, 3)),
              units(columns(convolved, 6 + 3 * head, 3)),
              columns(convolved, 12 + 2 * value, 2),
              decay,
              beta);
      for (int t = 0; t < steps; t++) {
        double[] normed = rms(o[t], r.get(name + "norm.weight"), 0, 1e-6);
        double[] z = part(all[t], 14 * head + 10 + 2 * within, 2);
        for (int i = 0; i < 2; i++) {
          y[t][2 * value + i] = normed[i] * Reference.silu(z[i]);
        }
      }
    }
    return r.linear(y, name + "out_proj");
  }

  static double[][] units(double[][] x) {
    return Arrays.stream(x).map(Reference::unit).toArray(double[][]::new);
  }

  private static double[][] gatedAttention(Reference r, double[][] in) {
    String name = "model.layers.1.self_attn.";
    double[][] both = r.linear(in, name + "q_proj");
    double[][] k = turned(r, r.linear(in, name + "k_proj"), name + "k_norm", 1);
    double[][] v = r.linear(in, name + "v_proj");
    double[][] y = new double[in.length][8];
    for (int head = 0; head < 2; head++) {
      double[][] q = turned(r, columns(both, 8 * head, 4), name + "q_norm", 1);
      double[][] o = Reference.attend(q, k, v, ALL);
      for (int t = 0; t < in.length; t++) {
        for (int i = 0; i < 4; i++) {
          y[t][4 * head + i] = o[t][i] * sigmoid(both[t][8 * head + 4 + i]);
        }
      }
    }
    return r.linear(y, name + "o_proj");
  }
}
