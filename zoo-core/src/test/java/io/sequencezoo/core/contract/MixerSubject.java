package io.sequencezoo.core.contract;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * One configuration of a sequence mixer in one precision, built and with weights: what laws run on.
 */
public final class MixerSubject {
  /** Odd where the configuration allows it, so that no vector loop comes out even. */
  private static final int[] WIDTHS = {5, 6, 8};

  private static final long SEED = 20261122;

  private final MixerConfig config;
  private final DataType type;
  private final int width;
  private final Parametrisation parametrisation;
  private final Parameters parameters;

  private MixerSubject(MixerConfig config, DataType type) {
    this.config = config;
    this.type = type;
    this.width = fittingWidth(config, w -> config.build(MixerConfig.Place.alone(w)));
    SequenceMixer built = config.build(MixerConfig.Place.alone(width));
    this.parametrisation = built.parametrisation();
    this.parameters = Parameters.of(built, type, SEED);
    stir(parameters);
  }

  /** Builds the subject at the first width that fits. */
  public static MixerSubject of(MixerConfig config, DataType type) {
    return new MixerSubject(config, type);
  }

  /** The first of some small widths that a configuration accepts. */
  static int fittingWidth(BlockConfig config, IntConsumer build) {
    IllegalArgumentException last = null;
    for (int width : WIDTHS) {
      try {
        build.accept(width);
        return width;
      } catch (IllegalArgumentException e) {
        last = e;
      }
    }
    throw new AssertionError(config + ": examples must fit width 8", last);
  }

  /** Moves every parameter off its initial value, so that zeros and ones hide no mistake. */
  static void stir(Parameters parameters) {
    for (ParameterSpec spec : parameters.specs()) {
      INDArray value = parameters.value(spec.name());
      value.addi(random(parameters.type(), spec.name().hashCode(), spec.shape()).muli(0.1));
    }
  }

  /** Reproducible numbers in (-1, 1), the same in both precisions up to rounding. */
  static INDArray random(DataType type, long seed, long... shape) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    double[] values = new SplittableRandom(seed).doubles(length, -1, 1).toArray();
    return Nd4j.createFromArray(values).castTo(type).reshape('c', shape);
  }

  /** An input {@code [B, T, D]}. */
  INDArray input(long seed, int batch, int steps) {
    return random(type, seed, batch, steps, width).muli(1.5);
  }

  /** Steps {@code from} to {@code to - 1} of an input. */
  static INDArray slice(INDArray x, int from, int to) {
    return x.get(NDArrayIndex.all(), NDArrayIndex.interval(from, to), NDArrayIndex.all())
        .dup('c')
        .reshape('c', x.size(0), to - from, x.size(2));
  }

  /** Row b of an input, as a batch of one. */
  static INDArray row(INDArray x, int b) {
    return x.get(NDArrayIndex.interval(b, b + 1), NDArrayIndex.all(), NDArrayIndex.all())
        .dup('c')
        .reshape('c', 1, x.size(1), x.size(2));
  }

  /**
   * The context of an input, with tokens behind it for blocks that ask: 0 or 1 by the sign of a
   * position's first number, so that they go wherever positions go.
   */
  public static Context offering(Context context, INDArray x) {
    INDArray tokens = Nd4j.create(DataType.INT32, x.size(0), x.size(1));
    for (long i = 0; i < tokens.length() && !x.isEmpty(); i++) {
      tokens.putScalar(i, x.getDouble(i / x.size(1), i % x.size(1), 0) > 0 ? 1 : 0);
    }
    context.offerTokens(tokens);
    return context;
  }

  /** Runs the mixer over a sequence, as in inference. */
  Result forward(Solver solver, INDArray x, State initial, int[] lengths) {
    return forward(solver, parameters, x, initial, lengths);
  }

  /** The same with other parameters. */
  Result forward(Solver solver, Parameters weights, INDArray x, State initial, int[] lengths) {
    try (Tape tape = Tape.inference()) {
      Context context = offering(Context.inference(tape, weights), x);
      if (lengths != null) {
        context = context.withLengths(lengths);
      }
      return Result.of(mixer(solver).forward(context, tape.constant(x), initial));
    }
  }

  /** Steps through x on one tape that starts over for every token; the outputs. */
  List<INDArray> repeatedSteps(INDArray x) {
    List<INDArray> outputs = new ArrayList<>();
    try (Tape tape = Tape.stepping()) {
      Context context = Context.inference(tape, parameters);
      State state = null;
      for (int t = 0; t < x.size(1); t++) {
        INDArray token = slice(x, t, t + 1);
        Evolution next =
            mixer(Solver.AUTO).step(offering(context, token), tape.constant(token), state);
        outputs.add(next.outputs().value().dup('c'));
        state = next.state().detach();
        context.startOver();
      }
    }
    return outputs;
  }

  /** Runs one token by the step's own code. */
  Result step(INDArray x, State state) {
    try (Tape tape = Tape.inference()) {
      Context context = offering(Context.inference(tape, parameters), x);
      return Result.of(mixer(Solver.AUTO).step(context, tape.constant(x), state));
    }
  }

  /**
   * Gradients of input and parameters, and the outputs, for given cotangents of the outputs.
   *
   * @param lengths valid positions, or null
   */
  List<INDArray> gradients(Solver solver, INDArray x, INDArray cotangent, int[] lengths) {
    parameters.zeroGradients();
    try (Tape tape = Tape.training()) {
      Context context = offering(Context.training(tape, parameters, SEED), x);
      if (lengths != null) {
        context = context.withLengths(lengths);
      }
      Variable input = tape.variable(x);
      Variable y = mixer(solver).forward(context, input, null).outputs();
      tape.backward(List.of(y), List.of(cotangent));
      List<INDArray> results = new ArrayList<>();
      results.add(outside(y.value()));
      results.add(outside(input.gradient()));
      for (ParameterSpec spec : parameters.specs()) {
        results.add(outside(parameters.gradient(spec.name())));
      }
      return results;
    }
  }

  /** A copy outside of every workspace. */
  static INDArray outside(INDArray array) {
    try (var scope = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return array.dup('c');
    }
  }

  /** The mixer with one of its solvers. */
  SequenceMixer mixer(Solver solver) {
    return new SequenceMixer(parametrisation, solver);
  }

  /** Every solver that the recurrence claims. */
  List<Solver> solvers() {
    return parametrisation.recurrence().solvers().stream().sorted().toList();
  }

  /** What the weights were drawn from. */
  long seed() {
    return SEED;
  }

  /** The configuration. */
  MixerConfig config() {
    return config;
  }

  /** The precision. */
  DataType type() {
    return type;
  }

  /** What two ways to compute the same thing may differ by. */
  double tolerance() {
    return Tolerances.of(type);
  }

  /** D. */
  int width() {
    return width;
  }

  /** The architecture. */
  Parametrisation parametrisation() {
    return parametrisation;
  }

  /**
   * The steps of the longest chunk C, which lengths go by, so that sequences end on both sides of
   * its border: 64, and 4 in examples of memories that learn, where a token costs a hundred times
   * as much.
   */
  int chunk() {
    return learns() ? 4 : 64;
  }

  /**
   * Numbers of a tensor that short sequences are differentiated by: 8, and 4 of memories that
   * learn, which hold every weight two or three times.
   */
  int samples() {
    return learns() ? 4 : 8;
  }

  private boolean learns() {
    return parametrisation.recurrence().family() == Family.OPTIMISER_MEMORY;
  }

  /** The steps of a chunk and a rest. */
  int chunkAndRest() {
    return chunk() + 2;
  }

  /** Whether positions see those after them. */
  public boolean isBidirectional() {
    return parametrisation.isBidirectional();
  }

  /** The weights. */
  Parameters parameters() {
    return parameters;
  }

  /** Outputs and state that outlive their tape. */
  record Result(INDArray y, State state) {
    static Result of(Evolution evolution) {
      return new Result(outside(evolution.outputs().value()), evolution.state().detach());
    }
  }
}
