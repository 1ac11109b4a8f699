package io.sequencezoo.models.nonlinear;

import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellLayout;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellRecurrence;

/**
 * sLSTM: a nonlinear system of normalised averages whose input gate grows exponentially, driven by
 * the input and, within each head, by its own last output.
 *
 * <pre>{@code
 * (a_z, a_i, a_f, a_o) = x_t W + b + h_{t-1} R                 R block-diagonal, one block per head
 * m_t = max(log σ(a_f) + m_{t-1}, a_i)                                     stabiliser (eq. 15)
 * i = e^(a_i - m_t)      f = e^(log σ(a_f) + m_{t-1} - m_t)                          (eq. 16, 17)
 * c_t = f c_{t-1} + i tanh(a_z)      n_t = f n_{t-1} + i                               (eq. 8, 9)
 * h_t = σ(a_o) c_t / n_t                                                                (eq. 10)
 * y_t = h_t, or h_t W_o where H ≠ D
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code h}, {@code c}, {@code n}, {@code m}: {@code [B, H]} state, 4H numbers per sequence,
 *       constant in T, from zero
 *   <li>{@code input [D, 4H]}: normal, deviation √(2 / (5 D)) (xLSTM's small initialisation);
 *       {@code recurrent [H, 4H/heads]}: zero; {@code bias [4H]}: 0 for z, i and o
 *   <li>the forget gate's bias falls within each head from 5 to -7, {@code 5 - 12 u^(0.3 + 1.3 l)}
 *       with u the place in the head and l that of the layer, both from 0 to 1
 * </ul>
 *
 * <p>Cost per token: O(DH + H²/heads) time, O(H) memory. h does not depend on m, which only keeps c
 * and n in range; where all weights underflow, h is 0. Differs from the paper's block: the cell
 * alone, without its convolution, group norm and projections, which hybrids put around it.
 */
@Paper(
    key = "beck2024xlstm",
    arxiv = "2405.04517",
    equations = "8-17",
    title = "xLSTM: Extended Long Short-Term Memory",
    authors = "Beck et al. 2024")
@Source(
    repo = "NX-AI/xlstm",
    path = "xlstm/blocks/slstm/cell.py",
    commit = "18d6dedf65fdb4d9a5018bd9bfa4e59e8809cdd9")
public final class Slstm extends RecurrentLayer {
  /**
   * A layer of this width D, units H and heads.
   *
   * @param depth where it stands among its model's layers, from 0, the first, to 1
   */
  public Slstm(int width, int hidden, int heads, double depth, RecurrentDropout dropout) {
    super(
        SlstmConfig.NAME,
        width,
        hidden,
        new CellRecurrence(CellLayout.slstm(), heads),
        new Weights(
            Initialisers.normal(Math.sqrt(2.0 / (5.0 * width))),
            Initialisers.zeros(),
            bias(hidden / heads, depth),
            Initialisers.zeros(),
            Initialisers.zeros()),
        dropout);
  }

  private static Initialiser bias(int block, double depth) {
    return (shape, random) -> {
      double[] values = new double[(int) shape[0]];
      int units = values.length / 4;
      for (int j = 0; j < units; j++) {
        double place = block == 1 ? 0 : (j % block) / (block - 1.0);
        values[2 * units + j] = 5 - 12 * Math.pow(place, 0.3 + 1.3 * depth);
      }
      return values;
    };
  }

  /** {@code f c + i z}, {@code f n + i}, and o times the ratio. */
  @Override
  int elementWise() {
    return 4;
  }
}
