package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Pooling against its definition, a softmax over all tokens so far, made anew for each. */
@Tag("double")
class PoolingTest {
  private static final int WIDTH = 5;
  private static final int STEPS = 11;
  private static final double SAME = 1e-12;

  private static double[][] oracle(double[][] x, double[] query) {
    double[] scores = new double[x.length];
    for (int s = 0; s < x.length; s++) {
      double square = 0;
      double product = 0;
      for (int d = 0; d < WIDTH; d++) {
        square += x[s][d] * x[s][d] / WIDTH;
        product += x[s][d] * query[d];
      }
      scores[s] = product / Math.sqrt(square + 1e-6);
    }
    double[][] y = new double[x.length][WIDTH];
    for (int t = 0; t < x.length; t++) {
      double most = Double.NEGATIVE_INFINITY;
      for (int s = 0; s <= t; s++) {
        most = Math.max(most, scores[s]);
      }
      double sum = 0;
      for (int s = 0; s <= t; s++) {
        sum += Math.exp(scores[s] - most);
      }
      for (int s = 0; s <= t; s++) {
        for (int d = 0; d < WIDTH; d++) {
          y[t][d] += Math.exp(scores[s] - most) / sum * x[s][d];
        }
      }
    }
    return y;
  }

  /** Scores of this size: equal ones, some, and those whose exponentials overflow. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1, 1000})
  void outputs_areMeansOfAllSoFar(double size) {
    SequenceMixer mixer = new PoolingConfig(size > 0).build(MixerConfig.Place.alone(WIDTH));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 1);
    SplittableRandom random = new SplittableRandom(2);
    double[] query = random.doubles(WIDTH, -1, 1).map(q -> size * q).toArray();
    if (size > 0) {
      parameters.value("query").assign(Nd4j.createFromArray(query));
    }
    double[][] x = new double[STEPS][];
    for (int t = 0; t < STEPS; t++) {
      x[t] = random.doubles(WIDTH, -1, 1).toArray();
    }
    double[][] expected = oracle(x, query);
    Context context = Context.inference(Tape.detached(), parameters);
    INDArray y =
        mixer
            .forward(
                context, context.tape().constant(Nd4j.createFromArray(new double[][][] {x})), null)
            .outputs()
            .value();
    State state = null;
    for (int t = 0; t < STEPS; t++) {
      INDArray one = Nd4j.createFromArray(new double[][][] {{x[t]}});
      var step = mixer.step(context, context.tape().constant(one), state);
      state = step.state();
      for (int d = 0; d < WIDTH; d++) {
        assertThat(y.getDouble(0, t, d)).isCloseTo(expected[t][d], within(SAME));
        assertThat(step.outputs().value().getDouble(0, 0, d))
            .isCloseTo(expected[t][d], within(SAME));
      }
    }
  }
}
