package io.sequencezoo.models.vector;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import java.util.List;

/**
 * minLSTM: an LSTM whose gates and candidate see the input only, with gates that add up to 1, and
 * so a linear system of one state per channel that averages positive candidates.
 *
 * <pre>{@code
 * f, i, c = x_t W_f, x_t W_i, x_t W_c         optionally of conv(x)_t
 * f' = σ(f) / (σ(f) + σ(i))                   i' = 1 - f'
 * h_t = f' ⊙ h_{t-1} + i' ⊙ p(c)              state     p(c) = c + ½ where c >= 0, σ(c) elsewhere
 * y_t = h_t, or h_t W_o where E ≠ D
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, E]} state, E numbers per sequence, constant in T, zero at first;
 *       {@code conv_x}: {@code [B, W-1, D]} last inputs of the convolution, where there is one
 *   <li>{@code forget, input, candidate [D, E]}: projections without bias, PyTorch's default;
 *       {@code output [E, D]}: only where E ≠ D
 * </ul>
 *
 * <p>Cost per token: O(D E) time, O(E) memory. Differs from the paper: the state starts at zero;
 * the scan runs on the decays themselves, for which the paper's logarithms make its scan safe.
 * Numerical care: both gates are normalised in log space, so that their sum may vanish.
 */
@Paper(
    key = "feng2024minimal",
    title = "Were RNNs All We Needed?",
    authors = "Feng, Tung, Ahmed, Bengio and Hajimirsadeghi 2024",
    arxiv = "2410.01201",
    equations = "section 3.2 and appendix B")
@Source(
    repo = "lucidrains/minGRU-pytorch",
    path = "minGRU_pytorch/minLSTM.py",
    commit = "63e86bb706fe0582405b60463136eb66a4d60e19")
public final class MinLstm extends MinimalUnit {
  /**
   * A layer of width D.
   *
   * @param inner E, the number of channels
   * @param span W, of the convolution, or 0 for none
   */
  public MinLstm(int width, int inner, int span) {
    super(
        MinLstmConfig.NAME,
        width,
        inner,
        span,
        List.of("forget", "input", "candidate"),
        MinimalGate.lstm());
  }
}
