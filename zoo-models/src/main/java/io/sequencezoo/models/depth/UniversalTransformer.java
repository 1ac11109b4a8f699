package io.sequencezoo.models.depth;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Universal Transformer: one stage, the transition, is run again and again with the same
 * parameters. It is told the position and the step, and every position may halt by itself.
 *
 * <pre>{@code
 * z_n = h_{n-1} + P_t + Q_n              h_0 = x;  timing of position and step
 * h_n = F(z_n)                           the shared transition
 * p_n = σ(z_n w + b)                     halting, from before the transition
 * y   = what the h_n become by p_n       AdaptiveHalting; h_N where nothing halts
 * }</pre>
 *
 * <p>With injection, {@code z_n} is {@code h_{n-1} + x} or {@code [h_{n-1}, x] W}, and {@code h_0 =
 * 0}: looped Transformers and depth-recurrent reasoning, usually without halting.
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}
 *   <li>{@code halt.weight}: {@code [D, 1]}; {@code halt.bias}: {@code [1]}; {@code step.weight}:
 *       {@code [N, D]}; {@code position.weight}: {@code [P, D]}; {@code injection.weight}: {@code
 *       [2D, D]}; each where it is asked for
 *   <li>every step has a state of its own, {@code depth.n}, n from 1: a later token may go deeper
 *       than those before it, so that each of them takes all N steps, and halting saves no time
 *   <li>the steps that positions took pass {@code depth}, {@code [B, T, 1]}; the loss {@code
 *       ponder} is the mean of steps plus remainder
 * </ul>
 *
 * <p>Cost: N times the transition's. Differs from the source: causal, so that it streams; the
 * timing is scaled; the loop doesn't end early.
 */
@Paper(
    key = "dehghani2018universal",
    arxiv = "1807.03819",
    title = "Universal Transformers",
    authors = "Dehghani et al. 2018")
@Source(
    repo = "tensorflow/tensor2tensor",
    path = "tensor2tensor/models/research/universal_transformer_util.py",
    commit = "bafdc1b67730430d38d6ab802cbd51f9d053ba2e")
public final class UniversalTransformer extends RepeatedTransition {
  /** The place that steps per position pass, under the stage. */
  public static final String DEPTH = "depth";

  private static final String INJECTION = "injection";
  private static final String WEIGHT = "weight";

  private final int width;
  private final Injection injection;
  private final TimingSignals timing;
  private final @Nullable HaltingConfig halting;

  /** The stage of a configuration whose transition leaves nothing open. */
  UniversalTransformer(UniversalTransformerConfig config, MixerConfig.Place place) {
    super(config.transition().build(place), config.depth());
    this.width = place.width();
    this.injection = config.injection();
    this.timing = new TimingSignals(config, width);
    this.halting = config.halting();
  }

  @Override
  public void declare(Declaration declaration) {
    transition.declare(declaration.child(TRANSITION));
    timing.declare(declaration);
    if (injection == Injection.CONCATENATE) {
      declaration.child(INJECTION).weight(WEIGHT, Initialisers.xavierUniform(1), 2L * width, width);
    }
    if (halting != null) {
      HaltingUnit.declare(declaration, width, halting.bias());
    }
  }

  @Override
  protected Evolution run(Context context, Variable x, @Nullable State initial, boolean step) {
    Map<String, State> states = new LinkedHashMap<>();
    Variable positions = timing.positions(context, x, initial);
    HaltingUnit unit = halting == null ? null : new HaltingUnit(context, halting, depth);
    Variable h = x;
    int[] consumed = {};
    for (int n = 0; n < depth; n++) {
      Variable z = timing.add(context, injected(context, x, n == 0 ? null : h), positions, n);
      Context own = context.again(n).child(TRANSITION);
      State before = initial == null ? null : initial.child(path(n + 1));
      Evolution evolution =
          step ? transition.step(own, z, before) : transition.forward(own, z, before);
      states.put(path(n + 1), evolution.state());
      consumed = evolution.state().consumed();
      h = unit == null ? evolution.outputs() : unit.next(z, h, evolution.outputs());
    }
    if (unit == null && context.isIntercepted()) {
      // Whoever looks learns that all positions took all steps.
      INDArray all = context.tape().zeros(x.type(), x.size(0), x.size(1), 1).addi(depth);
      context.pass(DEPTH, context.tape().constant(all));
    }
    return new Evolution(unit == null ? h : unit.result(), State.of(states, consumed));
  }

  /** What a step is applied to; h is what the one before gave, null before the first. */
  private Variable injected(Context context, Variable x, @Nullable Variable h) {
    Tape tape = context.tape();
    return switch (injection) {
      case NONE -> h == null ? x : h;
      case ADD -> h == null ? x : Primitives.add(tape, h, x);
      case CONCATENATE -> {
        Variable before = h == null ? Primitives.zerosLike(tape, x) : h;
        yield Dense.linear(
            tape,
            Primitives.concat(tape, 2, before, x),
            context.child(INJECTION).parameter(WEIGHT),
            null);
      }
    };
  }
}
