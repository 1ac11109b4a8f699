package io.sequencezoo.models.vector;

import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import java.util.List;

/**
 * minGRU: a gated recurrent unit whose gate and candidate see the input only, and so a linear
 * system of one state per channel that averages positive candidates.
 *
 * <pre>{@code
 * z, c = x_t W_z, x_t W_c                     optionally of conv(x)_t
 * h_t = (1 - σ(z)) ⊙ h_{t-1} + σ(z) ⊙ p(c)    state     p(c) = c + ½ where c >= 0, σ(c) elsewhere
 * y_t = h_t, or h_t W_o where E ≠ D
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, E]} state, E numbers per sequence, constant in T, zero at first;
 *       {@code conv_x}: {@code [B, W-1, D]} last inputs of the convolution, where there is one
 *   <li>{@code update, candidate [D, E]}: projections without bias, PyTorch's default; {@code
 *       output [E, D]}: only where E ≠ D
 * </ul>
 *
 * <p>Cost per token: O(D E) time, O(E) memory. Differs from the paper: the state starts at zero;
 * the scan runs on the decays themselves, for which the paper's logarithms make its scan safe.
 * Numerical care: {@code 1 - σ(z)} is computed as {@code σ(-z)}.
 */
@Paper(
    key = "feng2024minimal",
    title = "Were RNNs All We Needed?",
    authors = "Feng, Tung, Ahmed, Bengio and Hajimirsadeghi 2024",
    arxiv = "2410.01201",
    equations = "section 3.1 and appendix B")
@Source(
    repo = "lucidrains/minGRU-pytorch",
    path = "minGRU_pytorch/minGRU.py",
    commit = "270743367e9d9d1ea7e2fc0fba4145e3cc8c2c8c")
public final class MinGru extends MinimalUnit {
  /**
   * A layer of width D.
   *
   * @param inner E, the number of channels
   * @param span W, of the convolution, or 0 for none
   */
  public MinGru(int width, int inner, int span) {
    super(MinGruConfig.NAME, width, inner, span, List.of("update", "candidate"), MinimalGate.gru());
  }
}
