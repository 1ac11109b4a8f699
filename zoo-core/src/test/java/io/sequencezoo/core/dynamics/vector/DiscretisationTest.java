package io.sequencezoo.core.dynamics.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.contract.Tolerances;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class DiscretisationTest {
  /** A few roundings, and what the textbook's quotient loses for |z| near 1e-2. */
  private static final double EXACT = 1e-12;

  /** A float result of double arithmetic: its own rounding. */
  private static final double FLOAT = 1.2e-7;

  private static final double[] RE = {-0.5, -0.5, -2, -0.001, -30, 0.2};
  private static final double[] IM = {0, 3.1, -40, 700, 2, -1};
  private static final double[] STEPS = {0.3, 0.02, 0.05, 0.001, 0.1, 0.7};

  private static INDArray planes() {
    return Nd4j.createFromArray(new double[][] {RE, IM});
  }

  private static INDArray logSteps() {
    double[] logs = new double[STEPS.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = Math.log(STEPS[i]);
    }
    return Nd4j.createFromArray(logs);
  }

  private static Complex lambda(Discretisation rule, Complex z) {
    return rule == Discretisation.ZOH
        ? z.exp()
        : Complex.ONE.plus(z.times(0.5)).over(Complex.ONE.minus(z.times(0.5)));
  }

  private static Complex gamma(Discretisation rule, Complex a, double step) {
    Complex z = a.times(step);
    return rule == Discretisation.ZOH
        ? z.exp().minus(Complex.ONE).over(a)
        : Complex.ONE.over(Complex.ONE.minus(z.times(0.5))).times(step);
  }

  @ParameterizedTest
  @EnumSource(Discretisation.class)
  void values_areTheTextbooks(Discretisation rule) {
    Tape tape = Tape.detached();
    Variable[] out = rule.apply(tape, tape.constant(planes()), tape.constant(logSteps()));
    for (int i = 0; i < RE.length; i++) {
      Complex a = new Complex(RE[i], IM[i]);
      Complex log =
          new Complex(out[0].value().getDouble(0, i), out[0].value().getDouble(1, i)).exp();
      Complex expected = lambda(rule, a.times(STEPS[i]));
      assertThat(log.re()).isCloseTo(expected.re(), within(EXACT));
      assertThat(log.im()).isCloseTo(expected.im(), within(EXACT));
      Complex gamma = gamma(rule, a, STEPS[i]);
      assertThat(out[1].value().getDouble(0, i)).isCloseTo(gamma.re(), within(EXACT * STEPS[i]));
      assertThat(out[1].value().getDouble(1, i)).isCloseTo(gamma.im(), within(EXACT * STEPS[i]));
    }
  }

  @ParameterizedTest
  @EnumSource(Discretisation.class)
  void floatSteps_tinyOnesLoseNothing(Discretisation rule) {
    double step = 1e-7;
    Tape tape = Tape.detached();
    INDArray a = Nd4j.createFromArray(new float[][] {{-0.5f}, {3}});
    INDArray logStep = Nd4j.createFromArray(new float[] {(float) Math.log(step)});
    Variable[] out = rule.apply(tape, tape.constant(a), tape.constant(logStep));
    step = Math.exp((float) Math.log(step));
    assertThat(out[1].value().getDouble(0, 0) / step).isCloseTo(1, within(FLOAT));
    // γ = Δ (1 + ΔA/2 + ...) for both rules.
    assertThat(out[1].value().getDouble(1, 0) / (step * step * 1.5)).isCloseTo(1, within(1e-6));
    assertThat(out[0].value().getDouble(0, 0) / (-0.5 * step)).isCloseTo(1, within(FLOAT));
  }

  @ParameterizedTest
  @EnumSource(Discretisation.class)
  void gradients_areDifferences(Discretisation rule) {
    GradientCheck.of((tape, in) -> List.of(rule.apply(tape, in[0], in[1])))
        .tolerance(Tolerances.DIFFERENCES, Tolerances.DIFFERENCES_AT_ZERO)
        .input("A", Nd4j.createFromArray(new double[][] {{-0.5, -0.4, -2}, {0.1, 3.1, -4}}))
        .input("log step", Nd4j.createFromArray(-1.0, -4.0, 0.3))
        .run()
        .assertPassed();
    INDArray rows = Nd4j.createFromArray(new double[][][] {{{-1, -2}, {3, 4}}, {{-5, -1}, {0, 2}}});
    GradientCheck.of((tape, in) -> List.of(rule.apply(tape, in[0], in[1])))
        .tolerance(Tolerances.DIFFERENCES, Tolerances.DIFFERENCES_AT_ZERO)
        .input("A", rows)
        .input("log step of rows", Nd4j.createFromArray(-1.0, -3.0))
        .run()
        .assertPassed();
  }

  @Test
  void order_errorShrinksAsTheRuleSays() {
    // x' = -x + u with u = sin t from x(0) = 0 has x = (sin t - cos t + e^-t)/2. Zero-order hold
    // of the value at the end of a step is of first order; halving the step halves the error.
    double coarse = error(0.1);
    double fine = error(0.05);
    assertThat(Math.log(coarse / fine) / Math.log(2)).isCloseTo(1, within(0.2));
  }

  private static double error(double step) {
    Tape tape = Tape.detached();
    INDArray a = Nd4j.createFromArray(new double[][] {{-1}, {0}});
    INDArray logStep = Nd4j.createFromArray(Math.log(step));
    Variable[] out =
        Discretisation.ZOH.apply(tape, tape.constant(a), tape.constant(logStep.reshape(1)));
    double lambda = Math.exp(out[0].value().getDouble(0, 0));
    double gamma = out[1].value().getDouble(0, 0);
    double x = 0;
    double worst = 0;
    for (int k = 1; k * step <= 5; k++) {
      double t = k * step;
      x = lambda * x + gamma * Math.sin(t);
      worst = Math.max(worst, Math.abs(x - (Math.sin(t) - Math.cos(t) + Math.exp(-t)) / 2));
    }
    return worst;
  }

  @Test
  void shapes_areChecked() {
    Tape tape = Tape.detached();
    Variable a = tape.constant(Nd4j.zeros(DataType.DOUBLE, 2, 3));
    Variable steps = tape.constant(Nd4j.zeros(DataType.DOUBLE, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Discretisation.ZOH.apply(tape, a, steps))
        .withMessageContaining("log step must have one entry per mode or per row")
        .withMessageContaining("[2, 3]")
        .withMessageContaining("[2]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Discretisation.ZOH.apply(tape, steps, steps))
        .withMessageContaining("A must be [..., 2, N], got [2]");
  }
}
