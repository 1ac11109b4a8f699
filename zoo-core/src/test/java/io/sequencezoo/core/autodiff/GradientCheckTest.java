package io.sequencezoo.core.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.kernel.Unary;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The gradient check finds what is wrong and passes what is right. */
final class GradientCheckTest {
  private static INDArray vector(double... values) {
    return Nd4j.createFromArray(values);
  }

  @Test
  void rightPullback_passes() {
    INDArray x = vector(0.3, -2, 1);
    GradientCheck.Report report =
        GradientCheck.ofOne((tape, in) -> Primitives.map(tape, Unary.TANH, in[0]))
            .input("x", x)
            .run();
    report.assertPassed();
    assertThat(report.toString()).startsWith("PASS x: worst at [");
    assertThat(x.toDoubleVector()).containsExactly(0.3, -2, 1);
  }

  @Test
  void wrongElement_isNamed() {
    GradientCheck check =
        GradientCheck.ofOne(
                (tape, in) ->
                    tape.record(
                        in[0].value().mul(2),
                        c -> {
                          INDArray gradient = c.output(0).mul(2);
                          gradient.putScalar(1, 0, 5.0);
                          c.add(0, gradient);
                        },
                        in[0]))
            .input("state", vector(1, 2, 3, 4).reshape('c', new long[] {2, 2}));
    assertThat(check.run().passed()).isFalse();
    assertThat(check.run().findings().get(0).index()).containsExactly(1, 0);
    assertThatThrownBy(() -> check.run().assertPassed())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("FAIL state: worst at [1, 0]: pullback 5.00000000");
  }

  @Test
  void missingGradient_isFound() {
    GradientCheck check =
        GradientCheck.ofOne((tape, in) -> Primitives.multiply(tape, in[0], in[0]))
            .input("x", vector(1, 2));
    check.run().assertPassed();
    GradientCheck cut =
        GradientCheck.ofOne(
                (tape, in) ->
                    Primitives.multiply(tape, in[0], Primitives.stopGradient(tape, in[0])))
            .input("x", vector(1, 2));
    assertThat(cut.run().passed()).isFalse();
  }

  @Test
  void nanGradient_fails() {
    GradientCheck check =
        GradientCheck.ofOne((tape, in) -> Primitives.map(tape, Unary.LOG, in[0]))
            .input("x", vector(2, -1));
    assertThat(check.run().passed()).isFalse();
  }

  @Test
  void parametersAndSeveralOutputs_areChecked() {
    INDArray w = vector(1, -2, 3, 4).reshape('c', new long[] {2, 2});
    INDArray gradient = Nd4j.create(DataType.DOUBLE, 2, 2);
    GradientCheck.of(
            (tape, in) -> {
              Variable y = Primitives.matmul(tape, in[0], tape.parameter(w, gradient));
              return List.of(y, Primitives.map(tape, Unary.SIGMOID, y), in[1]);
            })
        .input("x", vector(0.5, 1).reshape('c', new long[] {1, 2}))
        .parameter("w", w, gradient)
        .input("initial state", vector(7))
        .seed(3)
        .samples(3)
        .run()
        .assertPassed();
  }

  @Test
  void badSettings_areRefused() {
    GradientCheck check = GradientCheck.ofOne((tape, in) -> in[0]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> check.input("x", vector(1).castTo(DataType.FLOAT)))
        .withMessage("gradient check: x must be DOUBLE, got FLOAT; use castTo(DataType.DOUBLE)");
    assertThatIllegalArgumentException()
        .isThrownBy(check::run)
        .withMessage("gradient check: needs at least one input, got none");
    assertThatIllegalArgumentException().isThrownBy(() -> check.samples(0));
    assertThatIllegalArgumentException().isThrownBy(() -> check.step(0));
    assertThatIllegalArgumentException().isThrownBy(() -> check.tolerance(-1, 0));
  }
}
