package io.sequencezoo.bench.peer;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A language model that generates greedily, token by token, from the start of a sequence: embedding,
 * layers of RMS norm, mixer, RMS norm and SwiGLU, RMS norm, logits. Written for speed: no
 * gradients, projections of one input fused into one weight, states and caches in place, the chosen
 * token never leaves PyTorch.
 */
abstract class GenerateTokens implements Workload {
  private static final double EPS = 1e-6;

  /** F over D of SwiGLU. */
  private static final double EXPANSION = 8.0 / 3;

  /** Tokens of the vocabulary. */
  private static final int VOCABULARY = 256;

  private static final int LAYERS = 4;
  private static final int HEADS = 4;

  final int batch;
  final int width;
  private final int tokens;
  private final Tensor embedding;
  private final Tensor head;
  private final Tensor lastNorm;
  private final Layer[] layers = new Layer[LAYERS];

  GenerateTokens(int batch, int tokens, int width) {
    this.batch = batch;
    this.width = width;
    this.tokens = tokens;
    this.embedding = weight(VOCABULARY, width);
    this.head = weight(VOCABULARY, width);
    this.lastNorm = Workload.keep(torch.ones(width));
  }

  /** Gated linear attention, lstm or attention by name. */
  static GenerateTokens of(String family, int batch, int tokens, int width) {
    return switch (family) {
      case "gla" -> new WithGla(batch, tokens, width);
      case "lstm" -> new WithLstm(batch, tokens, width);
      case "attention" -> new WithAttention(batch, tokens, width);
      default -> throw new IllegalArgumentException("generate: unknown family " + family);
    };
  }

  /** Builds the mixers, once the fields of the family are there. */
  final void build() {
    for (int i = 0; i < LAYERS; i++) {
      layers[i] = new Layer(mixer());
    }
  }

  abstract Mixer mixer();

  /** A mixer with a state. */
  interface Mixer {
    /** Back to the start of a sequence. */
    void reset();

    /** Maps {@code x [B, D]} at a position. */
    Tensor step(Tensor x, int position);
  }

  static Tensor weight(long... shape) {
    return Workload.keep(torch.randn(shape).mul(new Scalar(.02)).detach());
  }

  @Override
  public void run() {
    try (NoGradGuard guard = new NoGradGuard()) {
      Tensor token = torch.zeros(batch).to(torch.ScalarType.Long);
      for (Layer layer : layers) {
        layer.mixer.reset();
      }
      for (int position = 0; position < tokens; position++) {
        Tensor x = torch.embedding(embedding, token);
        for (Layer layer : layers) {
          x = layer.step(x, position);
        }
        token = torch.linear(norm(x, lastNorm), head).argmax(new LongOptional(1), false);
      }
    }
  }

  private Tensor norm(Tensor x, Tensor weight) {
    return torch.rms_norm(
        x, new long[] {width}, new TensorOptional(weight), new DoubleOptional(EPS));
  }

  private final class Layer {
    private final Mixer mixer;
    private final Tensor mixerNorm = Workload.keep(torch.ones(width));
    private final Tensor channelNorm = Workload.keep(torch.ones(width));
    private final Tensor gateUp;
    private final Tensor down;

    Layer(Mixer mixer) {
      this.mixer = mixer;
      long hidden = Math.round(width * EXPANSION);
      this.gateUp = weight(2 * hidden, width);
      this.down = weight(width, hidden);
    }

    Tensor step(Tensor x, int position) {
      Tensor mixed = x.add(mixer.step(norm(x, mixerNorm), position));
      TensorVector both = torch.linear(norm(mixed, channelNorm), gateUp).chunk(2, 1);
      Tensor gated = torch.silu(both.get(0)).mul_(both.get(1));
      return mixed.add(torch.linear(gated, down));
    }
  }

  private static final class WithLstm extends GenerateTokens {
    WithLstm(int batch, int tokens, int width) {
      super(batch, tokens, width);
      build();
    }

    @Override
    Mixer mixer() {
      Tensor input = weight(4L * width, width);
      Tensor recurrent = weight(4L * width, width);
      TensorOptional bias = Workload.keep(new TensorOptional(weight(4L * width)));
      TensorOptional none = Workload.keep(new TensorOptional(weight(4L * width)));
      Tensor h = Workload.keep(torch.zeros(batch, width));
      Tensor c = Workload.keep(torch.zeros(batch, width));
      return new Mixer() {
        @Override
        public void reset() {
          h.mul_(new Scalar(0));
          c.mul_(new Scalar(0));
        }

        @Override
        public Tensor step(Tensor x, int position) {
          T_TensorTensor_T next =
              torch.lstm_cell(x, new TensorVector(h, c), input, recurrent, bias, none);
          c.copy_(next.get1());
          return h.copy_(next.get0());
        }
      };
    }
  }

  private static final class WithAttention extends GenerateTokens {
    private final int slots;

    WithAttention(int batch, int tokens, int width) {
      super(batch, tokens, width);
      this.slots = tokens;
      build();
    }

    @Override
    Mixer mixer() {
      Tensor qkv = weight(3L * width, width);
      Tensor output = weight(width, width);
      long size = width / HEADS;
      Tensor keys = Workload.keep(torch.zeros(batch, HEADS, slots, size));
      Tensor values = Workload.keep(torch.zeros(batch, HEADS, slots, size));
      return new Mixer() {
        @Override
        public void reset() {
          // Slots are written before they are read.
        }

        @Override
        public Tensor step(Tensor x, int position) {
          TensorVector parts = torch.linear(x, qkv).chunk(3, 1);
          Tensor q = parts.get(0).reshape(batch, HEADS, 1, size);
          keys.narrow(2, position, 1).copy_(parts.get(1).reshape(batch, HEADS, 1, size));
          values.narrow(2, position, 1).copy_(parts.get(2).reshape(batch, HEADS, 1, size));
          Tensor read =
              torch.scaled_dot_product_attention(
                  q, keys.narrow(2, 0, position + 1L), values.narrow(2, 0, position + 1L));
          return torch.linear(read.reshape(batch, width), output);
        }
      };
    }
  }

  /** Keys of half the width; the decay's projection has rank 16. */
  private static final class WithGla extends GenerateTokens {
    private static final int RANK = 16;
    private static final double NORMALISER = 16;

    WithGla(int batch, int tokens, int width) {
      super(batch, tokens, width);
      build();
    }

    @Override
    Mixer mixer() {
      long key = width / 2;
      Tensor fused = weight(2 * key + 2L * width + RANK, width);
      Tensor high = weight(key, RANK);
      TensorOptional bias = Workload.keep(new TensorOptional(weight(key)));
      TensorOptional gain = Workload.keep(new TensorOptional(torch.ones(width / HEADS)));
      Tensor output = weight(width, width);
      Tensor state = Workload.keep(torch.zeros(batch, HEADS, key / HEADS, width / HEADS));
      Scalar scale = Workload.keep(new Scalar(1 / Math.sqrt((double) key / HEADS)));
      Scalar decayScale = Workload.keep(new Scalar(1 / NORMALISER));
      return new Mixer() {
        @Override
        public void reset() {
          state.mul_(new Scalar(0));
        }

        @Override
        public Tensor step(Tensor x, int position) {
          TensorVector parts =
              torch.linear(x, fused).split(new long[] {key, key, width, width, RANK}, 1);
          Tensor q = parts.get(0).mul(scale).reshape(batch, HEADS, 1, key / HEADS);
          Tensor k = parts.get(1).reshape(batch, HEADS, key / HEADS, 1);
          Tensor v = parts.get(2).reshape(batch, HEADS, 1, width / HEADS);
          Tensor decay =
              torch.log_sigmoid(torch.linear(parts.get(4), high, bias)).mul_(decayScale).exp_();
          state.mul_(decay.reshape(batch, HEADS, key / HEADS, 1)).addcmul_(k, v);
          Tensor read = q.matmul(state).reshape(batch, HEADS, width / HEADS);
          Tensor normed =
              torch
                  .rms_norm(read, new long[] {width / HEADS}, gain, new DoubleOptional(1e-5))
                  .reshape(batch, width);
          return torch.linear(normed.mul_(torch.silu(parts.get(3))), output);
        }
      };
    }
  }
}
