package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.ClassBatch;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.models.model.Classifier;
import io.sequencezoo.models.model.ClassifierConfig;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Small classifiers learn which of two tokens came first, and a direction of rotation. */
class ClassifierTrainingTest {
  private static final int ROWS = 32;
  private static final int STEPS = 12;
  private static final int FILLERS = 4;

  private static Classifier model(String input, String pooling) {
    return Configs.read(
            "model",
            "{type: classifier, classes: 2, %s, pooling: %s, width: 16, layers: 1, mixer: {type: gru}}"
                .formatted(input, pooling),
            ClassifierConfig.class)
        .build();
  }

  private static Parameters trained(Classifier model, Sequences source) {
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    TrainConfig config =
        Configs.read(
            "train",
            "{optimizer: {type: adamw, lr: 0.01}, schedule: {type: cosine, warmup: 10}, steps: 200,"
                + " batch: 32, seed: 1, clip: 1}",
            TrainConfig.class);
    new Trainer<>(config, parameters, new ClassObjective(model), source).run();
    return parameters;
  }

  @ParameterizedTest
  @ValueSource(strings = {"last", "mean", "attention"})
  void trained_saysWhichTokenCameFirst(String pooling) {
    Classifier model = model("vocabulary: " + (FILLERS + 2), pooling);
    Parameters parameters = trained(model, new Sequences(true));
    Evaluation scores =
        new ClassScores(model, List.of(Sequences.tokens(1_000_000), Sequences.tokens(1_000_001)))
            .evaluate(parameters);
    assertThat(scores.metrics()).containsOnlyKeys("loss", "accuracy");
    assertThat(scores.metrics().get("accuracy")).isGreaterThan(0.95);
    assertThat(scores.score()).isEqualTo(scores.metrics().get("loss")).isLessThan(0.2);
  }

  @Test
  void trained_saysWhereNumbersTurn() {
    Classifier model = model("features: 2", "attention");
    Parameters parameters = trained(model, new Sequences(false));
    Evaluation scores =
        new ClassScores(model, List.of(Sequences.turns(1_000_000))).evaluate(parameters);
    assertThat(scores.metrics().get("accuracy")).isGreaterThan(0.95);
  }

  /** The objective is the mean over rows of known class, written out; padding is anything. */
  @Test
  void loss_isTheMeanOverRowsOfKnownClass() {
    Classifier model = model("features: 2", "mean");
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    double[][][] series = new double[3][4][2];
    SplittableRandom random = new SplittableRandom(4);
    int[] lengths = {4, 2, 3};
    for (int b = 0; b < 3; b++) {
      for (int t = 0; t < 4; t++) {
        for (int f = 0; f < 2; f++) {
          series[b][t][f] = t < lengths[b] ? random.nextDouble(-1, 1) : Double.NaN;
        }
      }
    }
    int[] classes = {1, TokenBatch.IGNORED, 0};
    ClassBatch batch =
        new ClassBatch(
            Nd4j.createFromArray(series), Nd4j.createFromArray(classes).reshape(3), lengths);
    double sum = 0;
    for (int b : new int[] {0, 2}) {
      double[][] own = Arrays.copyOf(series[b], lengths[b]);
      Context context = Context.inference(Tape.detached(), parameters);
      var outputs = model.forward(context, Nd4j.createFromArray(new double[][][] {own})).value();
      double first = outputs.getDouble(0, lengths[b] - 1, 0);
      double second = outputs.getDouble(0, lengths[b] - 1, 1);
      double normaliser = Math.log(Math.exp(first) + Math.exp(second));
      sum += normaliser - (classes[b] == 0 ? first : second);
    }
    Context context = Context.inference(Tape.detached(), parameters);
    Objective.Loss loss = new ClassObjective(model).loss(context, batch);
    assertThat(loss.count()).isEqualTo(2);
    assertThat(loss.mean().value().getDouble(0)).isCloseTo(sum / 2, within(1e-12));
  }

  @Test
  void badBatches_areRefusedInOneLine() {
    Classifier model = model("vocabulary: 6", "mean");
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    var ids = Nd4j.createFromArray(new int[][] {{1, 2, 3}});
    ClassBatch batch = new ClassBatch(ids, Nd4j.createFromArray(new int[] {2}), null);
    Context context = Context.inference(Tape.detached(), parameters);
    assertThatThrownBy(() -> new ClassObjective(model).loss(context, batch))
        .hasMessage(
            "cross-entropy: targets must be in [0, 2) or ignored (-100), got 2 at position 0");
    assertThatThrownBy(
            () -> new ClassBatch(ids, Nd4j.createFromArray(new int[] {1}), new int[] {0}))
        .hasMessage("batch: lengths must be between 1 and 3, got 0");
    assertThatThrownBy(
            () -> new ClassBatch(ids, Nd4j.createFromArray(new int[] {1}), new int[] {3, 3}))
        .hasMessage("batch: lengths must be one per row, got 2 for 1 rows");
    assertThatThrownBy(() -> new ClassBatch(ids, Nd4j.createFromArray(new int[] {1, 0}), null))
        .hasMessage("batch classes: B must be 1, got 2 in shape [2]");
    assertThatThrownBy(() -> new ClassBatch(ids, Nd4j.createFromArray(new double[] {1}), null))
        .hasMessage(
            "batch: tokens and classes must be INT32, numbers FLOAT or DOUBLE, got INT and DOUBLE");
    ClassBatch unknown =
        new ClassBatch(ids, Nd4j.createFromArray(new int[] {TokenBatch.IGNORED}), null);
    assertThatThrownBy(() -> new ClassScores(model, List.of(unknown)).evaluate(parameters))
        .hasMessage("validator: batches must have at least one token that counts, got none");
  }

  /** Two marks among fillers, or points on a circle; lengths differ. */
  private static final class Sequences extends CountedSource<ClassBatch> {
    private final boolean ofTokens;

    Sequences(boolean ofTokens) {
      this.ofTokens = ofTokens;
    }

    /** The class is which of the two last tokens of the vocabulary comes first. */
    static ClassBatch tokens(long number) {
      SplittableRandom random = new SplittableRandom(number);
      int[][] ids = new int[ROWS][];
      int[] classes = new int[ROWS];
      int[] lengths = new int[ROWS];
      for (int b = 0; b < ROWS; b++) {
        ids[b] = random.ints(STEPS, 0, FILLERS).toArray();
        lengths[b] = random.nextInt(4, STEPS + 1);
        int first = random.nextInt(lengths[b] - 1);
        int second = random.nextInt(first + 1, lengths[b]);
        classes[b] = random.nextInt(2);
        ids[b][first] = FILLERS + classes[b];
        ids[b][second] = FILLERS + 1 - classes[b];
      }
      return new ClassBatch(Nd4j.createFromArray(ids), Nd4j.createFromArray(classes), lengths);
    }

    /** The class is whether points turn to the left. */
    static ClassBatch turns(long number) {
      SplittableRandom random = new SplittableRandom(number);
      float[][][] points = new float[ROWS][STEPS][2];
      int[] classes = new int[ROWS];
      int[] lengths = new int[ROWS];
      for (int b = 0; b < ROWS; b++) {
        classes[b] = random.nextInt(2);
        lengths[b] = random.nextInt(4, STEPS + 1);
        double angle = random.nextDouble(2 * Math.PI);
        double step = random.nextDouble(0.4, 1.2) * (2 * classes[b] - 1);
        for (int t = 0; t < STEPS; t++) {
          points[b][t][0] = (float) Math.cos(angle + t * step);
          points[b][t][1] = (float) Math.sin(angle + t * step);
        }
      }
      return new ClassBatch(Nd4j.createFromArray(points), Nd4j.createFromArray(classes), lengths);
    }

    @Override
    ClassBatch batch(long number) {
      return ofTokens ? tokens(number) : turns(number);
    }

    @Override
    public String dataHash() {
      return "sequences " + ofTokens;
    }
  }
}
