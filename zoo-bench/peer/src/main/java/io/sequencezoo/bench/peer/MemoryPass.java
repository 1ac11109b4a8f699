package io.sequencezoo.bench.peer;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Forward and backward of a memory that learns in chunks: a matrix under squared errors and decay,
 * or Titans' network of two layers with momentum, {@code M(x) = x + LN(gelu(x W1) W2)}. Gradients
 * of a chunk are taken at its start and batched over rows, heads and tokens in closed form; what
 * depends on coefficients alone is batched over chunks too. The loop is over chunks, not tokens.
 */
final class MemoryPass implements Workload {
  private static final int EXPANSION = 4;
  private static final double EPS = 1e-6;
  private static final double SCALE = Math.sqrt(2 / Math.PI);
  private static final double CUBIC = 0.044715;

  private final boolean deep;
  private final int batch;
  private final int time;
  private final int heads;
  private final int size;
  private final int chunk;
  private final Tensor[] leaves;
  private final Tensor q;
  private final Tensor k;
  private final Tensor v;
  private final Tensor theta;
  private final Tensor alpha;
  private final Tensor eta;
  private final Tensor gain;
  private final Tensor offset;
  private final Tensor[] starts;
  private final Tensor cotangent;
  private final Tensor causal;

  MemoryPass(boolean deep, int batch, int time, int heads, int size, int chunk) {
    this.deep = deep;
    this.batch = batch;
    this.time = time;
    this.heads = heads;
    this.size = size;
    this.chunk = chunk;
    q = Workload.leaf(1 / Math.sqrt(size), batch, time, heads, size);
    k = Workload.leaf(1 / Math.sqrt(size), batch, time, heads, size);
    v = Workload.leaf(1, batch, time, heads, size);
    theta = Workload.leaf(1, batch, time, heads);
    alpha = Workload.leaf(1, batch, time, heads);
    eta = Workload.leaf(1, batch, time, heads);
    gain = Workload.leaf(1, heads, 1, size);
    offset = Workload.leaf(1, heads, 1, size);
    double deviation = 1 / Math.sqrt(size);
    starts =
        deep
            ? new Tensor[] {
              Workload.leaf(deviation, heads, size, (long) EXPANSION * size),
              Workload.leaf(deviation / 2, heads, (long) EXPANSION * size, size)
            }
            : new Tensor[] {Workload.leaf(deviation, heads, size, size)};
    leaves =
        deep
            ? new Tensor[] {q, k, v, theta, alpha, eta, gain, offset, starts[0], starts[1]}
            : new Tensor[] {q, k, v, theta, alpha, starts[0]};
    cotangent = Workload.constant(batch, heads, time, size);
    causal = Workload.keep(torch.ones(chunk, chunk).tril());
  }

  @Override
  public void run() {
    for (Tensor leaf : leaves) {
      leaf.mutable_grad().reset();
    }
    Chunks chunks = new Chunks();
    Tensor[] weights = new Tensor[starts.length];
    Tensor[] carried = new Tensor[starts.length];
    for (int i = 0; i < starts.length; i++) {
      weights[i] = starts[i].unsqueeze(0).expand(batch, -1, -1, -1);
      carried[i] = torch.zeros_like(weights[i]);
    }
    TensorVector outputs = new TensorVector();
    for (int c = 0; c < time / chunk; c++) {
      outputs.push_back(deep ? chunks.deep(c, weights, carried) : chunks.linear(c, weights));
    }
    torch.cat(outputs, 2).mul(cotangent).sum().backward();
  }

  /** {@code [B, T, H, N]} or {@code [B, T, H]} as {@code [B, H, chunks, C, N]}, N = 1. */
  private Tensor split(Tensor x, int width) {
    return x.reshape(batch, time, heads, width)
        .transpose(1, 2)
        .reshape(batch, heads, time / chunk, chunk, width);
  }

  /** What is known of all chunks before any of them has run. */
  private final class Chunks {
    private final Tensor queries = split(q, size);
    private final Tensor keys = split(k, size);
    private final Tensor values = split(v, size);
    private final Tensor seen = queries.matmul(keys.transpose(-1, -2));

    /** What is left of the start's weights, and of the start's momentum, at every token. */
    private final Tensor startShare;

    private Tensor carriedShare;

    /** How much every gradient of the chunk moves the weights that a token reads. */
    private final Tensor shares;

    private Tensor momentum;
    private Tensor steps;

    Chunks() {
      Tensor step = split(torch.sigmoid(theta).mul(new Scalar(1.0 / (chunk * size))), 1);
      Tensor retained = split(torch.log_sigmoid(alpha.add(new Scalar(4.0))), 1).cumsum(-2);
      Tensor products = products(retained);
      startShare = retained.exp();
      if (!deep) {
        shares = products.mul(step.transpose(-1, -2)).neg();
        return;
      }
      Tensor held = split(torch.log_sigmoid(eta), 1).cumsum(-2);
      momentum = held.exp();
      steps = products(held).mul(step.transpose(-1, -2)).neg();
      carriedShare = products.matmul(momentum);
      shares = products.matmul(steps);
    }

    private Tensor products(Tensor cumulated) {
      Tensor differences = cumulated.sub(cumulated.transpose(-1, -2));
      // Above the diagonal they would overflow.
      return differences.mul(causal).exp().mul(causal);
    }

    Tensor linear(int c, Tensor[] weights) {
      Tensor w = weights[0];
      Tensor key = keys.select(2, c);
      Tensor error = key.matmul(w).sub(values.select(2, c));
      Tensor share = shares.select(2, c);
      Tensor start = startShare.select(2, c);
      Tensor read =
          queries.select(2, c).matmul(w).mul(start).add(share.mul(seen.select(2, c)).matmul(error));
      weights[0] = moved(w, null, start, null, share, key, error);
      return read;
    }

    Tensor deep(int c, Tensor[] weights, Tensor[] carried) {
      Tensor key = keys.select(2, c);
      Tensor query = queries.select(2, c);
      Tensor before = key.matmul(weights[0]);
      Tensor hidden = torch.gelu(before, "tanh");
      Tensor z = hidden.matmul(weights[1]);
      Tensor centred = z.sub(mean(z));
      Tensor inverse = mean(centred.square()).add(new Scalar(EPS)).rsqrt();
      Tensor hat = centred.mul(inverse);
      Tensor error = key.add(hat.mul(gain)).add(offset).sub(values.select(2, c));
      Tensor g = error.mul(gain);
      Tensor second = g.sub(mean(g)).sub(hat.mul(mean(g.mul(hat)))).mul(inverse);
      Tensor first = second.matmul(weights[1].transpose(-1, -2)).mul(slope(before));
      Tensor x = torch.gelu(read(c, query, weights[0], carried[0], key, first, true), "tanh");
      Tensor y = read(c, x, weights[1], carried[1], hidden, second, false);
      Tensor start = startShare.select(2, c);
      Tensor own = carriedShare.select(2, c);
      Tensor share = shares.select(2, c);
      Tensor step = steps.select(2, c);
      Tensor held = momentum.select(2, c);
      Tensor[] inputs = {key, hidden};
      Tensor[] slopes = {first, second};
      for (int i = 0; i < 2; i++) {
        Tensor s = carried[i];
        carried[i] = moved(s, null, held, null, step, inputs[i], slopes[i]);
        weights[i] = moved(weights[i], s, start, own, share, inputs[i], slopes[i]);
      }
      Tensor centredRead = y.sub(mean(y));
      Tensor scale = mean(centredRead.square()).add(new Scalar(EPS)).rsqrt();
      return query.add(centredRead.mul(scale).mul(gain)).add(offset);
    }

    private Tensor read(
        int c, Tensor x, Tensor w, Tensor s, Tensor inputs, Tensor slopes, boolean known) {
      Tensor matched = known ? seen.select(2, c) : x.matmul(inputs.transpose(-1, -2));
      return x.matmul(w)
          .mul(startShare.select(2, c))
          .add(x.matmul(s).mul(carriedShare.select(2, c)))
          .add(shares.select(2, c).mul(matched).matmul(slopes));
    }

    /** Where the last token of a chunk leaves a matrix. */
    private Tensor moved(
        Tensor w, Tensor s, Tensor start, Tensor own, Tensor share, Tensor inputs, Tensor slopes) {
      Tensor last = share.narrow(-2, chunk - 1, 1).transpose(-1, -2);
      Tensor next =
          w.mul(start.narrow(-2, chunk - 1, 1))
              .add(inputs.mul(last).transpose(-1, -2).matmul(slopes));
      return s == null ? next : next.add(s.mul(own.narrow(-2, chunk - 1, 1)));
    }

    private Tensor mean(Tensor x) {
      return x.sum(new long[] {-1}, true, new org.bytedeco.pytorch.ScalarTypeOptional())
          .mul(new Scalar(1.0 / size));
    }

    /** Of gelu's tanh form. */
    private Tensor slope(Tensor x) {
      Tensor square = x.square();
      Tensor tanh = x.mul(square.mul(new Scalar(SCALE * CUBIC)).add(new Scalar(SCALE))).tanh();
      Tensor inner = square.mul(new Scalar(3 * SCALE * CUBIC)).add(new Scalar(SCALE));
      Tensor sech = tanh.square().neg().add(new Scalar(1));
      return tanh.add(x.mul(sech).mul(inner)).add(new Scalar(1)).mul(new Scalar(0.5));
    }
  }
}
