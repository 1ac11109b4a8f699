package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Interceptor;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What follows the stages of a classifier, written out; the contract has the laws. */
@Tag("double")
class ClassifierTest {
  private static final int WIDTH = 8;
  private static final int STEPS = 6;
  private static final int CLASSES = 3;

  private static Classifier model(String keys) {
    return Configs.read(
            "model",
            "{type: classifier, classes: 3, width: 8, layers: 2, mixer: {type: gru}, %s}"
                .formatted(keys),
            ClassifierConfig.class)
        .build();
  }

  /** Far from their small start, so that every part matters. */
  static Parameters parameters(Model model) {
    Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
    SplittableRandom random = new SplittableRandom(3);
    for (long i = 0; i < parameters.values().length(); i++) {
      parameters.values().putScalar(i, random.nextDouble(-1, 1));
    }
    return parameters;
  }

  /** Logits from what the last layer puts out, {@code [T, D]}. */
  private static double[] oracle(double[][] stream, Parameters p, String pooling) {
    double[] weights = new double[stream.length];
    double sum = 0;
    for (int s = 0; s < stream.length; s++) {
      double score = 0;
      double size = Math.sqrt(meanSquare(stream[s]) + 1e-6);
      for (int d = 0; pooling.equals("attention") && d < WIDTH; d++) {
        score += stream[s][d] / size * p.value("layers.2.mixer.query").getDouble(d);
      }
      boolean counts = !pooling.equals("last") || s == stream.length - 1;
      weights[s] = counts ? Math.exp(score) : 0;
      sum += weights[s];
    }
    double[] pooled = new double[WIDTH];
    for (int s = 0; s < stream.length; s++) {
      for (int d = 0; d < WIDTH; d++) {
        pooled[d] += weights[s] / sum * stream[s][d];
      }
    }
    double size = Math.sqrt(meanSquare(pooled) + 1e-5);
    double[] logits = new double[CLASSES];
    for (int c = 0; c < CLASSES; c++) {
      for (int d = 0; d < WIDTH; d++) {
        logits[c] +=
            pooled[d]
                / size
                * p.value("norm.weight").getDouble(d)
                * p.value("head.weight").getDouble(d, c);
      }
    }
    return logits;
  }

  private static double meanSquare(double[] x) {
    double sum = 0;
    for (double value : x) {
      sum += value * value / x.length;
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(strings = {"last", "mean", "attention"})
  void logits_areThoseOfThePooledStream(String pooling) {
    Classifier model = model("vocabulary: 7, pooling: " + pooling);
    Parameters parameters = parameters(model);
    INDArray[] stream = new INDArray[1];
    Interceptor looker =
        (place, x, inner) -> {
          var y = inner.apply(x);
          if (place.equals("layers.1")) {
            stream[0] = y.value().dup('c');
          }
          return y;
        };
    int[] lengths = {STEPS, 2};
    INDArray ids = Nd4j.createFromArray(new int[][] {{1, 2, 3, 4, 5, 6}, {6, 5, 0, 0, 0, 0}});
    Context context = Context.inference(Tape.detached(), parameters).intercepted(looker);
    INDArray every = model.forward(context.withLengths(lengths), ids).value();
    INDArray whole = model.prefill(context.withLengths(lengths), ids, null).outputs().value();
    assertThat(whole.shape()).containsExactly(2, CLASSES);
    for (int b = 0; b < 2; b++) {
      for (int t = 0; t < lengths[b]; t++) {
        double[][] read = new double[t + 1][WIDTH];
        for (int s = 0; s <= t; s++) {
          for (int d = 0; d < WIDTH; d++) {
            read[s][d] = stream[0].getDouble(b, s, d);
          }
        }
        double[] expected = oracle(read, parameters, pooling);
        for (int c = 0; c < CLASSES; c++) {
          assertThat(every.getDouble(b, t, c)).isCloseTo(expected[c], within(1e-10));
          if (t == lengths[b] - 1) {
            assertThat(whole.getDouble(b, c)).isCloseTo(expected[c], within(1e-10));
          }
        }
      }
    }
  }

  @Test
  void mean_isTheDefault() {
    assertThat(model("features: 2").config().pooling()).isEqualTo(ClassifierConfig.Over.MEAN);
    assertThat(model("features: 2").config())
        .isEqualTo(
            ClassifierConfig.of(
                3,
                0,
                2,
                ClassifierConfig.Over.MEAN,
                8,
                Layers.of(2),
                model("features: 2").config().mixer(),
                null));
  }

  @Test
  void badInput_isRefusedInOneLine() {
    assertThatThrownBy(() -> model("pooling: mean"))
        .hasMessageContaining(
            "classifier: input must be tokens or numbers, got vocabulary 0 and features 0; set one"
                + " of them to at least 1");
    assertThatThrownBy(() -> model("vocabulary: 7, features: 2"))
        .hasMessageContaining("got vocabulary 7 and features 2");
    assertThatThrownBy(() -> model("features: 2, maxPositions: 4"))
        .hasMessageContaining(
            "classifier: maxPositions must be 0, or positive where there are tokens, got 4");
    assertThatThrownBy(() -> model("vocabulary: 7, pooling: max"))
        .hasMessageContainingAll("pooling", "last", "max")
        .message()
        .hasLineCount(1);
    assertThatThrownBy(() -> model("vocabulary: 7, dropout: 1"))
        .hasMessageContaining("classifier: dropout must be in [0, 1), got 1.0");
    assertThatThrownBy(
            () ->
                ClassifierConfig.of(
                    1, 7, 0, ClassifierConfig.Over.LAST, 8, Layers.of(1), null, null))
        .hasMessage("classifier: classes must be at least 2, got 1");
    assertThatThrownBy(
            () ->
                ClassifierConfig.of(
                    2, 7, 0, ClassifierConfig.Over.LAST, 8, Layers.of(1), null, null))
        .hasMessage(
            "classifier: layer 0 must have a mixer, got none; give the model or the layer one");
    Classifier model = model("vocabulary: 7");
    Context context = Context.inference(Tape.detached(), parameters(model));
    INDArray ids = Nd4j.createFromArray(new int[][] {{1, 2}, {3, 4}});
    assertThatThrownBy(() -> model.prefill(context.withLengths(new int[] {2, 0}), ids, null))
        .hasMessage("classifier: row 1 must have at least one token");
  }
}
