package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.PackedSequences;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.kernel.Poison;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.core.registry.BlockConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The contract of whole models. */
public final class LanguageModelLaws {
  private static final int BATCH = 3;
  private static final int STEPS = 7;

  /** Law 1 of the design: 1e-10 relative in double, 1e-4 in float. */
  private static final Map<DataType, Double> SAME =
      Map.of(DataType.DOUBLE, 1e-10, DataType.FLOAT, 1e-4);

  /** Differences of fourth order, since norms bend, at a small step, since ReLU has kinks. */
  private static final double GRADIENT = 1e-6;

  private static final double STEP = 2e-6;

  private final LanguageModelConfig config;
  private final DataType type;
  private final LanguageModel model;
  private final Parameters parameters;
  private final int[][] ids;

  private LanguageModelLaws(LanguageModelConfig config, DataType type) {
    this.config = config;
    this.type = type;
    this.model = new LanguageModel(config);
    this.parameters = Parameters.of(model, type, 3);
    // Far enough from zero for every branch to matter. Rates and other parameters that aren't
    // weights have scales of their own: five times a logarithm saturates its layer.
    for (ParameterSpec spec : parameters.specs()) {
      if (spec.decayed()) {
        parameters.value(spec.name()).muli(5);
      }
    }
    SplittableRandom random = new SplittableRandom(5);
    this.ids = new int[BATCH][STEPS];
    for (int[] row : ids) {
      for (int t = 0; t < STEPS; t++) {
        row[t] = random.nextInt(model.vocabulary());
      }
    }
  }

  /** The laws by name. */
  public static Map<String, Runnable> laws(LanguageModelConfig config, DataType type) {
    Map<String, Runnable> laws = new LinkedHashMap<>();
    laws.put("1 step = sequence", () -> new LanguageModelLaws(config, type).stepIsSequence());
    laws.put("2 hand-over", () -> new LanguageModelLaws(config, type).handOver());
    laws.put("2 streaming", () -> new LanguageModelLaws(config, type).streaming());
    if (type == DataType.DOUBLE) {
      laws.put("4 gradients = differences", () -> new LanguageModelLaws(config, type).gradients());
    }
    laws.put("6 padding", () -> new LanguageModelLaws(config, type).padding());
    laws.put("6 packed sequences", () -> new LanguageModelLaws(config, type).packed());
    laws.put("8 round trip", () -> new LanguageModelLaws(config, type).roundTrip());
    laws.put("10 poisoned memory", () -> new LanguageModelLaws(config, type).poison());
    return laws;
  }

  private double[][] forward(int[][] tokens, int[] lengths) {
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    Context own = lengths == null ? context : context.withLengths(lengths);
    return rows(model.forward(own, Nd4j.createFromArray(tokens)));
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
    double[][] expected = forward(ids, null);
    Context context = Context.inference(Tape.detached(), parameters);
    ModelState state = model.initialState(context, BATCH, type);
    for (int t = 0; t < STEPS; t++) {
      int[] tokens = new int[BATCH];
      for (int b = 0; b < BATCH; b++) {
        tokens[b] = ids[b][t];
      }
      LanguageModel.Output output = model.step(context, tokens, state);
      state = output.state();
      double[][] logits = rows(output.logits());
      for (int b = 0; b < BATCH; b++) {
        assertSame(logits[b], expected[b * STEPS + t]);
      }
    }
    assertThat(state.consumed()).containsOnly(STEPS);
  }

  private void handOver() {
    double[][] expected = forward(ids, null);
    for (int cut = 1; cut < STEPS; cut++) {
      Context context = Context.inference(Tape.detached(), parameters);
      int end = cut;
      int[][] head = Arrays.stream(ids).map(row -> Arrays.copyOf(row, end)).toArray(int[][]::new);
      int[][] tail =
          Arrays.stream(ids).map(row -> Arrays.copyOfRange(row, end, STEPS)).toArray(int[][]::new);
      ModelState state = model.evolve(context, Nd4j.createFromArray(head), null).state().detach();
      double[][] logits = rows(model.evolve(context, Nd4j.createFromArray(tail), state).logits());
      for (int b = 0; b < BATCH; b++) {
        assertSame(logits[(b + 1) * (STEPS - cut) - 1], expected[(b + 1) * STEPS - 1]);
      }
    }
  }

  /** Pieces with the state on disk between them are the whole; steps and stretches mixed. */
  private void streaming() {
    double[][] expected = forward(ids, null);
    ModelState state = null;
    int[] cuts = {2, 3, 4, STEPS};
    int from = 0;
    for (int to : cuts) {
      Context context = Context.inference(Tape.detached(), parameters);
      int start = from;
      int[][] piece =
          Arrays.stream(ids).map(row -> Arrays.copyOfRange(row, start, to)).toArray(int[][]::new);
      LanguageModel.Output output =
          to == 3
              ? model.step(context, Arrays.stream(piece).mapToInt(row -> row[0]).toArray(), state)
              : model.evolve(context, Nd4j.createFromArray(piece), state);
      double[][] logits = rows(output.logits());
      for (int b = 0; b < BATCH; b++) {
        assertSame(logits[(b + 1) * (to - from) - 1], expected[b * STEPS + to - 1]);
      }
      state = throughFile(output.state());
      assertThat(state.consumed()).containsOnly(to);
      from = to;
    }
  }

  private ModelState throughFile(ModelState state) {
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
    double[][] first = forward(ids, lengths);
    int[][] other = Arrays.stream(ids).map(int[]::clone).toArray(int[][]::new);
    for (int b = 0; b < BATCH; b++) {
      Arrays.fill(other[b], lengths[b], STEPS, 0);
    }
    double[][] second = forward(other, lengths);
    Context context = Context.inference(Tape.detached(), parameters).withLengths(lengths);
    double[][] last = rows(model.prefill(context, Nd4j.createFromArray(ids), null).logits());
    for (int b = 0; b < BATCH; b++) {
      double[][] alone = forward(new int[][] {Arrays.copyOf(ids[b], lengths[b])}, null);
      for (int t = 0; t < lengths[b]; t++) {
        assertSame(first[b * STEPS + t], alone[t]);
        assertThat(second[b * STEPS + t]).containsExactly(first[b * STEPS + t]);
      }
      assertSame(last[b], alone[lengths[b] - 1]);
    }
  }

  /** Sequences in one row are what each is alone: logits, gradients, and what follows them. */
  private void packed() {
    int[] lengths = {4, 1, STEPS - 1};
    PackedSequences sequences = PackedSequences.ofLengths(lengths);
    List<int[]> own = new ArrayList<>();
    for (int b = 0; b < BATCH; b++) {
      own.add(Arrays.copyOf(ids[b], lengths[b]));
    }
    int[][] row = {own.stream().flatMapToInt(Arrays::stream).toArray()};
    Tape tape = Tape.detached();
    parameters.zeroGradients();
    Context context = Context.inference(tape, parameters).withSequences(sequences);
    LanguageModel.Output output = model.evolve(context, Nd4j.createFromArray(row), null);
    tape.backward(summed(tape, output.logits()));
    double[] gradients = parameters.gradients().dup().data().asDouble();
    double[][] together = rows(output.logits());
    double[][] last = rows(model.prefill(context, Nd4j.createFromArray(row), null).logits());
    int[][] next = {{0, 1, 0}};
    Context three = context.withSequences(PackedSequences.ofLengths(1, 1, 1));
    double[][] continued =
        rows(model.evolve(three, Nd4j.createFromArray(next), output.state()).logits());
    parameters.zeroGradients();
    for (int b = 0; b < BATCH; b++) {
      Tape other = Tape.detached();
      Context one = Context.inference(other, parameters);
      INDArray tokens = Nd4j.createFromArray(new int[][] {own.get(b)});
      LanguageModel.Output alone = model.evolve(one, tokens, null);
      double[][] expected = rows(alone.logits());
      for (int t = 0; t < lengths[b]; t++) {
        assertSame(together[sequences.start(b) + t], expected[t]);
      }
      assertSame(last[b], expected[lengths[b] - 1]);
      INDArray token = Nd4j.createFromArray(new int[][] {{next[0][b]}});
      assertSame(continued[b], rows(model.evolve(one, token, alone.state()).logits())[0]);
      other.backward(summed(other, alone.logits()));
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
    int[][] targets = Arrays.stream(ids).map(int[]::clone).toArray(int[][]::new);
    targets[0][2] = Losses.IGNORE;
    Variable logits = model.forward(context, Nd4j.createFromArray(ids));
    Variable loss =
        Losses.crossEntropy(tape, logits, Nd4j.createFromArray(targets), Losses.IGNORE, null)
            .loss();
    if (backward) {
      parameters.zeroGradients();
      tape.backward(loss);
    }
    return loss.value().getDouble(0);
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
      assertThat(
              Arrays.equals(
                  saved.parameters().values().dup().data().asDouble(),
                  parameters.values().dup().data().asDouble()))
          .as("weights as saved")
          .isTrue();
      for (String name : List.of(ModelFiles.WEIGHTS, ModelFiles.CONFIG)) {
        Files.delete(folder.resolve(name));
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void poison() {
    double[][] clean = forward(ids, null);
    loss(true);
    double[] gradients = parameters.gradients().dup().data().asDouble();
    Poison.during(
        () -> {
          assertThat(forward(ids, null)).isDeepEqualTo(clean);
          loss(true);
          assertThat(Arrays.equals(parameters.gradients().dup().data().asDouble(), gradients))
              .as("gradients without poison")
              .isTrue();
        });
  }
}
