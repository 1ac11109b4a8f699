package io.sequencezoo.core.contract;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** {@code h_t = h_{t-1} / 2 + x_t W}, {@code y_t = h_t}, whole or with one fault. */
final class LeakyIntegrator implements Parametrisation {
  /** What can be wrong with a block, and the law that it breaks. */
  enum Fault {
    NONE(""),
    STEP_DIFFERS("1 step = sequence"),
    STATE_IS_STALE("2 hand-over"),
    SEES_NEXT_TOKEN("3 causality"),
    LOOKS_BOTH_WAYS("3 causality"),
    GRADIENT_IS_OFF("4 gradients = differences"),
    STATE_HAS_NO_GRADIENT("4 gradients through the state"),
    LINEARISATION_IS_OFF("5 linearisation"),
    ROWS_MIX("6 rows are independent"),
    PADDING_LEAKS("6 padding changes nothing"),
    LENGTHS_IGNORED("6 padded states continue"),
    STATE_UNDERSTATED("9 declared state bytes"),
    PARAMETER_UNUSED("9 declared parameters"),
    COST_UNDERSTATED("9 declared cost"),
    READS_USED_MEMORY("10 poisoned memory");

    private final String law;

    Fault(String law) {
      this.law = law;
    }

    /** The name of the law that must fail; empty for none. */
    String law() {
      return law;
    }
  }

  /** Describes the integrator; never registered. */
  record Config(Fault fault) implements MixerConfig {
    @Override
    public SequenceMixer build(Place place) {
      return new SequenceMixer(new LeakyIntegrator(place.width(), fault));
    }
  }

  private static final double DECAY = 0.5;

  private final int width;
  private final Fault fault;

  LeakyIntegrator(int width, Fault fault) {
    this.width = width;
    this.fault = fault;
  }

  @Override
  public String name() {
    return "leaky_integrator";
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public boolean isBidirectional() {
    return fault == Fault.LOOKS_BOTH_WAYS;
  }

  @Override
  public Recurrence recurrence() {
    return new Integration();
  }

  @Override
  public void declare(Declaration declaration) {
    declaration.weight("w", Initialisers.xavierUniform(1), width, width);
    if (fault == Fault.PARAMETER_UNUSED) {
      declaration.undecayed("unused", Initialisers.ones(), 3);
    }
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Variable driven = Dense.linear(context.tape(), x, context.parameter("w"), null);
    return new Drive(Map.of("x", driven), Map.of(), Map.of());
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return outputs;
  }

  private Recurrence.Advance run(Tape tape, Variable x, State initial, int[] valid) {
    int steps = x.size(1);
    Variable h0 = initial.get("h");
    INDArray y = tape.zeros(x.type(), x.shape());
    INDArray last = tape.zeros(x.type(), h0.shape());
    for (int b = 0; b < valid.length; b++) {
      for (int d = 0; d < width; d++) {
        double h = h0.value().getDouble(b, d);
        for (int t = 0; t < valid[b]; t++) {
          h = DECAY * h + x.value().getDouble(b, t, d);
          y.putScalar(new int[] {b, t, d}, h + leak(tape, x, valid, b, t, d));
        }
        last.putScalar(b, d, fault == Fault.STATE_IS_STALE && steps > 1 ? 0 : h);
      }
    }
    Variable[] outputs =
        tape.record(new INDArray[] {y, last}, cotangents -> pull(cotangents, valid), x, h0);
    Variable state = fault == Fault.STATE_HAS_NO_GRADIENT ? tape.constant(last) : outputs[1];
    return new Recurrence.Advance(outputs[0], Map.of("h", state));
  }

  private double leak(Tape tape, Variable x, int[] valid, int b, int t, int d) {
    return switch (fault) {
      case SEES_NEXT_TOKEN, LOOKS_BOTH_WAYS ->
          t + 1 < valid[b] ? x.value().getDouble(b, t + 1, d) : 0;
      case PADDING_LEAKS -> x.value().getDouble(b, x.size(1) - 1, d);
      case ROWS_MIX -> b == 0 ? 0 : x.value().getDouble(0, t, d);
      case READS_USED_MEMORY -> 0 * tape.allocate(x.type(), 1).getDouble(0);
      default -> 0;
    };
  }

  private void pull(Cotangents cotangents, int[] valid) {
    INDArray gy = cotangents.outputOrZeros(0);
    INDArray gh = cotangents.outputOrZeros(1);
    INDArray gx = cotangents.tape().zeros(gy.dataType(), gy.shape());
    INDArray gh0 = cotangents.tape().zeros(gh.dataType(), gh.shape());
    double factor = fault == Fault.GRADIENT_IS_OFF ? 1.001 : 1;
    for (int b = 0; b < valid.length; b++) {
      for (int d = 0; d < width; d++) {
        double g = gh.getDouble(b, d);
        for (int t = valid[b] - 1; t >= 0; t--) {
          g += gy.getDouble(b, t, d);
          gx.putScalar(new int[] {b, t, d}, factor * g);
          g *= DECAY;
        }
        gh0.putScalar(b, d, g);
      }
    }
    cotangents.add(0, gx);
    cotangents.add(1, gh0);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (fault == Fault.STATE_UNDERSTATED ? width - 1L : width) * type.width();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    return fault == Fault.COST_UNDERSTATED ? width : (long) width * width + width;
  }

  /** The system. */
  private final class Integration extends CausalRecurrence {
    Integration() {
      super("leaky_integrator", Family.VECTOR_STATE, "x", Solver.SEQUENTIAL);
    }

    @Override
    protected List<StatePart> parts(Map<String, Variable> coefficients) {
      return List.of(new StatePart("h", "BD", coefficients.get("x").size(0), width));
    }

    @Override
    protected Advance advance(
        Tape tape,
        Solver solver,
        Map<String, Variable> coefficients,
        State initial,
        int[] lengths) {
      Variable x = coefficients.get("x");
      int[] valid = lengths.clone();
      if (fault == Fault.LENGTHS_IGNORED) {
        Arrays.fill(valid, x.size(1));
      }
      return run(tape, x, initial, valid);
    }

    @Override
    protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
      INDArray x = coefficients.get("x").value();
      double factor = fault == Fault.STEP_DIFFERS ? 1 + 1e-8 : 1;
      INDArray h = state.get("h").value().mul(DECAY).addi(x.reshape(x.size(0), width)).muli(factor);
      return new Advance(
          tape.constant(h.dup('c').reshape('c', x.shape())), Map.of("h", tape.constant(h)));
    }

    @Override
    protected LinearSystem system(
        Map<String, Variable> coefficients, State initial, int row, int head) {
      INDArray x = coefficients.get("x").value();
      double[][] inputs = new double[(int) x.size(1)][width];
      double[] start = new double[width];
      double[][] identity = new double[width][width];
      for (int d = 0; d < width; d++) {
        identity[d][d] = 1;
        start[d] = initial.get("h").value().getDouble(row, d);
        for (int t = 0; t < inputs.length; t++) {
          inputs[t][d] = x.getDouble(row, t, d);
        }
      }
      double decay = fault == Fault.LINEARISATION_IS_OFF ? 0.51 : DECAY;
      return DenseLinearSystem.builder(inputs, width, width)
          .transition(t -> Transitions.scaled(width, decay))
          .input(t -> identity)
          .output(t -> identity)
          .initialState(start)
          .build();
    }
  }
}
