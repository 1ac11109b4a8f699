package io.sequencezoo.core.dynamics.vector;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.shape.Shapes;
import java.util.Map;

/**
 * The sizes of a selective scan, checked.
 *
 * @param batch B
 * @param steps T
 * @param channels D
 * @param states N
 */
record SelectiveShape(int batch, int steps, int channels, int states) {

  static SelectiveShape of(Map<String, Variable> coefficients) {
    for (String name :
        new String[] {
          SelectiveRecurrence.INPUT,
          SelectiveRecurrence.STEP,
          SelectiveRecurrence.RATE,
          SelectiveRecurrence.WRITE,
          SelectiveRecurrence.READ
        }) {
      checkArgument(
          coefficients.containsKey(name),
          "selective: coefficients must have %s, got %s",
          name,
          coefficients.keySet());
    }
    Variable u = coefficients.get(SelectiveRecurrence.INPUT);
    Shapes.check("selective u", u.operand(), "BTD", -1, -1, -1);
    Variable rate = coefficients.get(SelectiveRecurrence.RATE);
    Shapes.check("selective A", rate.operand(), "ND", -1, u.size(2));
    SelectiveShape shape = new SelectiveShape(u.size(0), u.size(1), u.size(2), rate.size(0));
    shape.checkRows(coefficients, SelectiveRecurrence.STEP, shape.channels);
    shape.checkRows(coefficients, SelectiveRecurrence.GATE, shape.channels);
    shape.checkRows(coefficients, SelectiveRecurrence.WRITE, shape.states);
    shape.checkRows(coefficients, SelectiveRecurrence.READ, shape.states);
    shape.checkVector(coefficients, SelectiveRecurrence.SKIP);
    shape.checkVector(coefficients, SelectiveRecurrence.BIAS);
    return shape;
  }

  private void checkRows(Map<String, Variable> coefficients, String name, int size) {
    Variable value = coefficients.get(name);
    if (value != null) {
      String axes = size == states && size != channels ? "BTN" : "BTD";
      Shapes.check("selective " + name, value.operand(), axes, batch, steps, size);
    }
  }

  private void checkVector(Map<String, Variable> coefficients, String name) {
    Variable value = coefficients.get(name);
    if (value != null) {
      Shapes.check("selective " + name, value.operand(), "D", channels);
    }
  }
}
