package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.autodiff.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What drives a cell over a sequence, checked; names are those of {@link CellRecurrence}.
 *
 * @param bias null for none
 * @param parameters null for none
 * @param mask null for none
 */
record CellInputs(
    CellLayout layout,
    int heads,
    Variable x,
    Variable[] weights,
    Variable bias,
    Variable parameters,
    Variable mask,
    Variable[] state) {

  int batch() {
    return x.size(0);
  }

  int steps() {
    return x.size(1);
  }

  int hidden() {
    return weights[0].size(0);
  }

  /** Units of a head. */
  int block() {
    return hidden() / heads;
  }

  /** The recurrent weights of all stages. */
  INDArray[] weightValues() {
    return Arrays.stream(weights).map(Variable::value).toArray(INDArray[]::new);
  }

  /** All that may want a gradient: x, bias, parameters, weights, parts of the state. */
  Variable[] all() {
    List<Variable> all = new ArrayList<>(Arrays.asList(x, bias, parameters));
    all.addAll(Arrays.asList(weights));
    all.addAll(Arrays.asList(state));
    return all.toArray(new Variable[0]);
  }

  /** Where the weight of a stage stands in {@link #all}. */
  int weightAt(int stage) {
    return 3 + stage;
  }

  /** Where a part of the state stands in {@link #all}. */
  int stateAt(int part) {
    return 3 + weights.length + part;
  }
}
