package io.sequencezoo.eval.conformance;

import static com.google.common.base.Preconditions.checkNotNull;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.nonlinear.Cell;
import io.sequencezoo.core.dynamics.nonlinear.MatrixCellRecurrence;
import io.sequencezoo.core.dynamics.nonlinear.NonlinearRecurrence;
import io.sequencezoo.core.dynamics.nonlinear.ParaGruCell;
import io.sequencezoo.core.dynamics.nonlinear.ParaLstmCell;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellLayout;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.GatesByHead;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The nonlinear cells of the reference vectors, by the solvers that training uses. */
final class NonlinearOperators {
  private NonlinearOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("lstm", NonlinearOperators::lstm);
    all.put("gru", NonlinearOperators::gru);
    all.put("elman_rnn", NonlinearOperators::elman);
    all.put("recurrent_highway", NonlinearOperators::highway);
    all.put("para_gru", NonlinearOperators::paraGru);
    all.put("para_lstm", NonlinearOperators::paraLstm);
    all.put("m2rnn", NonlinearOperators::matrixCell);
    return all;
  }

  private static Map<String, Variable> lstm(Tape tape, Case c, Inputs in) {
    Variable bias =
        Primitives.add(tape, in.get("parameter.bias_ih_l0"), in.get("parameter.bias_hh_l0"));
    return evolve(tape, CellLayout.lstm(), torch(tape, in, bias), in);
  }

  private static Map<String, Variable> elman(Tape tape, Case c, Inputs in) {
    Variable bias =
        Primitives.add(tape, in.get("parameter.bias_ih_l0"), in.get("parameter.bias_hh_l0"));
    return withLayerAxis(
        tape, evolve(tape, CellLayout.elmanTanh(), torch(tape, in, bias), in), "h");
  }

  /** The recurrent biases of r and z add to the input's; that of n is reset with its product. */
  private static Map<String, Variable> gru(Tape tape, Case c, Inputs in) {
    Variable recurrent = in.get("parameter.bias_hh_l0");
    int hidden = recurrent.size(0) / 3;
    Variable gates = Primitives.slice(tape, recurrent, 0, 0, 2L * hidden);
    Variable none = tape.constant(tape.zeros(recurrent.type(), hidden));
    Variable bias =
        Primitives.add(
            tape, in.get("parameter.bias_ih_l0"), Primitives.concat(tape, 0, gates, none));
    Map<String, Variable> coefficients = torch(tape, in, bias);
    coefficients.put(
        CellRecurrence.BIAS, Primitives.slice(tape, recurrent, 0, 2L * hidden, 3L * hidden));
    return withLayerAxis(tape, evolve(tape, CellLayout.gru(), coefficients, in), "h");
  }

  /** Pre-activations and recurrent weight under PyTorch's names. */
  private static Map<String, Variable> torch(Tape tape, Inputs in, Variable bias) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        CellRecurrence.INPUT,
        Dense.linearTransposed(tape, in.get("input.x"), in.get("parameter.weight_ih_l0"), bias));
    coefficients.put(
        CellRecurrence.WEIGHT, Primitives.permute(tape, in.get("parameter.weight_hh_l0"), 1, 0));
    return coefficients;
  }

  private static Map<String, Variable> highway(Tape tape, Case c, Inputs in) {
    Variable recurrentH = in.get("parameter.R_H");
    Variable recurrentT = in.get("parameter.R_T");
    int depth = recurrentH.size(0);
    int hidden = recurrentH.size(1);
    // [L, 2, H]: the first layer's belong to the input, the others' to the inner gates.
    Variable biases = Primitives.stack(tape, 1, in.get("parameter.b_H"), in.get("parameter.b_T"));
    Variable flat = Primitives.reshape(tape, biases, 2L * depth * hidden);
    Variable input = Primitives.concat(tape, 0, in.get("parameter.W_H"), in.get("parameter.W_T"));
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        CellRecurrence.INPUT,
        Dense.linearTransposed(
            tape, in.get("input.x"), input, Primitives.slice(tape, flat, 0, 0, 2L * hidden)));
    if (depth > 1) {
      coefficients.put(
          CellRecurrence.BIAS, Primitives.slice(tape, flat, 0, 2L * hidden, 2L * depth * hidden));
    }
    CellLayout layout = CellLayout.highway(depth);
    for (int layer = 0; layer < depth; layer++) {
      Variable both =
          Primitives.concat(
              tape, 0, layer(tape, recurrentH, layer), layer(tape, recurrentT, layer));
      coefficients.put(layout.weightName(layer), Primitives.permute(tape, both, 1, 0));
    }
    return evolve(tape, layout, coefficients, in);
  }

  private static Variable layer(Tape tape, Variable weights, int layer) {
    Variable slice = Primitives.slice(tape, weights, 0, layer, layer + 1L);
    return Primitives.reshape(tape, slice, weights.size(1), weights.size(2));
  }

  private static Map<String, Variable> evolve(
      Tape tape, CellLayout layout, Map<String, Variable> coefficients, Inputs in) {
    State initial = Evolutions.initial(in, layout.parts().toArray(new String[0]));
    Evolution evolution =
        new CellRecurrence(layout).evolve(tape, Solver.AUTO, coefficients, initial, null);
    return Evolutions.outputs("y", evolution);
  }

  /** PyTorch's last state has an axis of layers first. */
  private static Map<String, Variable> withLayerAxis(
      Tape tape, Map<String, Variable> outputs, String part) {
    // Every recurrence leaves its state.
    Variable last = checkNotNull(outputs.get("state.final." + part));
    outputs.put(
        "state.final." + part, Primitives.reshape(tape, last, 1, last.size(0), last.size(1)));
    return outputs;
  }

  private static Map<String, Variable> paraGru(Tape tape, Case c, Inputs in) {
    return para(tape, in, new ParaGruCell(), Evolutions.initial(in, ParaGruCell.HIDDEN));
  }

  private static Map<String, Variable> paraLstm(Tape tape, Case c, Inputs in) {
    State initial = Evolutions.initial(in, ParaLstmCell.HIDDEN, ParaLstmCell.CELL);
    return para(tape, in, new ParaLstmCell(), initial);
  }

  /** By Newton's method: its gradients are those of the sequential solver. */
  private static Map<String, Variable> para(
      Tape tape, Inputs in, Cell cell, @Nullable State initial) {
    Variable x =
        GatesByHead.linear(tape, in.get("input.x"), in.get("parameter.B"), in.get("parameter.b"));
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(NonlinearRecurrence.INPUT, x);
    coefficients.put(ParaGruCell.DIAGONAL, in.get("parameter.A"));
    if (cell instanceof ParaLstmCell) {
      coefficients.put(ParaLstmCell.PEEPHOLE, in.get("parameter.C"));
    }
    return Evolutions.outputs(
        "y",
        new NonlinearRecurrence(cell).evolve(tape, Solver.NEWTON, coefficients, initial, null));
  }

  private static Map<String, Variable> matrixCell(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : new String[] {"q", "k", "v", "f"}) {
      coefficients.put(name, in.get("input." + name));
    }
    coefficients.put(MatrixCellRecurrence.WEIGHT, in.get("parameter.W"));
    State initial = Evolutions.initial(in, MatrixCellRecurrence.STATE);
    return Evolutions.outputs(
        "o", new MatrixCellRecurrence().evolve(tape, Solver.AUTO, coefficients, initial, null));
  }
}
