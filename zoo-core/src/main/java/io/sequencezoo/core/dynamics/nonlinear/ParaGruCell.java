package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.DiagonalCell;
import java.util.Map;

/**
 * The gated recurrent unit with diagonal recurrent weights (ParaGRU; Danieli et al., arXiv
 * 2510.21450): every channel is a system of its own.
 *
 * <pre>{@code
 * z = σ(a_z h + x_z)      r = σ(a_r h + x_r)
 * c = tanh(a_c (h r) + x_c)                        the reset comes before a_c
 * h' = (1 - z) h + z c
 * ∂h'/∂h = (1 - z) + (c - h) z (1 - z) a_z + z (1 - c²) a_c (r + h r (1 - r) a_r)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, 3 N]} pre-activations from the input, biases included; z, r, c
 *   <li>{@code a}: {@code [3, N]}, the diagonals in the same order
 *   <li>{@code h}: {@code [B, N]} state
 * </ul>
 */
public final class ParaGruCell extends ParaCell {
  /** The parameter {@code a [3, N]}. */
  public static final String DIAGONAL = "a";

  /** The state {@code h [B, N]}. */
  public static final String HIDDEN = "h";

  /** The cell. */
  public ParaGruCell() {
    super("para_gru", DiagonalCell.GRU, Map.of(DIAGONAL, 3), HIDDEN);
  }
}
