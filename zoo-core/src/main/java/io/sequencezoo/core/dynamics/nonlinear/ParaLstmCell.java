package io.sequencezoo.core.dynamics.nonlinear;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.kernel.DiagonalCell;

/**
 * The long short-term memory with diagonal recurrent weights, coupled input and forget gates and
 * peepholes (ParaLSTM; Danieli et al., arXiv 2510.21450): channel j is a system of two numbers.
 *
 * <pre>{@code
 * f = σ(a_f h + p_f c + x_f)         z = tanh(a_z h + x_z)
 * c' = f c + (1 - f) z
 * o = σ(a_o h + p_o c' + x_o)        h' = o tanh(c')             the peephole sees the new c'
 * ∂c'/∂c = f + (c - z) f (1 - f) p_f
 * ∂c'/∂h = (c - z) f (1 - f) a_f + (1 - f) (1 - z²) a_z
 * ∂h'/∂c = Q ∂c'/∂c                  Q = tanh(c') o (1 - o) p_o + o (1 - tanh²(c'))
 * ∂h'/∂h = Q ∂c'/∂h + tanh(c') o (1 - o) a_o
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, 3 N]} pre-activations from the input, biases included; f, o, z
 *   <li>{@code a}: {@code [3, N]} diagonals in the same order; {@code peephole}: {@code [2, N]}, f
 *       and o
 *   <li>{@code h}, {@code c}: {@code [B, N]} state
 * </ul>
 */
public final class ParaLstmCell extends ParaCell {
  /** The parameter {@code a [3, N]}. */
  public static final String DIAGONAL = "a";

  /** The parameter {@code peephole [2, N]}. */
  public static final String PEEPHOLE = "peephole";

  /** The state {@code h [B, N]}. */
  public static final String HIDDEN = "h";

  /** The state {@code c [B, N]}. */
  public static final String CELL = "c";

  /** The cell. */
  public ParaLstmCell() {
    super("para_lstm", DiagonalCell.LSTM, ImmutableMap.of(DIAGONAL, 3, PEEPHOLE, 2), HIDDEN, CELL);
  }
}
