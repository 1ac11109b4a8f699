package io.sequencezoo.models.pretrained;

import static io.sequencezoo.models.pretrained.Reference.add;
import static io.sequencezoo.models.pretrained.Reference.columns;
import static io.sequencezoo.models.pretrained.Reference.dot;
import static io.sequencezoo.models.pretrained.Reference.map;
import static io.sequencezoo.models.pretrained.Reference.multiply;
import static io.sequencezoo.models.pretrained.Reference.part;
import static io.sequencezoo.models.pretrained.Reference.rms;
import static io.sequencezoo.models.pretrained.Reference.rotate;
import static io.sequencezoo.models.pretrained.Reference.sigmoid;
import static io.sequencezoo.models.pretrained.Reference.silu;
import static io.sequencezoo.models.pretrained.Reference.softplus;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Models with states under their public names, as their own projects compute them. */
final class RecurrentCases {
  private RecurrentCases() {}

  /** What a mixer of flash-linear-attention makes of its input. */
  @FunctionalInterface
  private interface Mixer {
    double[][] apply(Reference r, double[][] x, String attention);
  }

  /** Width 8, two heads. */
  private static PublicCase fla(String type, String more, PublicCheckpoint mixer, Mixer mix) {
    String config =
        "{\"model_type\": \""
            + type
            + "\", \"vocab_size\": 11, \"hidden_size\": 8, \"intermediate_size\": 12,"
            + " \"num_hidden_layers\": 1, \"num_heads\": 2, \"hidden_act\": \"swish\","
            + " \"norm_eps\": 1e-06, \"tie_word_embeddings\": false, \"fuse_norm\": true"
            + more
            + "}";
    mixer.tensor("model.embeddings.weight", 11, 8);
    mixer.around("model.layers.0.attn_norm.weight", 1, 0.3, 8);
    mixer.around("model.layers.0.mlp_norm.weight", 1, 0.3, 8);
    mixer.tensor("model.layers.0.mlp.gate_proj.weight", 12, 8);
    mixer.tensor("model.layers.0.mlp.up_proj.weight", 12, 8);
    mixer.tensor("model.layers.0.mlp.down_proj.weight", 8, 12);
    mixer.around("model.norm.weight", 1, 0.3, 8).tensor("lm_head.weight", 11, 8);
    return new PublicCase(
        type,
        config,
        mixer,
        (r, ids) -> {
          double[][] x = r.rows("model.embeddings.weight", 8, ids);
          String layer = "model.layers.0.";
          x = add(x, mix.apply(r, r.rms(x, layer + "attn_norm", 1e-6), layer + "attn."));
          x = add(x, TransformerCases.gated(r, r.rms(x, layer + "mlp_norm", 1e-6), layer));
          return r.linear(r.rms(x, "model.norm", 1e-6), "lm_head");
        });
  }

  private static PublicCheckpoint projections(int keys, int values) {
    String a = "model.layers.0.attn.";
    return new PublicCheckpoint()
        .tensor(a + "q_proj.weight", keys, 8)
        .tensor(a + "k_proj.weight", keys, 8)
        .tensor(a + "v_proj.weight", values, 8)
        .tensor(a + "o_proj.weight", 8, values);
  }

  private static PublicCheckpoint convolutions(PublicCheckpoint c, int keys, int values) {
    String a = "model.layers.0.attn.";
    return c.tensor(a + "q_conv1d.weight", keys, 1, 4)
        .tensor(a + "k_conv1d.weight", keys, 1, 4)
        .tensor(a + "v_conv1d.weight", values, 1, 4);
  }

  static PublicCase gla() {
    String a = "model.layers.0.attn.";
    PublicCheckpoint c = projections(4, 8).tensor(a + "g_proj.weight", 8, 8);
    c.tensor(a + "gk_proj.0.weight", 16, 8).tensor(a + "gk_proj.1.weight", 4, 16);
    c.tensor(a + "gk_proj.1.bias", 4).around(a + "g_norm_swish_gate.weight", 1, 0.3, 4);
    return fla(
        "gla",
        ", \"expand_k\": 0.5, \"expand_v\": 1, \"use_gk\": true",
        c,
        (r, x, name) -> {
          double[][] gate = r.linear(r.linear(x, name + "gk_proj.0"), name + "gk_proj.1");
          double[][] decay = map(gate, g -> Math.exp(-softplus(-g) / 16));
          double[][] q = r.linear(x, name + "q_proj");
          double[][] k = r.linear(x, name + "k_proj");
          double[][] v = r.linear(x, name + "v_proj");
          double[][] y =
              heads(
                  x.length,
                  2,
                  4,
                  h ->
                      Reference.matrixState(
                          columns(q, 2 * h, 2),
                          columns(k, 2 * h, 2),
                          columns(v, 4 * h, 4),
                          columns(decay, 2 * h, 2),
                          null));
          return swishOut(r, x, y, name, name + "g_norm_swish_gate.weight");
        });
  }

  static PublicCase retnet() {
    String a = "model.layers.0.attn.";
    PublicCheckpoint c = projections(8, 16).tensor(a + "g_proj.weight", 16, 8);
    c.around(a + "g_norm_swish_gate.weight", 1, 0.3, 8);
    return fla(
        "retnet",
        ", \"expand_k\": 1.0, \"expand_v\": 2.0",
        c,
        (r, x, name) -> {
          double[][] q = r.linear(x, name + "q_proj");
          double[][] k = r.linear(x, name + "k_proj");
          double[][] v = r.linear(x, name + "v_proj");
          double[][] y =
              heads(
                  x.length,
                  2,
                  8,
                  h -> {
                    double[][] decay = new double[x.length][4];
                    for (double[] row : decay) {
                      Arrays.fill(row, 1 - Math.pow(2, -5 - h));
                    }
                    return Reference.matrixState(
                        turned(columns(q, 4 * h, 4)),
                        turned(columns(k, 4 * h, 4)),
                        columns(v, 8 * h, 8),
                        decay,
                        null);
                  });
          return swishOut(r, x, y, name, name + "g_norm_swish_gate.weight");
        });
  }

  private static double[][] turned(double[][] x) {
    return IntStream.range(0, x.length)
        .mapToObj(t -> rotate(x[t], t, 10000, x[t].length))
        .toArray(double[][]::new);
  }

  static PublicCase deltaNet() {
    String a = "model.layers.0.attn.";
    PublicCheckpoint c = convolutions(projections(8, 8), 8, 8);
    c.tensor(a + "b_proj.weight", 2, 8).around(a + "o_norm.weight", 1, 0.3, 4);
    return fla(
        "delta_net",
        ", \"use_short_conv\": true, \"use_gate\": false, \"qk_norm\": \"l2\","
            + " \"qk_activation\": \"silu\", \"use_output_norm\": true",
        c,
        (r, x, name) -> {
          double[][] y = deltas(r, x, name, null);
          double[] gain = r.get(name + "o_norm.weight");
          for (double[] row : y) {
            for (int h = 0; h < 2; h++) {
              System.arraycopy(rms(part(row, 4 * h, 4), gain, 0, 1e-6), 0, row, 4 * h, 4);
            }
          }
          return r.linear(y, name + "o_proj");
        });
  }

  static PublicCase gatedDeltaNet() {
    String a = "model.layers.0.attn.";
    PublicCheckpoint c = convolutions(projections(8, 8), 8, 8);
    c.tensor(a + "b_proj.weight", 2, 8).tensor(a + "a_proj.weight", 2, 8);
    c.tensor(a + "A_log", 2).tensor(a + "dt_bias", 2).tensor(a + "g_proj.weight", 8, 8);
    c.around(a + "o_norm.weight", 1, 0.3, 4);
    return fla(
        "gated_deltanet",
        ", \"head_dim\": 4, \"expand_v\": 1, \"use_gate\": true, \"use_short_conv\": true",
        c,
        (r, x, name) -> {
          double[][] raw = r.linear(x, name + "a_proj");
          double[][] decay = new double[x.length][2];
          for (int t = 0; t < x.length; t++) {
            for (int h = 0; h < 2; h++) {
              double step = softplus(raw[t][h] + r.get(name + "dt_bias")[h]);
              decay[t][h] = Math.exp(-Math.exp(r.get(name + "A_log")[h]) * step);
            }
          }
          return swishOut(r, x, deltas(r, x, name, decay), name, name + "o_norm.weight");
        });
  }

  private static double[][] deltas(Reference r, double[][] x, String name, double[][] decays) {
    double[][] q = r.depthwise(r.linear(x, name + "q_proj"), name + "q_conv1d", true);
    double[][] k = r.depthwise(r.linear(x, name + "k_proj"), name + "k_conv1d", true);
    double[][] v = r.depthwise(r.linear(x, name + "v_proj"), name + "v_conv1d", true);
    double[][] rates = map(r.linear(x, name + "b_proj"), Reference::sigmoid);
    return heads(
        x.length,
        2,
        4,
        h -> {
          double[][] decay = new double[x.length][4];
          double[] beta = new double[x.length];
          for (int t = 0; t < x.length; t++) {
            beta[t] = rates[t][h];
            Arrays.fill(decay[t], decays == null ? 1 : decays[t][h]);
          }
          return Reference.matrixState(
              TransformerCases.units(columns(q, 4 * h, 4)),
              TransformerCases.units(columns(k, 4 * h, 4)),
              columns(v, 4 * h, 4),
              decay,
              beta);
        });
  }

  static PublicCase hgrn2() {
    String a = "model.layers.0.attn.";
    PublicCheckpoint c = new PublicCheckpoint();
    c.tensor(a + "q_proj.weight", 8, 8).tensor(a + "f_proj.weight", 8, 8);
    c.tensor(a + "i_proj.weight", 8, 8).around(a + "g_norm.weight", 1, 0.3, 8);
    c.tensor(a + "o_proj.weight", 8, 8);
    return fla(
        "hgrn2",
        ", \"expand_ratio\": 4, \"use_lower_bound\": false",
        c,
        (r, x, name) -> {
          double[][] q = map(r.linear(x, name + "q_proj"), Reference::silu);
          double[][] keep = map(r.linear(x, name + "f_proj"), Reference::sigmoid);
          double[][] k = map(keep, alpha -> 1 - alpha);
          double[][] v = r.linear(x, name + "i_proj");
          double[][] y =
              heads(
                  x.length,
                  2,
                  4,
                  h ->
                      Reference.matrixState(
                          columns(q, 4 * h, 4),
                          columns(k, 4 * h, 4),
                          columns(v, 4 * h, 4),
                          columns(keep, 4 * h, 4),
                          null));
          // The layer's own 1e-5, whatever the configuration says.
          return r.linear(r.rms(y, name + "g_norm", 1e-5), name + "o_proj");
        });
  }

  @FunctionalInterface
  private interface Head {
    double[][] of(int h);
  }

  private static double[][] heads(int steps, int heads, int values, Head head) {
    double[][] y = new double[steps][heads * values];
    for (int h = 0; h < heads; h++) {
      double[][] o = head.of(h);
      for (int t = 0; t < steps; t++) {
        System.arraycopy(o[t], 0, y[t], h * values, values);
      }
    }
    return y;
  }

  /** A norm per head, the gate by SiLU, the projection back. */
  private static double[][] swishOut(
      Reference r, double[][] x, double[][] y, String name, String norm) {
    double[] gain = r.get(norm);
    double[][] gate = map(r.linear(x, name + "g_proj"), Reference::silu);
    double[][] normed = new double[y.length][y[0].length];
    for (int t = 0; t < y.length; t++) {
      for (int at = 0; at < y[t].length; at += gain.length) {
        double[] own = rms(part(y[t], at, gain.length), gain, 0, 1e-6);
        System.arraycopy(own, 0, normed[t], at, gain.length);
      }
    }
    return r.linear(multiply(normed, gate), name + "o_proj");
  }

  /** Width 8, 16 channels, 3 states. */
  static PublicCase mamba(boolean stateSpaces) {
    String config =
        stateSpaces
            ? "{\"d_model\": 8, \"n_layer\": 1, \"vocab_size\": 11, \"ssm_cfg\": {\"d_state\": 3},"
                + " \"rms_norm\": true, \"residual_in_fp32\": true, \"fused_add_norm\": true,"
                + " \"pad_vocab_size_multiple\": 8}"
            : "{\"model_type\": \"mamba\", \"hidden_size\": 8, \"num_hidden_layers\": 1,"
                + " \"vocab_size\": 16, \"state_size\": 3, \"expand\": 2, \"conv_kernel\": 4,"
                + " \"time_step_rank\": 1, \"use_conv_bias\": true, \"use_bias\": false,"
                + " \"hidden_act\": \"silu\", \"layer_norm_epsilon\": 1e-05}";
    String embedding = stateSpaces ? "backbone.embedding.weight" : "backbone.embeddings.weight";
    String m = "backbone.layers.0.mixer.";
    PublicCheckpoint c = new PublicCheckpoint().tensor(embedding, 16, 8);
    c.around("backbone.layers.0.norm.weight", 1, 0.3, 8);
    c.tensor(m + "A_log", 16, 3).tensor(m + "D", 16).tensor(m + "in_proj.weight", 32, 8);
    c.tensor(m + "conv1d.weight", 16, 1, 4).tensor(m + "conv1d.bias", 16);
    c.tensor(m + "x_proj.weight", 7, 16).tensor(m + "dt_proj.weight", 16, 1);
    c.tensor(m + "dt_proj.bias", 16).tensor(m + "out_proj.weight", 8, 16);
    c.around("backbone.norm_f.weight", 1, 0.3, 8).copy("lm_head.weight", embedding);
    return new PublicCase(
        stateSpaces ? "mamba of state-spaces" : "mamba",
        config,
        c,
        (r, ids) -> {
          double[][] x = r.rows(embedding, 8, ids);
          x = add(x, selective(r, r.rms(x, "backbone.layers.0.norm", 1e-5), m));
          return r.linear(r.rms(x, "backbone.norm_f", 1e-5), "lm_head");
        });
  }

  private static double[][] selective(Reference r, double[][] in, String m) {
    double[][] both = r.linear(in, m + "in_proj");
    double[][] u = r.depthwise(columns(both, 0, 16), m + "conv1d", true);
    double[][] selected = r.linear(u, m + "x_proj");
    double[][] steps = map(r.linear(columns(selected, 0, 1), m + "dt_proj"), Reference::softplus);
    double[] rates = r.get(m + "A_log");
    double[][] state = new double[16][3];
    double[][] y = new double[in.length][16];
    for (int t = 0; t < in.length; t++) {
      for (int e = 0; e < 16; e++) {
        y[t][e] = r.get(m + "D")[e] * u[t][e];
        for (int n = 0; n < 3; n++) {
          double decay = Math.exp(-steps[t][e] * Math.exp(rates[3 * e + n]));
          state[e][n] = decay * state[e][n] + steps[t][e] * selected[t][1 + n] * u[t][e];
          y[t][e] += selected[t][4 + n] * state[e][n];
        }
        y[t][e] *= silu(both[t][16 + e]);
      }
    }
    return r.linear(y, m + "out_proj");
  }

  /** Width 8, inner width 16, 4 heads of 4, 3 states. */
  static PublicCase mamba2(boolean stateSpaces) {
    String config =
        stateSpaces
            ? "{\"d_model\": 8, \"d_intermediate\": 0, \"n_layer\": 1, \"vocab_size\": 11,"
                + " \"ssm_cfg\": {\"layer\": \"Mamba2\", \"d_state\": 3, \"headdim\": 4},"
                + " \"attn_layer_idx\": [], \"attn_cfg\": {}, \"rms_norm\": true,"
                + " \"tie_embeddings\": true, \"pad_vocab_size_multiple\": 16}"
            : "{\"model_type\": \"mamba2\", \"hidden_size\": 8, \"num_hidden_layers\": 1,"
                + " \"vocab_size\": 16, \"state_size\": 3, \"expand\": 2, \"conv_kernel\": 4,"
                + " \"num_heads\": 4, \"head_dim\": 4, \"n_groups\": 1, \"use_conv_bias\": true,"
                + " \"use_bias\": false, \"hidden_act\": \"silu\", \"layer_norm_epsilon\": 1e-05,"
                + " \"rms_norm\": true, \"time_step_limit\": [0.0, Infinity],"
                + " \"tie_word_embeddings\": true}";
    String embedding = stateSpaces ? "backbone.embedding.weight" : "backbone.embeddings.weight";
    String m = "backbone.layers.0.mixer.";
    PublicCheckpoint c = new PublicCheckpoint().tensor(embedding, 16, 8);
    c.around("backbone.layers.0.norm.weight", 1, 0.3, 8);
    c.tensor(m + "A_log", 4).tensor(m + "D", 4).tensor(m + "dt_bias", 4);
    c.tensor(m + "in_proj.weight", 42, 8);
    c.tensor(m + "conv1d.weight", 22, 1, 4).tensor(m + "conv1d.bias", 22);
    c.around(m + "norm.weight", 1, 0.3, 16).tensor(m + "out_proj.weight", 8, 16);
    c.around("backbone.norm_f.weight", 1, 0.3, 8).copy("lm_head.weight", embedding);
    return new PublicCase(
        stateSpaces ? "mamba2 of state-spaces" : "mamba2",
        config,
        c,
        (r, ids) -> {
          double[][] x = r.rows(embedding, 8, ids);
          x = add(x, duality(r, r.rms(x, "backbone.layers.0.norm", 1e-5), m));
          return r.linear(r.rms(x, "backbone.norm_f", 1e-5), "lm_head");
        });
  }

  private static double[][] duality(Reference r, double[][] in, String m) {
    double[][] all = r.linear(in, m + "in_proj");
    double[][] u = r.depthwise(columns(all, 16, 22), m + "conv1d", true);
    double[][][] state = new double[4][4][3];
    double[][] y = new double[in.length][16];
    for (int t = 0; t < in.length; t++) {
      for (int h = 0; h < 4; h++) {
        double step = softplus(all[t][38 + h] + r.get(m + "dt_bias")[h]);
        double decay = Math.exp(-step * Math.exp(r.get(m + "A_log")[h]));
        for (int p = 0; p < 4; p++) {
          double x = u[t][4 * h + p];
          double sum = r.get(m + "D")[h] * x;
          for (int n = 0; n < 3; n++) {
            state[h][p][n] = decay * state[h][p][n] + step * x * u[t][16 + n];
            sum += state[h][p][n] * u[t][19 + n];
          }
          y[t][4 * h + p] = sum * silu(all[t][4 * h + p]);
        }
      }
      y[t] = rms(y[t], r.get(m + "norm.weight"), 0, 1e-5);
    }
    return r.linear(y, m + "out_proj");
  }

  /** Width 8, two heads of 2 keys and 4 values. */
  static PublicCase xlstm(String q, String k, String v) {
    String config =
        "{\"model_type\": \"xlstm\", \"vocab_size\": 11, \"hidden_size\": 8, \"embedding_dim\": 8,"
            + " \"num_hidden_layers\": 1, \"num_blocks\": 1, \"num_heads\": 2, \"use_bias\": false,"
            + " \"norm_eps\": 1e-06, \"eps\": 1e-06, \"qk_dim_factor\": 0.5, \"v_dim_factor\": 1.0,"
            + " \"ffn_proj_factor\": 1.3, \"ffn_round_up_to_multiple_of\": 4,"
            + " \"gate_soft_cap\": 15.0, \"output_logit_soft_cap\": 30.0,"
            + " \"weight_mode\": \"single\", \"add_out_norm\": true, \"mode\": \"inference\"}";
    String b = "backbone.blocks.0.";
    String m = b + "mlstm_layer.";
    PublicCheckpoint c = new PublicCheckpoint().tensor("backbone.embeddings.weight", 11, 8);
    c.around(b + "norm_mlstm.weight", 1, 0.3, 8);
    c.tensor(m + q + ".weight", 4, 8).tensor(m + k + ".weight", 4, 8);
    c.tensor(m + v + ".weight", 8, 8).tensor(m + "ogate_preact.weight", 8, 8);
    c.tensor(m + "igate_preact.weight", 2, 8).tensor(m + "igate_preact.bias", 2);
    c.tensor(m + "fgate_preact.weight", 2, 8).tensor(m + "fgate_preact.bias", 2);
    c.around(m + "multihead_norm.weight", 1, 0.3, 8).tensor(m + "out_proj.weight", 8, 8);
    c.around(b + "norm_ffn.weight", 1, 0.3, 8);
    c.tensor(b + "ffn.proj_up_gate.weight", 12, 8).tensor(b + "ffn.proj_up.weight", 12, 8);
    c.tensor(b + "ffn.proj_down.weight", 8, 12);
    c.around("backbone.out_norm.weight", 1, 0.3, 8).tensor("lm_head.weight", 11, 8);
    return new PublicCase(
        "xlstm " + q,
        config,
        c,
        (r, ids) -> {
          double[][] x = r.rows("backbone.embeddings.weight", 8, ids);
          double[][] in = r.rms(x, b + "norm_mlstm", 1e-6);
          x = add(x, exponential(r, in, m, q, k, v));
          double[][] second = r.rms(x, b + "norm_ffn", 1e-6);
          double[][] gate = map(r.linear(second, b + "ffn.proj_up_gate"), Reference::silu);
          double[][] hidden = multiply(gate, r.linear(second, b + "ffn.proj_up"));
          x = add(x, r.linear(hidden, b + "ffn.proj_down"));
          double[][] logits = r.linear(r.rms(x, "backbone.out_norm", 1e-6), "lm_head");
          return map(logits, z -> 30 * Math.tanh(z / 30));
        });
  }

  /** mLSTM, step by step with its stabiliser. */
  private static double[][] exponential(
      Reference r, double[][] x, String m, String qName, String kName, String vName) {
    double[][] q = r.linear(x, m + qName);
    double[][] k = r.linear(x, m + kName);
    double[][] v = r.linear(x, m + vName);
    double[][] input = map(r.linear(x, m + "igate_preact"), z -> 15 * Math.tanh(z / 15));
    double[][] forget = map(r.linear(x, m + "fgate_preact"), z -> 15 * Math.tanh(z / 15));
    double[][] gate = map(r.linear(x, m + "ogate_preact"), Reference::sigmoid);
    double[] gain = r.get(m + "multihead_norm.weight");
    double[][] y = new double[x.length][8];
    for (int h = 0; h < 2; h++) {
      double[][] memory = new double[2][4];
      double[] normaliser = new double[2];
      double stabiliser = 0;
      for (int t = 0; t < x.length; t++) {
        double keep = Math.log(sigmoid(forget[t][h]));
        double next = Math.max(keep + stabiliser, input[t][h]);
        double f = Math.exp(keep + stabiliser - next);
        double i = Math.exp(input[t][h] - next);
        stabiliser = next;
        double[] key = part(k[t], 2 * h, 2);
        double[] query = map(new double[][] {part(q[t], 2 * h, 2)}, z -> z / Math.sqrt(2))[0];
        double[] out = new double[4];
        for (int a = 0; a < 2; a++) {
          normaliser[a] = f * normaliser[a] + i * key[a];
          for (int c = 0; c < 4; c++) {
            memory[a][c] = f * memory[a][c] + i * key[a] * v[t][4 * h + c];
            out[c] += memory[a][c] * query[a];
          }
        }
        double scale = Math.max(Math.abs(dot(normaliser, query)), Math.exp(-stabiliser)) + 1e-6;
        double mean = Arrays.stream(out).sum() / 4 / scale;
        double variance = 0;
        for (int c = 0; c < 4; c++) {
          variance += Math.pow(out[c] / scale - mean, 2) / 4;
        }
        for (int c = 0; c < 4; c++) {
          double normed = (out[c] / scale - mean) / Math.sqrt(variance + 1e-6);
          y[t][4 * h + c] = normed * gain[4 * h + c] * gate[t][4 * h + c];
        }
      }
    }
    return r.linear(y, m + "out_proj");
  }
}
