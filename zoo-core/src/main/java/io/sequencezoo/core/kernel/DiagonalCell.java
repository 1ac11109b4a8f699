package io.sequencezoo.core.kernel;

/**
 * A cell whose recurrent weights are diagonal, so that its channels don't see each other: each is a
 * system of one number or of two, driven by three gates.
 */
public enum DiagonalCell {
  /**
   * Gated recurrent units:
   *
   * <pre>{@code
   * z = σ(a_z h + x_z)    r = σ(a_r h + x_r)    c = tanh(a_c h r + x_c)    h' = h + z (c - h)
   * ∂h'/∂h = (1 - z) + (c - h) z (1 - z) a_z + z (1 - c²) a_c (r + h r (1 - r) a_r)
   * }</pre>
   *
   * <p>Gates z, r, c; weights a_z, a_r, a_c; state h.
   */
  GRU(1, 3),
  /**
   * Long short-term memories with coupled gates and peepholes:
   *
   * <pre>{@code
   * f = σ(a_f h + p_f c + x_f)     z = tanh(a_z h + x_z)        c' = z + f (c - z)
   * o = σ(a_o h + p_o c' + x_o)    h' = o tanh(c')
   * ∂c'/∂c = f + (c - z) f (1 - f) p_f
   * ∂c'/∂h = (c - z) f (1 - f) a_f + (1 - f) (1 - z²) a_z
   * ∂h'/∂c = Q ∂c'/∂c                  Q = tanh(c') o (1 - o) p_o + o (1 - tanh²(c'))
   * ∂h'/∂h = Q ∂c'/∂h + tanh(c') o (1 - o) a_o
   * }</pre>
   *
   * <p>Gates f, o, z; weights a_f, a_o, a_z, p_f, p_o; state h, c.
   */
  LSTM(2, 5);

  private final int states;
  private final int weights;

  DiagonalCell(int states, int weights) {
    this.states = states;
    this.weights = weights;
  }

  /** Numbers of the state per channel. */
  public int states() {
    return states;
  }

  /** Numbers of the parameters per channel. */
  public int weights() {
    return weights;
  }
}
