package io.sequencezoo.models.examples;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.depth.RepeatedTransition;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A stage that is repeated with shared parameters. What comes out is the mean over the depths at
 * which a token may halt, and the mean depth is a loss.
 *
 * <pre>{@code
 * h_n = transition(h_{n-1});  p_n = σ(h_n w + b)
 * q_n = p_n (1 - p_1) ... (1 - p_{n-1});  the last depth takes what is left
 * y   = sum_n q_n h_n;        ponder = sum_n n q_n
 * }</pre>
 *
 * <p>Every depth has a state of its own, {@code depth.n}.
 */
public final class DepthRecurrent extends RepeatedTransition {
  private static final String HALT = "halt";

  private final int width;
  private final double ponderWeight;

  DepthRecurrent(DepthRecurrentConfig config, MixerConfig.Place place) {
    super(config.transition().build(place), config.depth());
    this.width = place.width();
    this.ponderWeight = config.ponderWeight();
  }

  @Override
  public void declare(Declaration declaration) {
    transition.declare(declaration.child(TRANSITION));
    Declaration halt = declaration.child(HALT);
    halt.weight("weight", Initialisers.normal(0.02), width, 1);
    halt.undecayed("bias", Initialisers.zeros(), 1);
  }

  @Override
  protected Evolution run(Context context, Variable x, State initial, boolean step) {
    Tape tape = context.tape();
    Context own = context.child(TRANSITION);
    Context halt = context.child(HALT);
    Map<String, State> states = new LinkedHashMap<>();
    Variable h = x;
    Variable left = null;
    Variable y = null;
    Variable ponder = null;
    int[] consumed = null;
    for (int n = 1; n <= depth; n++) {
      State before = initial == null ? null : initial.child(path(n));
      Evolution evolution =
          step ? transition.step(own, h, before) : transition.forward(own, h, before);
      states.put(path(n), evolution.state());
      consumed = evolution.state().consumed();
      h = evolution.outputs();
      Variable p =
          Activations.apply(
              tape,
              Unary.SIGMOID,
              Dense.linear(tape, h, halt.parameter("weight"), halt.parameter("bias")));
      if (left == null) {
        left = Primitives.affine(tape, 0, p, 1);
      }
      Variable q = n == depth ? left : Primitives.multiply(tape, left, p);
      left = Primitives.subtract(tape, left, q);
      y = plus(tape, y, Primitives.multiply(tape, q, h));
      ponder = plus(tape, ponder, Primitives.affine(tape, n, q, 0));
    }
    context.addLoss("ponder", ponderWeight, mean(context, ponder));
    return new Evolution(y, State.of(states, consumed));
  }

  private static Variable plus(Tape tape, Variable sum, Variable term) {
    return sum == null ? term : Primitives.add(tape, sum, term);
  }

  /** The mean over valid positions of {@code [B, T, 1]}. */
  private static Variable mean(Context context, Variable values) {
    Tape tape = context.tape();
    int[] lengths = context.lengths();
    if (lengths == null) {
      return Primitives.mean(tape, values);
    }
    INDArray valid = tape.zeros(values.type(), values.shape());
    int count = 0;
    for (int b = 0; b < lengths.length; b++) {
      for (int t = 0; t < lengths[b]; t++) {
        valid.putScalar(new long[] {b, t, 0}, 1);
        count++;
      }
    }
    Variable sum = Primitives.sum(tape, Primitives.mask(tape, values, valid, 0));
    return Primitives.affine(tape, 1.0 / Math.max(1, count), sum, 0);
  }
}
