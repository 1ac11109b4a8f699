package io.sequencezoo.bench.peer;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Forward and backward of ParaGRU or ParaLSTM over {@code [B, T, 3 N]} pre-activations, one tensor
 * operation after the other for every token: the naive application that ParaRNN (arXiv 2510.21450)
 * measures itself against.
 */
final class ParaCellPass implements Workload {
  private static final int GATES = 3;
  private static final int PEEPHOLES = 2;

  private final boolean gru;
  private final int width;
  private final Tensor x;
  private final Tensor diagonal;
  private final Tensor peephole;
  private final Tensor start;
  private final Tensor cotangent;

  ParaCellPass(boolean gru, int batch, int time, int width) {
    this.gru = gru;
    this.width = width;
    double deviation = 2 / Math.sqrt(5.0 * width);
    x = Workload.leaf(1, batch, time, (long) GATES * width);
    diagonal = Workload.leaf(deviation, GATES, width);
    peephole = Workload.leaf(deviation, PEEPHOLES, width);
    start = Workload.keep(torch.zeros(batch, width));
    cotangent = Workload.constant(batch, time, width);
  }

  @Override
  public void run() {
    for (Tensor leaf : new Tensor[] {x, diagonal, peephole}) {
      leaf.mutable_grad().reset();
    }
    // Unbinding once: selecting every token would cost a whole gradient tensor each.
    TensorVector tokens = x.unbind(1);
    TensorVector a = diagonal.unbind(0);
    TensorVector outputs = gru ? gru(tokens, a) : lstm(tokens, a, peephole.unbind(0));
    torch.stack(outputs, 1).mul(cotangent).sum().backward();
  }

  private TensorVector gru(TensorVector tokens, TensorVector a) {
    TensorVector outputs = new TensorVector();
    Tensor h = start;
    for (long t = 0; t < tokens.size(); t++) {
      TensorVector gates = tokens.get(t).split(width, 1);
      Tensor z = a.get(0).mul(h).add(gates.get(0)).sigmoid();
      Tensor r = a.get(1).mul(h).add(gates.get(1)).sigmoid();
      Tensor c = a.get(2).mul(h.mul(r)).add(gates.get(2)).tanh();
      h = h.add(z.mul(c.sub(h)));
      outputs.push_back(h);
    }
    return outputs;
  }

  private TensorVector lstm(TensorVector tokens, TensorVector a, TensorVector p) {
    TensorVector outputs = new TensorVector();
    Tensor h = start;
    Tensor c = start;
    for (long t = 0; t < tokens.size(); t++) {
      TensorVector gates = tokens.get(t).split(width, 1);
      Tensor f = a.get(0).mul(h).add(gates.get(0)).add(p.get(0).mul(c)).sigmoid();
      Tensor z = a.get(2).mul(h).add(gates.get(2)).tanh();
      c = z.add(f.mul(c.sub(z)));
      Tensor o = a.get(1).mul(h).add(gates.get(1)).add(p.get(1).mul(c)).sigmoid();
      h = o.mul(c.tanh());
      outputs.push_back(h);
    }
    return outputs;
  }
}
