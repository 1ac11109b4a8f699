package io.sequencezoo.bench.peer;

import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * One training step (forward, backward, AdamW) of a pre-norm Transformer language model with
 * learned positions, MLP 4D with GELU (tanh form), tied embeddings and fused causal attention.
 */
final class TransformerStep implements Workload {
  private static final double EPS = 1e-5;

  private final int batch;
  private final int time;
  private final int width;
  private final int heads;
  private final int layers;
  private final int vocabulary;
  private final TensorVector parameters = Workload.keep(new TensorVector());
  private final Tensor tokens;
  private final Tensor targets;
  private final AdamW optimiser;

  TransformerStep(int batch, int time, int width, int heads, int layers, int vocabulary) {
    this.batch = batch;
    this.time = time;
    this.width = width;
    this.heads = heads;
    this.layers = layers;
    this.vocabulary = vocabulary;
    parameters.push_back(Workload.leaf(.02, vocabulary, width));
    parameters.push_back(Workload.leaf(.02, time, width));
    for (int layer = 0; layer < layers; layer++) {
      affine(width);
      for (int i = 0; i < 4; i++) {
        dense(width, width);
      }
      affine(width);
      dense(width, 4 * width);
      dense(4 * width, width);
    }
    affine(width);
    tokens =
        Workload.keep(
            torch.randint(vocabulary, new long[] {batch, time}).to(torch.ScalarType.Long));
    targets =
        Workload.keep(
            torch.randint(vocabulary, new long[] {batch * (long) time}).to(torch.ScalarType.Long));
    optimiser = Workload.keep(new AdamW(parameters, new AdamWOptions(1e-3)));
  }

  private void affine(int n) {
    parameters.push_back(Workload.keep(torch.ones(n).set_requires_grad(true)));
    parameters.push_back(Workload.keep(torch.zeros(n).set_requires_grad(true)));
  }

  private void dense(int in, int out) {
    parameters.push_back(Workload.leaf(.02, out, in));
    parameters.push_back(Workload.keep(torch.zeros(out).set_requires_grad(true)));
  }

  @Override
  public void run() {
    optimiser.zero_grad();
    int p = 2;
    Tensor x = torch.embedding(parameters.get(0), tokens).add(parameters.get(1));
    for (int layer = 0; layer < layers; layer++) {
      Tensor h = norm(x, p);
      Tensor q = split(linear(h, p + 2));
      Tensor k = split(linear(h, p + 4));
      Tensor v = split(linear(h, p + 6));
      Tensor o =
          torch.scaled_dot_product_attention(
              q, k, v, new TensorOptional(), 0.0, true, new DoubleOptional(), false);
      x = x.add(linear(o.transpose(1, 2).reshape(batch, time, width), p + 8));
      Tensor m = linear(norm(x, p + 10), p + 12);
      x = x.add(linear(torch.gelu(m, "tanh"), p + 14));
      p += 16;
    }
    Tensor logits = torch.linear(norm(x, p), parameters.get(0));
    torch.cross_entropy_loss(logits.reshape(batch * time, vocabulary), targets).backward();
    optimiser.step();
  }

  private Tensor split(Tensor x) {
    return x.reshape(batch, time, heads, width / heads).transpose(1, 2);
  }

  private Tensor norm(Tensor x, int p) {
    return torch.layer_norm(
        x,
        new long[] {width},
        new TensorOptional(parameters.get(p)),
        new TensorOptional(parameters.get(p + 1)),
        EPS,
        true);
  }

  private Tensor linear(Tensor x, int p) {
    return torch.linear(x, parameters.get(p), new TensorOptional(parameters.get(p + 1)));
  }
}
