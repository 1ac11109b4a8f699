package io.sequencezoo.models.nonlinear;

import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellLayout;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellRecurrence;

/**
 * LSTM: a nonlinear system of gated integrators, driven by the input and its own last output, that
 * forgets what its forget gate lets go (Gers et al. 2000).
 *
 * <pre>{@code
 * (a_i, a_f, a_g, a_o) = x_t W_ih + b + h_{t-1} W_hh
 * c_t = σ(a_f) c_{t-1} + σ(a_i) tanh(a_g)
 * h_t = σ(a_o) tanh(c_t)
 * y_t = h_t, or h_t W_o where H ≠ D
 *
 * peephole: a_i + p_i c_{t-1},  a_f + p_f c_{t-1},  a_o + p_o c_t        (Gers and Schmidhuber 2000)
 * coupled:  c_t = σ(a_f) c_{t-1} + (1 - σ(a_f)) tanh(a_g)              (Greff et al. 2017, CIFG)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code h}, {@code c}: {@code [B, H]} state, 2H numbers per sequence, constant in T
 *   <li>{@code input}: {@code [D, 4H]}, Xavier uniform; {@code recurrent}: {@code [H, 4H]},
 *       orthonormal rows; gates in PyTorch's order i, f, g, o; coupled: f, g, o alone
 *   <li>{@code bias}: {@code [4H]}, zero but for the forget gate's; PyTorch's two biases added up
 *   <li>{@code peephole}: {@code [3, H]} p_i, p_f, p_o, from zero; only with peepholes
 *   <li>{@code output}: {@code [H, D]}, only where H ≠ D
 * </ul>
 *
 * <p>Cost per token: O(DH + H²) time, O(H) memory. Differs from the papers: one cell per block, as
 * everywhere since.
 */
@Paper(
    key = "hochreiter1997lstm",
    title = "Long Short-Term Memory",
    authors = "Hochreiter and Schmidhuber 1997; forget gate: Gers, Schmidhuber and Cummins 2000")
@Source(
    repo = "berlino/seq_icl",
    path = "src/models/sequence/rnn/lstm.py",
    commit = "9b9223d15348b5a415fb453ed988ed5f7ab9fbdc")
public final class Lstm extends RecurrentLayer {
  private final LstmConfig.Variant variant;

  /** A plain LSTM of this width D and number of cells H. */
  public Lstm(int width, int hidden, double forgetBias) {
    this(width, hidden, forgetBias, LstmConfig.Variant.PLAIN, RecurrentDropout.none());
  }

  /** An LSTM of this width D and number of cells H. */
  public Lstm(
      int width,
      int hidden,
      double forgetBias,
      LstmConfig.Variant variant,
      RecurrentDropout dropout) {
    super(
        LstmConfig.NAME,
        width,
        hidden,
        new CellRecurrence(layout(variant)),
        new Weights(
            Initialisers.xavierUniform(1),
            Initialisers.orthogonal(1),
            variant == LstmConfig.Variant.COUPLED
                ? byGate(forgetBias, 0, 0)
                : byGate(0, forgetBias, 0, 0),
            Initialisers.zeros(),
            Initialisers.zeros()),
        dropout);
    this.variant = variant;
  }

  private static CellLayout layout(LstmConfig.Variant variant) {
    return switch (variant) {
      case PLAIN -> CellLayout.lstm();
      case PEEPHOLE -> CellLayout.peepholeLstm();
      case COUPLED -> CellLayout.coupledLstm();
    };
  }

  /** {@code f c + i g} and {@code o tanh(c)}, and three peepholes. */
  @Override
  int elementWise() {
    return variant == LstmConfig.Variant.PEEPHOLE ? 6 : 3;
  }
}
