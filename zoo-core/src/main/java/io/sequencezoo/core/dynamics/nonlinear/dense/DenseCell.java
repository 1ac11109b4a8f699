package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.dynamics.nonlinear.Cell;
import io.sequencezoo.core.dynamics.nonlinear.CellKernel;
import io.sequencezoo.core.dynamics.nonlinear.CellShape;
import io.sequencezoo.core.dynamics.nonlinear.JacobianStructure;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A cell of {@link CellRecurrence} as Newton's method takes it: the state is all parts side by
 * side, its Jacobian dense; parameters are the recurrent weights, the bias of inner gates and the
 * cell's own.
 */
record DenseCell(CellLayout layout, int heads) implements Cell {
  @Override
  public String name() {
    return layout.name();
  }

  @Override
  public List<String> parameters() {
    List<String> names = new ArrayList<>();
    for (int s = 0; s < layout.stages().size(); s++) {
      names.add(layout.weightName(s));
    }
    if (layout.innerGates() > 0) {
      names.add(CellRecurrence.BIAS);
    }
    if (layout.parameters() > 0) {
      names.add(CellRecurrence.PARAMETERS);
    }
    return names;
  }

  @Override
  public CellShape shape(int inputSize, Map<String, INDArray> parameters) {
    int hidden = (int) parameters.get(layout.weightName(0)).size(0);
    List<CellShape.Part> parts =
        layout.parts().stream().map(part -> new CellShape.Part(part, hidden)).toList();
    return new CellShape(
        JacobianStructure.DENSE,
        1,
        parts.size() * hidden,
        1,
        layout.inputGates() * hidden,
        parts,
        0,
        false);
  }

  @Override
  public <A> CellKernel<A> bind(
      Precision<A> precision,
      CellShape shape,
      List<INDArray> parameters,
      int from,
      int to,
      Scratch<A> scratch) {
    return new DenseCellKernel<>(precision, layout, heads, parameters, scratch);
  }
}
