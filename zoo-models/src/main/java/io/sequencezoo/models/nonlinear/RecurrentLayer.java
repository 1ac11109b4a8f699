package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellLayout;
import io.sequencezoo.core.dynamics.nonlinear.dense.CellRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What the layers around recurrent cells share: linear maps from the input to all gates and, where
 * H ≠ D, from the cell back to the width, and variational dropout.
 *
 * <pre>{@code
 * a_t = (m_i x_t) W_ih + b + (m_h h_{t-1}) W_hh
 * h_t = cell(a_t, state)
 * y_t = m_o h_t, or m_o h_t W_o where H ≠ D
 * }</pre>
 *
 * <p>Parameters: {@code input [D, GH]}, {@code recurrent [H, kH/heads]} (cells of several products
 * have {@code recurrent0}, {@code recurrent1} ...), {@code bias [GH]}, and where the cell has them
 * {@code innerBias}, H numbers for each gate that the input doesn't drive, {@code peephole [P, H]};
 * {@code output [H, D]} where H ≠ D.
 */
abstract sealed class RecurrentLayer extends AbstractParametrisation
    permits Elman, Gru, Lstm, Rhn, Slstm {
  private static final String INPUT = "input";
  private static final String RECURRENT = "recurrent";
  private static final String BIAS = "bias";
  private static final String INNER_BIAS = "innerBias";
  private static final String PEEPHOLE = "peephole";
  private static final String OUTPUT = "output";

  private final int hidden;
  private final CellRecurrence recurrence;
  private final Weights weights;
  private final RecurrentDropout dropout;

  RecurrentLayer(
      String name,
      int width,
      int hidden,
      CellRecurrence recurrence,
      Weights weights,
      RecurrentDropout dropout) {
    super(name, width, recurrence);
    this.hidden = hidden;
    this.recurrence = recurrence;
    this.weights = weights;
    this.dropout = dropout;
  }

  /**
   * How parameters start.
   *
   * @param recurrent of a recurrent weight {@code [H, kH/heads]}
   * @param bias of all gates that the input drives
   * @param innerBias of all others
   * @param peephole of the cell's own parameters
   */
  record Weights(
      Initialiser input,
      Initialiser recurrent,
      Initialiser bias,
      Initialiser innerBias,
      Initialiser peephole) {
    /** All parameters from one distribution, as PyTorch's ±1/√H. */
    static Weights all(Initialiser one) {
      return new Weights(one, one, one, one, one);
    }
  }

  /** Refuses what can't be a number of units, nor 0 for the width. */
  static void checkHidden(String subject, int hidden) {
    checkArgument(
        hidden >= 0,
        "%s: hidden must be at least 1, or 0 for its default, got %s",
        subject,
        hidden);
  }

  /** H at a place: the width where it isn't given. */
  static int hidden(int given, MixerConfig.Place place) {
    return given == 0 ? place.width() : given;
  }

  /** PyTorch's distribution for all parameters of a recurrent layer: uniform on ±1/√H. */
  static Weights torch(int hidden) {
    double bound = 1 / Math.sqrt(hidden);
    return Weights.all(Initialisers.uniform(-bound, bound));
  }

  @Override
  public final void declare(Declaration declaration) {
    CellLayout layout = recurrence.layout();
    declaration.weight(INPUT, weights.input, width, (long) layout.inputGates() * hidden);
    for (int s = 0; s < layout.stages().size(); s++) {
      long columns = (long) layout.stages().get(s).targets().length * hidden / recurrence.heads();
      declaration.weight(recurrent(s), weights.recurrent, hidden, columns);
    }
    declaration.undecayed(BIAS, weights.bias, (long) layout.inputGates() * hidden);
    if (layout.innerGates() > 0) {
      declaration.undecayed(INNER_BIAS, weights.innerBias, (long) layout.innerGates() * hidden);
    }
    if (layout.parameters() > 0) {
      declaration.undecayed(PEEPHOLE, weights.peephole, layout.parameters(), hidden);
    }
    if (hidden != width) {
      declaration.weight(OUTPUT, Initialisers.xavierUniform(1), hidden, width);
    }
  }

  private String recurrent(int stage) {
    return recurrence.layout().stages().size() == 1 ? RECURRENT : RECURRENT + stage;
  }

  @Override
  public final Drive drive(Context context, Variable x, State state) {
    CellLayout layout = recurrence.layout();
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        CellRecurrence.INPUT,
        Dense.linear(
            context.tape(),
            dropout.onInput(context, x),
            context.parameter(INPUT),
            context.parameter(BIAS)));
    for (int s = 0; s < layout.stages().size(); s++) {
      coefficients.put(layout.weightName(s), context.parameter(recurrent(s)));
    }
    if (layout.innerGates() > 0) {
      coefficients.put(CellRecurrence.BIAS, context.parameter(INNER_BIAS));
    }
    if (layout.parameters() > 0) {
      coefficients.put(CellRecurrence.PARAMETERS, context.parameter(PEEPHOLE));
    }
    Variable mask = dropout.stateMask(context, x.size(0), hidden, x.type());
    if (mask != null) {
      coefficients.put(CellRecurrence.MASK, mask);
    }
    return new Drive(coefficients, Map.of(), Map.of());
  }

  @Override
  public final Variable readOut(Context context, Variable outputs, Drive drive) {
    Variable y = dropout.onOutput(context, outputs);
    return hidden == width ? y : Dense.linear(context.tape(), y, context.parameter(OUTPUT), null);
  }

  @Override
  public final long stateBytes(int consumed, DataType type) {
    return (long) recurrence.layout().parts().size() * hidden * type.width();
  }

  @Override
  public final long multiplyAddsPerToken(int position) {
    CellLayout layout = recurrence.layout();
    long columns = (long) layout.inputGates() * width;
    for (CellLayout.Stage stage : layout.stages()) {
      columns += (long) stage.targets().length * hidden / recurrence.heads();
    }
    long output = hidden == width ? 0 : (long) hidden * width;
    return hidden * columns + output + (long) elementWise() * hidden;
  }

  /** Multiply-adds of a unit besides the products with weights. */
  abstract int elementWise();

  /** Constant values, gate by gate. */
  static Initialiser byGate(double... values) {
    return (shape, random) -> {
      double[] result = new double[(int) shape[0]];
      int units = result.length / values.length;
      for (int i = 0; i < result.length; i++) {
        result[i] = values[i / units];
      }
      return result;
    };
  }
}
