package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.FusedParametrisation;
import io.sequencezoo.core.block.Interceptor;
import io.sequencezoo.core.block.PackedSequences;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Poison;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.core.registry.BlockConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The contract of whole models. */
public final class ModelLaws {
  private static final int BATCH = 3;
  private static final int STEPS = 7;

  /** Law 1 of the design: 1e-10 relative in double, 1e-4 in float. */
  private static final Map<DataType, Double> SAME =
      Map.of(DataType.DOUBLE, 1e-10, DataType.FLOAT, 1e-4);

  /** Differences of fourth order, since norms bend, at a small step, since ReLU has kinks. */
  private static final double GRADIENT = 1e-6;

  private static final double STEP = 5e-7;

  private final ModelConfig config;
  private final DataType type;
  private final Model model;
  private final Parameters parameters;
  private final INDArray input;

  private ModelLaws(ModelConfig config, DataType type) {
    this.config = config;
    this.type = type;
    this.model = config.build();
    this.parameters = Parameters.of(model, type, 3);
    // Far enough from zero for every branch to matter. Rates and other parameters that aren't
    // weights have scales of their own: five times a logarithm saturates its layer.
    for (ParameterSpec spec : parameters.specs()) {
      if (spec.decayed()) {
        parameters.value(spec.name()).muli(5);
      }
    }
    this.input = random(model.input().shape(BATCH, STEPS));
  }

  private INDArray random(long[] shape) {
    SplittableRandom random = new SplittableRandom(5);
    int count = (int) Arrays.stream(shape).reduce(1, (x, y) -> x * y);
    int vocabulary = model.input().vocabulary();
    if (vocabulary > 0) {
      int[] ids = random.ints(count, 0, vocabulary).toArray();
      return Nd4j.createFromArray(ids).reshape('c', shape);
    }
    double[] numbers = random.doubles(count, -2, 2).toArray();
    return Nd4j.createFromArray(numbers).castTo(type).reshape('c', shape);
  }

  /** The laws by name. */
  public static Map<String, Runnable> laws(ModelConfig config, DataType type) {
    Map<String, Runnable> laws = new LinkedHashMap<>();
    laws.put("1 step = sequence", () -> new ModelLaws(config, type).stepIsSequence());
    laws.put("2 hand-over", () -> new ModelLaws(config, type).handOver());
    laws.put("2 streaming", () -> new ModelLaws(config, type).streaming());
    laws.put("2 size of the state", () -> new ModelLaws(config, type).stateBytes());
    laws.put("3 causality", () -> new ModelLaws(config, type).causality());
    laws.put("5 linearisation", () -> new ModelLaws(config, type).linearisation());
    if (type == DataType.DOUBLE) {
      laws.put("4 gradients = differences", () -> new ModelLaws(config, type).gradients());
    }
    laws.put("6 padding", () -> new ModelLaws(config, type).padding());
    laws.put("6 packed sequences", () -> new ModelLaws(config, type).packed());
    laws.put("8 round trip", () -> new ModelLaws(config, type).roundTrip());
    laws.put("10 poisoned memory", () -> new ModelLaws(config, type).poison());
    laws.put("looking changes nothing", () -> new ModelLaws(config, type).looking());
    laws.put("what is skipped", () -> new ModelLaws(config, type).skipping());
    return laws;
  }

  private double[][] forward(INDArray given, int[] lengths) {
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    Context own = lengths == null ? context : context.withLengths(lengths);
    return rows(model.forward(own, given));
  }

  /** Positions of all rows. */
  private INDArray positions(int from, int to) {
    return slice(input, 0, BATCH, from, to);
  }

  /** The first positions of one row, {@code [1, T, ...]}. */
  private INDArray row(int b, int length) {
    return slice(input, b, b + 1, 0, length);
  }

  private static INDArray slice(INDArray of, int firstRow, int endRow, int from, int to) {
    long[] shape = of.shape().clone();
    shape[0] = (long) endRow - firstRow;
    shape[1] = (long) to - from;
    INDArray part = Nd4j.createUninitialized(of.dataType(), shape, 'c');
    long inner = of.length() / (of.size(0) * of.size(1));
    INDArray source = of.reshape('c', of.size(0), of.size(1), inner);
    INDArray target = part.reshape('c', shape[0], shape[1], inner);
    for (int b = 0; b < shape[0]; b++) {
      for (int t = 0; t < shape[1]; t++) {
        for (int i = 0; i < inner; i++) {
          target.putScalar(new long[] {b, t, i}, source.getDouble(firstRow + b, from + t, i));
        }
      }
    }
    return part;
  }

  /** Zeros in place of what follows the first positions of each row. */
  private INDArray cleared(int[] lengths) {
    INDArray other = input.dup('c');
    long inner = input.length() / (BATCH * STEPS);
    INDArray flat = other.reshape('c', BATCH, STEPS, inner);
    for (int b = 0; b < BATCH; b++) {
      for (int t = lengths[b]; t < STEPS; t++) {
        for (int i = 0; i < inner; i++) {
          flat.putScalar(new long[] {b, t, i}, 0);
        }
      }
    }
    return other;
  }

  /** One array per position, row by row. */
  private static double[][] rows(Variable logits) {
    int v = logits.size(-1);
    double[] all = logits.value().dup('c').data().asDouble();
    double[][] rows = new double[all.length / v][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(all, i * v, (i + 1) * v);
    }
    return rows;
  }

  private void assertSame(double[] actual, double[] expected) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    double tolerance = SAME.get(type) * largest;
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      // AssertJ boxes every element of a large array; written so that NaN fails.
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) {
        assertThat(actual).containsExactly(expected, within(tolerance));
      }
    }
  }

  private void stepIsSequence() {
    double[][] expected = forward(input, null);
    Context context = Context.inference(Tape.detached(), parameters);
    State state = model.initialState(context, BATCH, type);
    for (int t = 0; t < STEPS; t++) {
      Evolution output = model.step(context, positions(t, t + 1), state);
      state = output.state();
      double[][] outputs = rows(output.outputs());
      for (int b = 0; b < BATCH; b++) {
        assertSame(outputs[b], expected[b * STEPS + t]);
      }
    }
    assertThat(state.consumed()).containsOnly(STEPS);
  }

  private void handOver() {
    double[][] expected = forward(input, null);
    for (int cut = 1; cut < STEPS; cut++) {
      Context context = Context.inference(Tape.detached(), parameters);
      State state = model.evolve(context, positions(0, cut), null).state().detach();
      double[][] outputs = rows(model.evolve(context, positions(cut, STEPS), state).outputs());
      for (int b = 0; b < BATCH; b++) {
        assertSame(outputs[(b + 1) * (STEPS - cut) - 1], expected[(b + 1) * STEPS - 1]);
      }
    }
  }

  /** Pieces with the state on disk between them are the whole; steps and stretches mixed. */
  private void streaming() {
    double[][] expected = forward(input, null);
    State state = null;
    int[] cuts = {2, 3, 4, STEPS};
    int from = 0;
    for (int to : cuts) {
      Context context = Context.inference(Tape.detached(), parameters);
      INDArray piece = positions(from, to);
      Evolution output =
          to == 3 ? model.step(context, piece, state) : model.evolve(context, piece, state);
      double[][] outputs = rows(output.outputs());
      for (int b = 0; b < BATCH; b++) {
        assertSame(outputs[(b + 1) * (to - from) - 1], expected[b * STEPS + to - 1]);
      }
      state = throughFile(output.state());
      assertThat(state.consumed()).containsOnly(to);
      from = to;
    }
  }

  private void stateBytes() {
    Context context = Context.inference(Tape.detached(), parameters);
    State state = model.evolve(context, input, null).state();
    assertThat(model.stack().stateBytes(STEPS, type)).isEqualTo(state.bytesPerRow());
  }

  private void causality() {
    double[][] expected = forward(input, null);
    int known = STEPS / 2;
    double[][] outputs = forward(cleared(new int[] {known, known, known}), null);
    for (int b = 0; b < BATCH; b++) {
      for (int t = 0; t < known; t++) {
        assertSame(outputs[b * STEPS + t], expected[b * STEPS + t]);
      }
    }
  }

  /** Every mixer of a model is the linear system that it is alone, on the input it gets there. */
  private void linearisation() {
    Context context = Context.inference(Tape.detached(), parameters);
    model
        .mixers()
        .forEach(
            (path, mixer) -> {
              List<Variable> seen = new ArrayList<>();
              Interceptor looker =
                  (place, x, inner) -> {
                    if (place.equals(path)) {
                      seen.add(x);
                    }
                    return inner.apply(x);
                  };
              model.forward(context.intercepted(looker), row(0, STEPS));
              LinearSystem alone = mixer.linearize(context.child(path), seen.get(0), null, 0, 0);
              LinearSystem inside = model.linearize(context, row(0, STEPS), path, 0);
              assertThat(inside.steps()).isEqualTo(STEPS);
              assertThat(inside.inputs()).isDeepEqualTo(alone.inputs());
            });
  }

  /** Who only looks sees every place and changes no bit; sequences and steps alike. */
  private void looking() {
    for (boolean step : new boolean[] {false, true}) {
      INDArray given = step ? positions(0, 1) : input;
      Tape plain = Tape.detached();
      double[][] expected = rows(run(Context.inference(plain, parameters), given, step));
      Tape watched = Tape.detached();
      Set<String> places = new HashSet<>();
      Interceptor looker =
          (place, x, inner) -> {
            places.add(place);
            return inner.apply(x);
          };
      Context context = Context.inference(watched, parameters).intercepted(looker);
      assertThat(rows(run(context, given, step))).isDeepEqualTo(expected);
      if (!step && model.mixers().values().stream().anyMatch(ModelLaws::isFused)) {
        assertThat(watched.length()).isGreaterThan(plain.length());
      } else {
        assertThat(watched.length()).isEqualTo(plain.length());
      }
      assertThat(places).contains("layers.0", "head");
      for (String mixer : model.mixers().keySet()) {
        assertThat(places).contains(mixer, mixer + ".evolve", mixer + ".read_out");
        assertThat(places).anyMatch(place -> place.startsWith(mixer + ".drive."));
      }
    }
  }

  /** Whether what lies between its places is in memory only while somebody looks. */
  private static boolean isFused(SequenceMixer mixer) {
    return mixer.parametrisation() instanceof FusedParametrisation;
  }

  private Variable run(Context context, INDArray given, boolean step) {
    return step ? model.step(context, given, null).outputs() : model.forward(context, given);
  }

  /** A stage that is skipped passes its input on and leaves its state as it was. */
  private void skipping() {
    Interceptor skip = (place, x, inner) -> place.equals("layers.0") ? x : inner.apply(x);
    Context plain = Context.inference(Tape.detached(), parameters);
    Context context = plain.intercepted(skip);
    State before = model.evolve(plain, input, null).state();
    State fresh = model.initialState(plain, BATCH, type).child("layers.0");
    State first = model.evolve(context, input, null).state();
    assertThat(numbers(first.child("layers.0"))).isEqualTo(numbers(fresh));
    State after = model.step(context, positions(0, 1), before).state();
    assertThat(after.child("layers.0")).isSameAs(before.child("layers.0"));
    assertThat(after.consumed()).containsOnly(STEPS + 1);
  }

  private static Map<String, List<Double>> numbers(State state) {
    Map<String, List<Double>> numbers = new LinkedHashMap<>();
    state
        .parts()
        .forEach(
            (name, part) ->
                numbers.put(
                    name, Arrays.stream(part.value().dup('c').data().asDouble()).boxed().toList()));
    state.children().forEach((path, child) -> numbers.putAll(numbers(child)));
    return numbers;
  }

  private State throughFile(State state) {
    try {
      Path file = Files.createTempFile("zoo-state", ".safetensors");
      try {
        ModelStateFiles.save(file, model, state);
        return ModelStateFiles.load(file, model, parameters);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void padding() {
    int[] lengths = {4, STEPS, 1};
    double[][] first = forward(input, lengths);
    double[][] second = forward(cleared(lengths), lengths);
    Context context = Context.inference(Tape.detached(), parameters).withLengths(lengths);
    double[][] last = rows(model.prefill(context, input, null).outputs());
    for (int b = 0; b < BATCH; b++) {
      double[][] alone = forward(row(b, lengths[b]), null);
      for (int t = 0; t < lengths[b]; t++) {
        assertSame(first[b * STEPS + t], alone[t]);
        assertThat(second[b * STEPS + t]).containsExactly(first[b * STEPS + t]);
      }
      assertSame(last[b], alone[lengths[b] - 1]);
    }
  }

  /** Sequences in one row are what each is alone: outputs, gradients, and what follows them. */
  private void packed() {
    int[] lengths = {4, 1, STEPS - 1};
    PackedSequences sequences = PackedSequences.ofLengths(lengths);
    INDArray[] own = new INDArray[BATCH];
    INDArray[] next = new INDArray[BATCH];
    for (int b = 0; b < BATCH; b++) {
      own[b] = row(b, lengths[b]);
      next[b] = slice(input, b, b + 1, STEPS - 1, STEPS);
    }
    INDArray row = Nd4j.concat(1, own);
    Tape tape = Tape.detached();
    parameters.zeroGradients();
    Context context = Context.inference(tape, parameters).withSequences(sequences);
    Evolution output = model.evolve(context, row, null);
    tape.backward(summed(tape, output.outputs()));
    double[] gradients = parameters.gradients().dup().data().asDouble();
    double[][] together = rows(output.outputs());
    double[][] last = rows(model.prefill(context, row, null).outputs());
    Context three = context.withSequences(PackedSequences.ofLengths(1, 1, 1));
    double[][] continued =
        rows(model.evolve(three, Nd4j.concat(1, next), output.state()).outputs());
    parameters.zeroGradients();
    for (int b = 0; b < BATCH; b++) {
      Tape other = Tape.detached();
      Context one = Context.inference(other, parameters);
      Evolution alone = model.evolve(one, own[b], null);
      double[][] expected = rows(alone.outputs());
      for (int t = 0; t < lengths[b]; t++) {
        assertSame(together[sequences.start(b) + t], expected[t]);
      }
      assertSame(last[b], expected[lengths[b] - 1]);
      assertSame(continued[b], rows(model.evolve(one, next[b], alone.state()).outputs())[0]);
      other.backward(summed(other, alone.outputs()));
    }
    assertSame(gradients, parameters.gradients().dup().data().asDouble());
  }

  /** A loss whose gradients differ from entry to entry. */
  private static Variable summed(Tape tape, Variable logits) {
    return Primitives.sum(tape, Primitives.multiply(tape, logits, logits));
  }

  private double loss(boolean backward) {
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    Variable outputs = model.forward(context, input);
    Variable loss =
        model instanceof TokenModel
            ? crossEntropy(tape, outputs)
            : Primitives.affine(tape, 0.1 / outputs.value().length(), summed(tape, outputs), 0);
    for (Context.AuxiliaryLoss extra : context.losses().values()) {
      loss = Primitives.add(tape, loss, extra.value());
    }
    if (backward) {
      parameters.zeroGradients();
      tape.backward(loss);
    }
    return loss.value().getDouble(0);
  }

  private Variable crossEntropy(Tape tape, Variable logits) {
    INDArray targets = input.dup('c');
    targets.putScalar(new int[] {0, 2}, Losses.IGNORE);
    return Losses.crossEntropy(tape, logits, targets, Losses.IGNORE, null).loss();
  }

  private void gradients() {
    loss(true);
    INDArray gradients = parameters.gradients().dup();
    double largest = gradients.amaxNumber().doubleValue();
    for (ParameterSpec spec : parameters.specs()) {
      // A few elements of every parameter; the blocks' own tests look at all of theirs.
      for (long i = 0; i < spec.length(); i += Math.max(1, spec.length() / 5)) {
        long at = parameters.offset(spec.name()) + i;
        double narrow = difference(at, STEP);
        double wide = difference(at, 2 * STEP);
        assertThat(gradients.getDouble(at))
            .as("gradient of %s[%s]", spec.name(), i)
            .isCloseTo((8 * narrow - wide) / (12 * STEP), within(GRADIENT * largest));
      }
    }
  }

  private double difference(long at, double step) {
    double value = parameters.values().getDouble(at);
    parameters.values().putScalar(at, value + step);
    double up = loss(false);
    parameters.values().putScalar(at, value - step);
    double down = loss(false);
    parameters.values().putScalar(at, value);
    return up - down;
  }

  private void roundTrip() {
    String json = Configs.write(config);
    BlockConfig again = Configs.read("contract", json, BlockConfig.class);
    assertThat(again).isEqualTo(config);
    assertThat(Configs.write(again)).isEqualTo(json);
    try {
      Path folder = Files.createTempDirectory("zoo-model");
      ModelFiles.save(folder, model, parameters);
      ModelFiles.Saved saved = ModelFiles.load(folder, type);
      assertThat(saved.model().config()).isEqualTo(config);
      assertThat(saved.parameters().values().dup().data().asDouble())
          .containsExactly(parameters.values().dup().data().asDouble());
      for (String name : List.of(ModelFiles.WEIGHTS, ModelFiles.CONFIG)) {
        Files.delete(folder.resolve(name));
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void poison() {
    double[][] clean = forward(input, null);
    loss(true);
    double[] gradients = parameters.gradients().dup().data().asDouble();
    Poison.during(
        () -> {
          assertThat(forward(input, null)).isDeepEqualTo(clean);
          loss(true);
          assertThat(parameters.gradients().dup().data().asDouble()).containsExactly(gradients);
        });
  }
}
