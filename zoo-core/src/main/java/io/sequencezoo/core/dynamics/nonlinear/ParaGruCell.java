package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.DiagonalCell;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

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
public final class ParaGruCell implements Cell {
  /** The parameter {@code a [3, N]}. */
  public static final String DIAGONAL = "a";

  /** The state {@code h [B, N]}. */
  public static final String HIDDEN = "h";

  private static final int GATES = 3;

  @Override
  public String name() {
    return "para_gru";
  }

  @Override
  public List<String> parameters() {
    return List.of(DIAGONAL);
  }

  @Override
  public CellShape shape(int inputSize, Map<String, INDArray> parameters) {
    int n = Gates.width("para_gru", inputSize, GATES);
    Gates.check("para_gru", DIAGONAL, parameters.get(DIAGONAL), GATES, n);
    return new CellShape(
        JacobianStructure.DIAGONAL,
        1,
        n,
        GATES,
        n,
        List.of(new CellShape.Part(HIDDEN, n)),
        0,
        true);
  }

  @Override
  public <A> CellKernel<A> bind(
      Precision<A> precision,
      CellShape shape,
      List<INDArray> parameters,
      int from,
      int to,
      Scratch<A> scratch) {
    return new DiagonalCellKernel<>(
        DiagonalCell.GRU, precision, shape, parameters, from, to, scratch);
  }

  @Override
  public Sequential sequential() {
    return ParaScan::scan;
  }
}
