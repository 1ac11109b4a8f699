package io.sequencezoo.bench.peer;

import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.LSTMOptions;
import org.bytedeco.pytorch.Tensor;

/** Forward and backward of {@code torch.nn.LSTM} on {@code [B, T, D]}. */
final class LstmPass implements Workload {
  private final LSTMImpl lstm;
  private final Tensor x;
  private final Tensor cotangent;

  LstmPass(int batch, int time, int width) {
    LSTMOptions options = new LSTMOptions(width, width);
    options.batch_first().put(true);
    lstm = Workload.keep(new LSTMImpl(options));
    x = Workload.leaf(1, batch, time, width);
    cotangent = Workload.constant(batch, time, width);
  }

  @Override
  public void run() {
    lstm.zero_grad(true);
    x.mutable_grad().reset();
    Tensor y = lstm.forward(x).get0();
    y.mul(cotangent).sum().backward();
  }
}
