package io.sequencezoo.models.nonlinear;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellLayout;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellRecurrence;

/**
 * Gated recurrent unit: a nonlinear system that moves from its last state to a candidate as far as
 * its update gate lets it.
 *
 * <pre>{@code
 * r = σ(x_t W_r + b_r + h_{t-1} U_r)
 * z = σ(x_t W_z + b_z + h_{t-1} U_z)
 * n = tanh(x_t W_n + b_n + r (h_{t-1} U_n + b_u))      reset after the product, as PyTorch and cuDNN
 * n = tanh(x_t W_n + b_n + (r h_{t-1}) U_n)            reset before it, as Cho et al.
 * h_t = (1 - z) n + z h_{t-1}
 * y_t = h_t, or h_t W_o where H ≠ D
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code h}: {@code [B, H]} state, constant in T
 *   <li>{@code input [D, 3H]}, {@code bias [3H]}: gates in PyTorch's order r, z, n, PyTorch's two
 *       biases of r and z added up; {@code innerBias [H]} is b_u
 *   <li>{@code recurrent [H, 3H]}; where the reset comes before the product {@code recurrent0 [H,
 *       2H]} for r and z, {@code recurrent1 [H, H]} for n
 *   <li>all parameters start as in {@code torch.nn.GRU}: uniform on ±1/√H
 * </ul>
 *
 * <p>Cost per token: O(DH + H²) time, O(H) memory. Differs from Cho et al.: biases, and z is what
 * is kept, as in PyTorch and as in their equation 7.
 */
@Paper(
    key = "cho2014gru",
    arxiv = "1406.1078",
    equations = "5-8",
    title =
        "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine"
            + " Translation",
    authors = "Cho et al. 2014")
@Source(
    repo = "pytorch/pytorch",
    path = "torch/nn/modules/rnn.py",
    commit = "e6f551aa3e44ae79694352a686f9cf503768ead6")
public final class Gru extends RecurrentLayer {
  /** A layer of this width D and number of units H. */
  public Gru(int width, int hidden, boolean resetAfter, RecurrentDropout dropout) {
    super(
        GruConfig.NAME,
        width,
        hidden,
        new CellRecurrence(resetAfter ? CellLayout.gru() : CellLayout.gruResetBefore()),
        torch(hidden),
        dropout);
  }

  /** The reset, before or after the product, and the move from h to n. */
  @Override
  int elementWise() {
    return 2;
  }
}
