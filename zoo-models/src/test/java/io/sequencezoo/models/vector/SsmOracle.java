package io.sequencezoo.models.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What the oracles of state-space models share: inputs, weights off their start, and the gates. */
final class SsmOracle {
  private SsmOracle() {}

  static Parameters parameters(SequenceMixer mixer) {
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, 3);
    SplittableRandom random = new SplittableRandom(5);
    INDArray values = parameters.values();
    for (long i = 0; i < values.length(); i++) {
      values.putScalar(i, values.getDouble(i) + random.nextDouble(-0.3, 0.3));
    }
    return parameters;
  }

  static double[][] input(int steps, int width, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] x = new double[steps][];
    for (int t = 0; t < steps; t++) {
      x[t] = random.doubles(width, -1, 1).toArray();
    }
    return x;
  }

  static double[][] run(SequenceMixer mixer, Parameters parameters, double[][] x) {
    try (Tape tape = Tape.inference()) {
      INDArray y =
          mixer
              .forward(
                  Context.inference(tape, parameters),
                  tape.constant(Nd4j.createFromArray(new double[][][] {x})),
                  null)
              .outputs()
              .value();
      return y.reshape(x.length, x[0].length).toDoubleMatrix();
    }
  }

  /** The layer's outputs from inputs {@code [T, D]} and parameters. */
  @FunctionalInterface
  interface Transcription {
    double[][] apply(double[][] u, Parameters p);
  }

  static void assertForward(
      SequenceMixer mixer, int steps, double tolerance, Transcription transcription) {
    Parameters p = parameters(mixer);
    double[][] u = input(steps, mixer.parametrisation().width(), 1);
    double[][] expected = transcription.apply(u, p);
    double[][] y = run(mixer, p, u);
    for (int t = 0; t < steps; t++) {
      assertThat(y[t]).as("t=%s", t).containsExactly(expected[t], within(tolerance));
    }
  }

  /** The output gate on y, whose GELU is g. */
  static double[] gated(OutputGate gate, double[] y, double[] g, Parameters p) {
    if (gate == OutputGate.NONE || gate == OutputGate.GELU) {
      return gate == OutputGate.NONE ? y : g;
    }
    double[] logits = linear(g, p, "gate", "gate_bias");
    double[] carried = gate == OutputGate.HALF_GLU2 ? y : g;
    if (gate == OutputGate.FULL_GLU) {
      carried = linear(g, p, "output", "output_bias");
    }
    double[] out = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      out[i] = carried[i] * sigmoid(logits[i]);
    }
    return out;
  }

  static double gelu(double x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** {@code x W + b}. */
  static double[] linear(double[] x, Parameters p, String weight, String bias) {
    INDArray w = p.value(weight);
    double[] y = new double[(int) w.size(1)];
    for (int o = 0; o < y.length; o++) {
      y[o] = p.value(bias).getDouble(o);
      for (int i = 0; i < x.length; i++) {
        y[o] += x[i] * w.getDouble(i, o);
      }
    }
    return y;
  }
}
