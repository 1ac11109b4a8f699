package io.sequencezoo.train;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Interceptor;
import io.sequencezoo.core.data.ContinuousBatch;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.models.model.Forecaster;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Generalised teacher forcing (Hess et al., arXiv 2306.04406): what goes in is between the true
 * series and the model's own forecast, through which gradients flow.
 *
 * <pre>{@code
 * x_1 = u_1
 * x_t = α u_t + (1 - α) û_t            û_t the forecast of the nearest step after x_1, ..., x_{t-1}
 * }</pre>
 *
 * <p>α = 1 is teacher forcing, in one pass over whole sequences; α = 0 is the closed loop that the
 * model is used in. Below 1 the model goes step by step. Gradients through the loop shrink by 1 - α
 * at every step, so that they stay bounded along chaotic series where α is large enough. The loss
 * is that of {@link ContinuousObjective}. Differs from the paper: it forces the state of a network
 * whose first numbers are observed; here the input is forced, which is what any mixer sees of the
 * series.
 */
public final class ForcedObjective implements Objective<ForcedBatch> {
  /** The place of {@link io.sequencezoo.models.model.ContinuousInput}. */
  private static final String INPUT = "input";

  private final Forecaster model;
  private final ContinuousObjective plain;

  /** The objective of a model. */
  public ForcedObjective(Forecaster model) {
    this.model = model;
    this.plain = new ContinuousObjective(model);
  }

  @Override
  public Loss loss(Context context, ForcedBatch batch) {
    ContinuousBatch series = batch.series();
    if (batch.alpha() == 1) {
      return plain.loss(context, series);
    }
    Tape tape = context.tape();
    int features = model.config().features();
    Variable[] outputs = new Variable[series.steps()];
    State state = null;
    for (int t = 0; t < outputs.length; t++) {
      INDArray truth =
          series
              .inputs()
              .get(NDArrayIndex.all(), NDArrayIndex.interval(t, t + 1), NDArrayIndex.all())
              .dup('c');
      Variable given = tape.constant(truth);
      if (t > 0) {
        Variable forecast = Primitives.slice(tape, outputs[t - 1], 2, 0, features);
        given =
            Primitives.add(
                tape,
                Primitives.affine(tape, batch.alpha(), given, 0),
                Primitives.affine(tape, 1 - batch.alpha(), forecast, 0));
      }
      Evolution evolution = model.evolve(context.intercepted(in(given)), truth, state);
      outputs[t] = evolution.outputs();
      state = evolution.state();
    }
    Variable ahead =
        Primitives.reshape(tape, Primitives.concat(tape, 1, outputs), series.targets().shape());
    Variable error = Losses.meanSquaredError(tape, ahead, series.targets(), series.mask());
    return Loss.of(context, error, series.targetCount());
  }

  /** Puts a value in place of the input. */
  private static Interceptor in(Variable given) {
    return (place, input, inner) -> inner.apply(place.equals(INPUT) ? given : input);
  }
}
