package io.sequencezoo.eval.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.eval.analysis.Spectrum.Structure;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

class SpectrumTest {
  /** Closed forms, up to the rounding of a few dozen products. */
  private static final double EXACT = 1e-10;

  private static LinearSystem system(int steps, int size, IntFunction<Transition> transitions) {
    double[][] identity = new double[size][size];
    for (int i = 0; i < size; i++) {
      identity[i][i] = 1;
    }
    return DenseLinearSystem.builder(new double[steps][size], size, size)
        .transition(transitions)
        .input(t -> identity)
        .output(t -> identity)
        .build();
  }

  @Test
  void scalarDecay_hasTheTimeConstantOfItsExponential() {
    double a = 0.9;
    Spectrum spectrum = Spectrum.of(system(40, 3, t -> Transitions.scaled(3, a)));
    assertThat(spectrum.structure()).isEqualTo(Structure.SCALAR);
    int expected = (int) Math.ceil(-1 / Math.log(a));
    assertThat(spectrum.memory().worst()[39]).isEqualTo(expected).isEqualTo(10);
    assertThat(spectrum.memory().typical()[39]).isEqualTo(expected);
    assertThat(spectrum.memory().worst()[8]).isZero();
    assertThat(spectrum.memory().worst()[9]).isEqualTo(10);
    assertThat(spectrum.lyapunov().exponents()).hasSize(1);
    Lyapunov.Exponent exponent = spectrum.lyapunov().exponents().get(0);
    assertThat(exponent.copies()).isEqualTo(3);
    assertThat(exponent.halfLife()).isCloseTo(Math.log(0.5) / Math.log(a), within(EXACT));
    assertThat(spectrum.mixing()[30][20]).isCloseTo(Math.pow(a, 10), within(EXACT));
    assertThat(spectrum.mixing()[20][30]).isZero();
  }

  @Test
  void identity_neverForgets() {
    Spectrum spectrum = Spectrum.of(system(20, 4, t -> Transitions.identity(4)));
    assertThat(spectrum.structure()).isEqualTo(Structure.IDENTITY);
    assertThat(spectrum.memory().worst()).containsOnly(0);
    assertThat(MemoryLength.median(spectrum.memory().worst())).isZero();
    assertThat(spectrum.lyapunov().exponents().get(0).halfLife()).isInfinite();
    // Everything counts alike: the mean distance to positions 0 to 10 is 5.
    assertThat(spectrum.reach()[10]).isCloseTo(5, within(EXACT));
  }

  @Test
  void diagonal_isSlowestInItsSlowestChannel() {
    Spectrum spectrum = Spectrum.of(system(60, 2, t -> Transitions.diagonal(0.5, 0.95)));
    assertThat(spectrum.structure()).isEqualTo(Structure.DIAGONAL);
    assertThat(spectrum.memory().worst()[59]).isEqualTo(20);
    // sqrt((.25^n + .9025^n) / 2) < 1/e from n = 13 on.
    assertThat(spectrum.memory().typical()[59]).isEqualTo(13);
    assertThat(spectrum.eigenvalues().get(7))
        .extracting(Spectrum.Eigenvalue::re)
        .containsExactly(0.5, 0.95);
  }

  @Test
  void rotation_hasComplexEigenvaluesOnItsCircle() {
    double angle = 0.3;
    double re = 0.8 * Math.cos(angle);
    double im = 0.8 * Math.sin(angle);
    double[] a = {re};
    double[] b = {-im};
    double[] c = {im};
    Spectrum spectrum = Spectrum.of(system(30, 2, t -> Transitions.blocks(a, b, c, a)));
    assertThat(spectrum.structure()).isEqualTo(Structure.COUPLED);
    Spectrum.Eigenvalue upper = spectrum.eigenvalues().get(0).get(0);
    assertThat(upper.re()).isCloseTo(re, within(EXACT));
    assertThat(upper.im()).isCloseTo(im, within(EXACT));
    assertThat(upper.magnitude()).isCloseTo(0.8, within(EXACT));
    assertThat(spectrum.lyapunov().exponents())
        .allSatisfy(e -> assertThat(e.value()).isCloseTo(Math.log(0.8), within(EXACT)));
    assertThat(spectrum.memory().worst()[29]).isEqualTo(5);
  }

  @Test
  void delta_forgetsOneDirectionAtOnce() {
    double[] ones = {1, 1, 1};
    double[] k = {0.6, 0.8, 0};
    Transition reflect = Transitions.householder(ones, 1, k);
    Spectrum spectrum = Spectrum.of(system(5, 6, t -> Transitions.repeated(reflect, 2)));
    assertThat(spectrum.eigenvalues().get(2)).hasSize(3).allMatch(z -> z.copies() == 2);
    assertThat(spectrum.eigenvalues().get(2).get(2).magnitude()).isCloseTo(0, within(EXACT));
    assertThat(spectrum.lyapunov().largest()).isCloseTo(0, within(EXACT));
  }

  @Test
  void eigenvalues_areThoseOfTheCharacteristicPolynomial() {
    // Companion matrix of (z - 2)(z + 1)(z² + 1) = z⁴ - z³ - z² - z - 2.
    double[][] companion = {{1, 1, 1, 2}, {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}};
    var values = SmallMatrices.eigenvalues(companion);
    assertThat(values.get(0).re()).isCloseTo(2, within(EXACT));
    assertThat(values.stream().filter(z -> Math.abs(z.im()) > 0.5)).hasSize(2);
    assertThat(values.stream().mapToDouble(SmallMatrices.Complex::re).sum())
        .isCloseTo(1, within(EXACT));
    assertThat(SmallMatrices.eigenvalues(new double[3][3])).hasSize(3);
    assertThatThrownBy(() -> SmallMatrices.eigenvalues(new double[][] {{Double.NaN}}))
        .hasMessageContaining("must be finite");
  }

  @Test
  void spectralNorm_isTheRootOfTheLargestEigenvalueOfTheSquare() {
    SplittableRandom random = new SplittableRandom(3);
    double[][] m = new double[5][];
    for (int i = 0; i < 5; i++) {
      m[i] = random.doubles(5, -1, 1).toArray();
    }
    double[][] square = new double[5][5];
    for (int i = 0; i < 5; i++) {
      for (int j = 0; j < 5; j++) {
        for (int k = 0; k < 5; k++) {
          square[i][j] += m[k][i] * m[k][j];
        }
      }
    }
    double expected = Math.sqrt(SmallMatrices.eigenvalues(square).get(0).re());
    assertThat(SmallMatrices.spectralNorm(m)).isCloseTo(expected, within(1e-6));
  }

  @Test
  void lyapunov_ofAChaoticMapIsPositive() {
    // The cat map: exponents are plus and minus ln of the golden ratio's square.
    double[][] cat = {{2, 1}, {1, 1}};
    Lyapunov exponents = Lyapunov.of(system(200, 2, t -> Transitions.dense(cat)), 20, 2);
    double expected = Math.log((3 + Math.sqrt(5)) / 2);
    assertThat(exponents.largest()).isCloseTo(expected, within(EXACT));
    assertThat(exponents.exponents().get(1).value()).isCloseTo(-expected, within(1e-6));
    assertThat(exponents.running()).hasSize(180);
    assertThatThrownBy(() -> Lyapunov.of(system(5, 2, t -> Transitions.dense(cat)), 5, 2))
        .hasMessage("lyapunov: transient must be in [0, 5), got 5");
  }

  @Test
  void structureThatChanges_isFollowedWhole() {
    double[][] apart = {{0.5, 0}, {0, 0.25}};
    double[][] together = {{0.5, 0.1}, {0, 0.25}};
    Spectrum spectrum =
        Spectrum.of(system(10, 2, t -> Transitions.dense(t % 2 == 0 ? apart : together)));
    assertThat(spectrum.structure()).isEqualTo(Structure.COUPLED);
    assertThat(spectrum.lyapunov().largest()).isCloseTo(Math.log(0.5), within(0.05));
  }

  @Test
  void systemsTooLarge_areRefused() {
    LinearSystem empty = system(0, 2, t -> Transitions.identity(2));
    assertThatThrownBy(() -> Spectrum.of(empty))
        .hasMessage("spectrum: system must have steps and state, got T=0, N=2");
  }
}
