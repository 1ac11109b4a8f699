package io.sequencezoo.models;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.contract.MixerSubject;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A block that is built and has weights, and runs on whatever is given. */
final class AttackSubject {
  private static final int[] WIDTHS = {8, 5};
  private static final long SEED = 7;

  private final Parameters parameters;
  private final Body body;
  private final int vocabulary;

  /** The shape of an input of one row and so many steps. */
  private final IntFunction<long[]> shape;

  private AttackSubject(
      Block block, DataType type, int vocabulary, IntFunction<long[]> shape, Body body) {
    this.parameters = Parameters.of(block, type, SEED);
    this.vocabulary = vocabulary;
    this.shape = shape;
    this.body = body;
  }

  /** The subject of a configuration of any kind. */
  static AttackSubject of(BlockConfig config, DataType type) {
    return Kinds.<AttackSubject>choose(
        config,
        mixer -> of(mixer, type),
        feedForward -> of(feedForward.build(MixerConfig.Place.alone(WIDTHS[0])), type),
        model -> of(model.build(), type));
  }

  private static AttackSubject of(MixerConfig config, DataType type) {
    IllegalArgumentException last = null;
    for (int width : WIDTHS) {
      try {
        return of(config.build(MixerConfig.Place.alone(width)), width, type);
      } catch (IllegalArgumentException e) {
        last = e;
      }
    }
    throw new AssertionError(config + ": examples must fit width 5 or 8", last);
  }

  private static AttackSubject of(SequenceMixer mixer, int width, DataType type) {
    boolean causal = !mixer.parametrisation().isBidirectional();
    return new AttackSubject(
        mixer,
        type,
        0,
        steps -> new long[] {1, steps, width},
        (context, input, x) -> {
          Evolution sequence = mixer.forward(context, x, null);
          List<Variable> results = new ArrayList<>(List.of(sequence.outputs()));
          results.addAll(sequence.state().parts().values());
          if (causal) {
            Variable next = context.tape().constant(input.token());
            Context one = MixerSubject.offering(context.withLengths(input.ones()), input.token());
            results.add(mixer.step(one, next, sequence.state()).outputs());
          }
          return results;
        });
  }

  private static AttackSubject of(FeedForward block, DataType type) {
    return new AttackSubject(
        block,
        type,
        0,
        steps -> new long[] {1, steps, WIDTHS[0]},
        (context, input, x) -> List.of(block.forward(context, x)));
  }

  private static AttackSubject of(Model model, DataType type) {
    return new AttackSubject(
        model,
        type,
        model.input().vocabulary(),
        steps -> model.input().shape(1, steps),
        (context, input, x) -> {
          Evolution sequence = model.evolve(context, input.array(), null);
          State state = sequence.state();
          return List.of(
              sequence.outputs(),
              model.step(context.withLengths(input.ones()), input.token(), state).outputs());
        });
  }

  /** Outputs, state, one more step, and the gradients of input and parameters. */
  List<INDArray> everything(AttackInput input) {
    parameters.zeroGradients();
    try (Tape tape = Tape.training()) {
      Variable x = takesTokens() ? null : tape.variable(input.array());
      Context context = given(Context.training(tape, parameters, SEED), input);
      List<Variable> outputs = body.run(context, input, x);
      List<INDArray> results = new ArrayList<>();
      outputs.forEach(output -> results.add(outside(output.value())));
      Variable y = outputs.get(0);
      tape.backward(List.of(y), List.of(input.cotangent(y.shape())));
      if (x != null && x.gradient() != null) {
        results.add(outside(x.gradient()));
      }
      for (ParameterSpec spec : parameters.specs()) {
        results.add(outside(parameters.gradient(spec.name())));
      }
      return results;
    }
  }

  /** Outputs and state, by inference: several threads may ask at once. */
  List<INDArray> outputs(AttackInput input) {
    try (Tape tape = Tape.inference()) {
      Variable x = takesTokens() ? null : tape.constant(input.array());
      Context context = given(Context.inference(tape, parameters), input);
      return body.run(context, input, x).stream().map(output -> outside(output.value())).toList();
    }
  }

  private Context given(Context context, AttackInput input) {
    Context known = input.lengths() == null ? context : context.withLengths(input.lengths());
    return takesTokens() ? known : MixerSubject.offering(known, input.array());
  }

  private static INDArray outside(INDArray array) {
    try (var scope = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return array.dup('c');
    }
  }

  /** Whether tokens go in instead of numbers. */
  boolean takesTokens() {
    return vocabulary > 0;
  }

  /** The number of tokens. */
  int vocabulary() {
    return vocabulary;
  }

  /** The shape of an input. */
  long[] shape(int rows, int steps) {
    long[] all = shape.apply(steps);
    all[0] = rows;
    return all;
  }

  /** The type of numbers. */
  DataType type() {
    return parameters.type();
  }

  /** A pass over a sequence, and what it leaves behind. */
  private interface Body {
    List<Variable> run(Context context, AttackInput input, Variable x);
  }
}
