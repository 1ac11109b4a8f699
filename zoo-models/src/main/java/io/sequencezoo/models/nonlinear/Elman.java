package io.sequencezoo.models.nonlinear;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellLayout;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellRecurrence;

/**
 * The simple recurrent network: a nonlinear system whose whole state is rewritten from input and
 * last state at every step.
 *
 * <pre>{@code
 * h_t = φ(x_t W_ih + b + h_{t-1} W_hh)      φ = tanh or max(., 0)
 * y_t = h_t, or h_t W_o where H ≠ D
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code h}: {@code [B, H]} state, constant in T
 *   <li>all parameters start as in {@code torch.nn.RNN}: uniform on ±1/√H; PyTorch's two biases
 *       added up
 * </ul>
 *
 * <p>Cost per token: O(DH + H²) time, O(H) memory.
 */
@Paper(
    key = "elman1990finding",
    title = "Finding Structure in Time",
    authors = "Elman 1990, Cognitive Science 14(2)")
@Source(
    repo = "pytorch/pytorch",
    path = "torch/nn/modules/rnn.py",
    commit = "e6f551aa3e44ae79694352a686f9cf503768ead6")
public final class Elman extends RecurrentLayer {
  /** A layer of this width D and number of units H. */
  public Elman(int width, int hidden, ElmanConfig.Activation activation, RecurrentDropout dropout) {
    super(
        ElmanConfig.NAME,
        width,
        hidden,
        new CellRecurrence(layout(activation)),
        torch(hidden),
        dropout);
  }

  private static CellLayout layout(ElmanConfig.Activation activation) {
    return activation == ElmanConfig.Activation.TANH
        ? CellLayout.elmanTanh()
        : CellLayout.elmanRelu();
  }

  @Override
  int elementWise() {
    return 0;
  }
}
