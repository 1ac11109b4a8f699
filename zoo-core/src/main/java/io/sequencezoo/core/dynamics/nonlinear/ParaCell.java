package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.kernel.DiagonalCell;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A cell of three gates whose recurrent weights are diagonals: channels don't meet. */
abstract class ParaCell implements Cell {
  private static final int GATES = 3;

  private final String name;
  private final DiagonalCell kind;

  /** Names of the parameters; each is so many vectors over the channels. */
  private final Map<String, Integer> vectors;

  private final List<String> parts;

  ParaCell(String name, DiagonalCell kind, Map<String, Integer> vectors, String... parts) {
    this.name = name;
    this.kind = kind;
    this.vectors = vectors;
    this.parts = Arrays.asList(parts);
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final List<String> parameters() {
    return List.copyOf(vectors.keySet());
  }

  @Override
  public final CellShape shape(int inputSize, Map<String, INDArray> parameters) {
    int n = Gates.width(name, inputSize, GATES);
    vectors.forEach((one, rows) -> Gates.check(name, one, parameters.get(one), rows, n));
    List<CellShape.Part> sizes = parts.stream().map(part -> new CellShape.Part(part, n)).toList();
    JacobianStructure structure =
        kind.states() == 1 ? JacobianStructure.DIAGONAL : JacobianStructure.BLOCKS;
    return new CellShape(structure, kind.states(), n, GATES, n, sizes, 0, true);
  }

  @Override
  public final <A> CellKernel<A> bind(
      Precision<A> precision,
      CellShape shape,
      List<INDArray> parameters,
      int from,
      int to,
      Scratch<A> scratch) {
    return new DiagonalCellKernel<>(kind, precision, shape, parameters, from, to, scratch);
  }

  @Override
  public final Sequential sequential() {
    return ParaScan::scan;
  }
}
