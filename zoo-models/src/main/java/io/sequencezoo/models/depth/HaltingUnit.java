package io.sequencezoo.models.depth;

import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.op.AdaptiveHalting;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.HaltingWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The halting of the positions of one pass. */
final class HaltingUnit {
  private static final String HALT = "halt";
  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";
  private static final String PONDER = "ponder";

  private final Context context;
  private final HaltingConfig config;
  private final int depth;
  private final List<Variable> logits = new ArrayList<>();
  private final List<Variable> candidates = new ArrayList<>();
  private @Nullable HaltingWeights weights;

  HaltingUnit(Context context, HaltingConfig config, int depth) {
    this.context = context;
    this.config = config;
    this.depth = depth;
  }

  static void declare(Declaration declaration, int width, double bias) {
    Declaration own = declaration.child(HALT);
    own.weight(WEIGHT, Initialisers.xavierUniform(1), width, 1);
    own.undecayed(BIAS, Initialisers.constant(bias), 1);
  }

  /**
   * Takes a step.
   *
   * @param z what the transition was applied to
   * @param h the state before; at the start, where all positions run, it isn't read
   * @param transformed what it gave
   * @return the state after
   */
  Variable next(Variable z, Variable h, Variable transformed) {
    Tape tape = context.tape();
    Context own = context.child(HALT);
    Variable logit = Dense.linear(tape, z, own.parameter(WEIGHT), own.parameter(BIAS));
    int positions = (int) logit.length();
    if (weights == null) {
      weights = new HaltingWeights(config.rule(), positions, depth);
    }
    INDArray running =
        config.halted() == HaltingConfig.Halted.COPY ? running(weights, logit) : null;
    logits.add(logit);
    candidates.add(transformed);
    weights.advance(logit);
    return running == null ? transformed : Primitives.where(tape, running, transformed, h);
  }

  /** 1 for positions that run and 0 for others; null where all do. */
  private static @Nullable INDArray running(HaltingWeights weights, Variable like) {
    double[] running = new double[(int) like.length()];
    for (int i = 0; i < running.length; i++) {
      running[i] = weights.isRunning(i) ? 1 : 0;
    }
    return Arrays.stream(running).allMatch(one -> one == 1)
        ? null
        : Nd4j.createFromArray(running).castTo(like.type()).reshape('c', like.shape());
  }

  /** What all steps became; the ponder cost is added to the losses. */
  Variable result() {
    checkState(weights != null, "halting: needs a step before its result, got none");
    Tape tape = context.tape();
    AdaptiveHalting.Result result = AdaptiveHalting.apply(tape, weights, logits, candidates);
    Variable steps = context.pass(UniversalTransformer.DEPTH, result.steps());
    context.addLoss(
        PONDER, config.ponderWeight(), mean(Primitives.add(tape, steps, result.remainder())));
    return result.state();
  }

  /** The mean over valid positions of {@code [B, T, 1]}. */
  private Variable mean(Variable values) {
    Tape tape = context.tape();
    int[] lengths = context.lengths();
    if (lengths == null) {
      return Primitives.mean(tape, values);
    }
    int steps = values.size(1);
    double[] valid = new double[lengths.length * steps];
    for (int b = 0; b < lengths.length; b++) {
      Arrays.fill(valid, b * steps, b * steps + lengths[b], 1);
    }
    INDArray mask = Nd4j.createFromArray(valid).castTo(values.type()).reshape('c', values.shape());
    Variable sum = Primitives.sum(tape, Primitives.mask(tape, values, mask, 0));
    return Primitives.affine(tape, 1.0 / Math.max(1, Arrays.stream(lengths).sum()), sum, 0);
  }
}
