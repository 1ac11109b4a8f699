package io.sequencezoo.datasets.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Orders of convergence, laws and equilibria of the systems. */
@Tag("any-kernels")
class ChaoticSystemTest {
  /** Of a measured order, near the asymptotic regime. */
  private static final double ORDER = 0.3;

  /** Rounding in sums of some hundred numbers over some steps. */
  private static final double ROUNDING = 1e-11;

  private static double[] run(Flow flow, double[] state, int steps) {
    double[] own = state.clone();
    for (int t = 0; t < steps; t++) {
      flow.step(own);
    }
    return own;
  }

  private static double distance(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }

  /** The order from errors with steps h and h/2 against h/16. */
  private static double order(
      DoubleFunction<ChaoticSystem> systems, double longest, double time, double[] start) {
    double[] exact = run(systems.apply(longest / 16).flow(), start, steps(time, longest / 16));
    double coarse =
        distance(exact, run(systems.apply(longest).flow(), start, steps(time, longest)));
    double fine =
        distance(exact, run(systems.apply(longest / 2).flow(), start, steps(time, longest / 2)));
    return Math.log(coarse / fine) / Math.log(2);
  }

  private static int steps(double time, double step) {
    return (int) Math.rint(time / step);
  }

  @Test
  void steps_areOfFourthOrder() {
    assertThat(
            order(
                h -> new Lorenz63(h, 1),
                0.01,
                0.4,
                new ChaosData(Lorenz63.standard(), 1).start(Split.TRAIN)))
        .isCloseTo(4, within(ORDER));
    assertThat(
            order(
                h -> new Lorenz96(40, 8, h, 1, 1),
                0.005,
                0.4,
                new ChaosData(Lorenz96.standard(), 1).start(Split.TRAIN)))
        .isCloseTo(4, within(ORDER));
    assertThat(
            order(
                h -> new MultiscaleLorenz96(1, h, 1),
                0.001,
                0.008,
                new ChaosData(MultiscaleLorenz96.standard(), 1).start(Split.TRAIN)))
        .isCloseTo(4, within(ORDER));
    // Its stiff waves reach the fourth order late: 3.3 at steps of 1/16.
    assertThat(
            order(
                h -> new KuramotoSivashinsky(22, 64, h, 1, 1),
                1 / 128d,
                1,
                new ChaosData(KuramotoSivashinsky.standard(), 1).start(Split.TRAIN)))
        .isCloseTo(4, within(ORDER));
  }

  /** A past on the attractor, where it is smooth, on ever finer grids. */
  @Test
  void delayedSteps_areOfFourthOrder() {
    int finest = 64;
    MackeyGlass fine = new MackeyGlass(17, finest, 1, 1);
    double[] past = new ChaosData(fine, 1).start(Split.TRAIN);
    // The coarsest grid looks one of its steps beyond the delay.
    double[] longer = Arrays.copyOf(past, past.length + finest);
    Flow flow = fine.flow();
    for (int t = 0; t < finest; t++) {
      double oldest = past[past.length - 1];
      flow.step(past);
      System.arraycopy(longer, 0, longer, 1, longer.length - 1);
      longer[past.length] = oldest;
      System.arraycopy(past, 0, longer, 0, past.length);
    }
    double exact = run(flow, past, 40 * finest)[0];
    double[] errors = new double[2];
    for (int i = 0; i < 2; i++) {
      int per = 4 << i;
      MackeyGlass coarse = new MackeyGlass(17, per, 1, 1);
      double[] own = new double[coarse.flow().size()];
      for (int j = 0; j < own.length; j++) {
        own[j] = longer[j * (finest / per)];
      }
      errors[i] = Math.abs(run(coarse.flow(), own, 40 * per)[0] - exact);
    }
    assertThat(Math.log(errors[0] / errors[1]) / Math.log(2)).isCloseTo(4, within(2 * ORDER));
  }

  /** The same equation by the method of Heun with a step 500 times shorter. */
  @Test
  void mackeyGlass_isItsEquation() {
    int per = 1000;
    double[] x = new double[117 * per];
    Arrays.fill(x, 0, 17 * per + 1, 1.1);
    for (int t = 17 * per; t + 1 < x.length; t++) {
      double k1 = slope(x[t], x[t - 17 * per]);
      double k2 = slope(x[t] + k1 / per, x[t + 1 - 17 * per]);
      x[t + 1] = x[t] + (k1 + k2) / 2 / per;
    }
    Flow flow = new MackeyGlass(17, 20, 1, 1).flow();
    double[] past = new double[flow.size()];
    Arrays.fill(past, 1.1);
    // The kink at the start costs the cubic two orders there.
    assertThat(run(flow, past, 99 * 20)[0]).isCloseTo(x[116 * per], within(2e-3));
  }

  private static double slope(double x, double delayed) {
    return 0.2 * delayed / (1 + Math.pow(delayed, 10)) - 0.1 * x;
  }

  @Test
  void equilibria_stay() {
    double c = Math.sqrt(8 / 3d * 27);
    assertStays(Lorenz63.standard(), new double[] {c, c, 27});
    assertStays(Lorenz63.standard(), new double[] {-c, -c, 27});
    double[] even = new double[40];
    Arrays.fill(even, 8);
    assertStays(Lorenz96.standard(), even);
    double[] past = new double[172];
    Arrays.fill(past, 1);
    assertStays(MackeyGlass.standard(), past);
    assertStays(KuramotoSivashinsky.standard(), new double[64]);
  }

  private static void assertStays(ChaoticSystem system, double[] state) {
    assertThat(distance(run(system.flow(), state, 3), state)).isLessThan(ROUNDING);
  }

  /** Near x = F, a wave e^{ikj} grows by {@code F (e^{ik} - e^{-2ik}) - 1}. */
  @ParameterizedTest
  @CsvSource({"1", "5", "8", "13"})
  void lorenz96_isLinearNearItsEquilibrium(int wave) {
    double small = 1e-7;
    double k = 2 * Math.PI * wave / 40;
    double[] state = new double[40];
    for (int j = 0; j < 40; j++) {
      state[j] = 8 + small * Math.cos(k * j);
    }
    double time = 0.5;
    double[] after = run(new Lorenz96(40, 8, 0.001, 1, 1).flow(), state, 500);
    double growth = Math.exp(time * (8 * (Math.cos(k) - Math.cos(2 * k)) - 1));
    double phase = time * 8 * (Math.sin(k) + Math.sin(2 * k));
    for (int j = 0; j < 40; j++) {
      assertThat((after[j] - 8) / small).isCloseTo(growth * Math.cos(k * j + phase), within(1e-4));
    }
  }

  /** The nonlinear term moves energy around: {@code d/dt Σ x²/2 = -Σ x² + F Σ x}. */
  @Test
  void lorenz96_keepsItsEnergyLaw() {
    double h = 1e-5;
    double[] before = new ChaosData(Lorenz96.standard(), 3).start(Split.TEST);
    double[] after = run(new Lorenz96(40, 8, h, 1, 1).flow(), before, 1);
    double change = (energy(after) - energy(before)) / h;
    double law = -2 * energy(before) + 8 * Arrays.stream(before).sum();
    assertThat(change).isCloseTo(law, within(0.05));
  }

  private static double energy(double[] x) {
    return Arrays.stream(x).map(value -> value * value / 2).sum();
  }

  /** Means that are known to three digits: 2.34 and 3.64 of Lorenz-96, 23.55 of z in Lorenz-63. */
  @Test
  void statistics_areTheKnownOnes() {
    double[][] ring = new ChaosData(new Lorenz96(40, 8, 0.05, 1, 1), 1).series(Split.TRAIN, 20_000);
    Scaling scaling = Scaling.of(ring, true);
    assertThat(scaling.means()[0]).isCloseTo(2.34, within(0.03));
    assertThat(scaling.deviations()[0]).isCloseTo(3.64, within(0.03));
    double[][] lorenz = new ChaosData(Lorenz63.standard(), 1).series(Split.TRAIN, 100_000);
    assertThat(Scaling.of(lorenz, false).means()[2]).isCloseTo(23.55, within(0.15));
  }

  /** Small waves grow by k² - k⁴ alone, exactly so by exponential steps. */
  @ParameterizedTest
  @CsvSource({"1", "3", "9", "20"})
  void kuramotoSivashinsky_dispersesSmallWaves(int wave) {
    KuramotoSivashinsky system = new KuramotoSivashinsky(22, 64, 0.25, 1, 1);
    double small = 1e-9;
    double[] spectrum = new double[64];
    spectrum[2 * wave] = small;
    double k = 2 * Math.PI * wave / 22;
    double expected = small * Math.exp(8 * 0.25 * (k * k - k * k * k * k));
    assertThat(run(system.flow(), spectrum, 8)[2 * wave]).isCloseTo(expected, within(1e-9 * small));
  }

  /** u_t of a step against the equation's right side by a plain sum of sines. */
  @Test
  void kuramotoSivashinsky_isItsEquation() {
    int n = 64;
    double length = 22;
    double h = 1e-4;
    double[] state = new ChaosData(KuramotoSivashinsky.standard(), 1).start(Split.TRAIN);
    Flow flow = new KuramotoSivashinsky(length, n, h, 1, 1).flow();
    double[] before = new double[n];
    double[] after = new double[n];
    flow.observe(state, before);
    flow.observe(run(flow, state, 1), after);
    double[] ux = derivative(before, length, 1);
    double[] uxx = derivative(before, length, 2);
    double[] uxxxx = derivative(before, length, 4);
    for (int i = 0; i < n; i++) {
      double law = -before[i] * ux[i] - uxx[i] - uxxxx[i];
      assertThat((after[i] - before[i]) / h).isCloseTo(law, within(0.01));
    }
  }

  /** The derivative of a periodic function by its Fourier sum. */
  private static double[] derivative(double[] u, double length, int order) {
    int n = u.length;
    double[] derivative = new double[n];
    for (int m = 1; m < n / 2; m++) {
      double re = 0;
      double im = 0;
      for (int j = 0; j < n; j++) {
        re += u[j] * Math.cos(2 * Math.PI * m * j / n) * 2 / n;
        im += u[j] * Math.sin(2 * Math.PI * m * j / n) * 2 / n;
      }
      double scale = Math.pow(2 * Math.PI * m / length, order);
      for (int i = 0; i < n; i++) {
        double angle = 2 * Math.PI * m * i / n + order * Math.PI / 2;
        derivative[i] += scale * (re * Math.cos(angle) + im * Math.sin(angle));
      }
    }
    return derivative;
  }

  /** Energy comes in at long waves and leaves at short ones: {@code <u_x²> = <u_xx²>} over time. */
  @Test
  void kuramotoSivashinsky_balancesItsEnergy() {
    double[][] series =
        new ChaosData(KuramotoSivashinsky.standard(), 1).series(Split.TRAIN, 20_000);
    double in = 0;
    double out = 0;
    double square = 0;
    for (int t = 0; t < series.length; t += 20) {
      in += Arrays.stream(derivative(series[t], 22, 1)).map(x -> x * x).sum();
      out += Arrays.stream(derivative(series[t], 22, 2)).map(x -> x * x).sum();
      square += Arrays.stream(series[t]).map(x -> x * x).average().orElseThrow();
    }
    assertThat(in / out).isCloseTo(1, within(0.01));
    // Spatial deviation 1.2 at this length.
    assertThat(Math.sqrt(square / 1000)).isBetween(1.1, 1.3);
  }

  /** The three scales once more, with an array per index and remainders. */
  @Test
  void multiscaleLorenz96_isItsEquations() {
    Flow flow = new MultiscaleLorenz96(10, 0.0005, 1).flow();
    double[] s = flow.start(new SplittableRandom(4));
    double[] other = s.clone();
    for (int t = 0; t < 20; t++) {
      flow.step(s);
      other = rungeKutta(other, 0.0005);
    }
    assertThat(distance(s, other)).isLessThan(ROUNDING * 100);
  }

  private static double[] rungeKutta(double[] s, double h) {
    double[] k1 = threeScales(s);
    double[] k2 = threeScales(plus(s, h / 2, k1));
    double[] k3 = threeScales(plus(s, h / 2, k2));
    double[] k4 = threeScales(plus(s, h, k3));
    return plus(plus(plus(plus(s, h / 6, k1), h / 3, k2), h / 3, k3), h / 6, k4);
  }

  private static double[] plus(double[] x, double factor, double[] y) {
    double[] sum = new double[x.length];
    Arrays.setAll(sum, i -> x[i] + factor * y[i]);
    return sum;
  }

  private static double[] threeScales(double[] s) {
    double[] d = new double[s.length];
    for (int k = 0; k < 8; k++) {
      double sumY = 0;
      for (int j = 0; j < 8; j++) {
        double sumZ = 0;
        for (int i = 0; i < 8; i++) {
          sumZ += z(s, i, j, k);
          d[72 + 64 * k + 8 * j + i] =
              100 * z(s, i - 1, j, k) * (z(s, i + 1, j, k) - z(s, i - 2, j, k))
                  - 100 * z(s, i, j, k)
                  + y(s, j, k);
        }
        sumY += y(s, j, k);
        d[8 + 8 * k + j] =
            -100 * y(s, j + 1, k) * (y(s, j + 2, k) - y(s, j - 1, k))
                - 10 * y(s, j, k)
                + x(s, k)
                - sumZ;
      }
      d[k] = x(s, k - 1) * (x(s, k + 1) - x(s, k - 2)) - x(s, k) + 20 - sumY;
    }
    return d;
  }

  private static double x(double[] s, int k) {
    return s[Math.floorMod(k, 8)];
  }

  private static double y(double[] s, int j, int k) {
    return s[8 + 8 * Math.floorMod(k, 8) + Math.floorMod(j, 8)];
  }

  private static double z(double[] s, int i, int j, int k) {
    return s[72 + 64 * k + 8 * j + Math.floorMod(i, 8)];
  }

  @Test
  void configurations_areReadWithTheirPresets() {
    assertThat(Configs.read("s", "{type: lorenz96, size: 40, forcing: 10}", ChaoticSystem.class))
        .isEqualTo(Lorenz96.standard(40, 10));
    assertThat(Configs.read("s", "{type: kuramoto_sivashinsky, length: 100}", ChaoticSystem.class))
        .isEqualTo(KuramotoSivashinsky.standard(100));
    for (ChaoticSystem system :
        List.of(Lorenz63.standard(), MultiscaleLorenz96.standard(), MackeyGlass.standard(30))) {
      assertThat(Configs.read("json", Configs.write(system), ChaoticSystem.class))
          .isEqualTo(system);
    }
    assertThat(Lorenz96.standard(40, 10).label()).isEqualTo("lorenz96_f10");
  }

  @Test
  void mistakes_areRefusedInOneLine() {
    assertThatThrownBy(() -> Lorenz96.standard(36, 8))
        .hasMessage(
            "lorenz96: exponent must be the largest Lyapunov exponent of these parameters, got NaN;"
                + " measure it");
    assertThatThrownBy(() -> new KuramotoSivashinsky(22, 60, 0.25, 1, 0.05))
        .hasMessage("kuramoto_sivashinsky: points must be a power of two from 8 to 16384, got 60");
    assertThatThrownBy(() -> new Lorenz63(0.1, 1))
        .hasMessage("lorenz63: stepTime must be positive and at most 0.05, got 0.1");
    assertThatThrownBy(() -> new MultiscaleLorenz96(10, 0.005, 1))
        .hasMessage("multiscale_lorenz96: stepTime must be positive and at most 0.002, got 0.005");
    assertThatThrownBy(() -> new MackeyGlass(0, 10, 1, 1))
        .hasMessage("mackey_glass: delay must be between 1 and 1000, got 0");
  }
}
