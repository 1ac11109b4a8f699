package io.sequencezoo.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.DenseLinearSystem;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.dynamics.attention.AttentionRecurrence;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.dynamics.vector.SelectiveRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.models.matrix.LinearOperators;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The equivalences of the Dynamical Systems Framework (Sieber et al., arXiv 2405.15731): attention,
 * its linear forms and state space models are one linear time-varying system under different
 * coefficients. Each compares an operator of the library with the other side written out in plain
 * loops.
 */
class DynamicalSystemsTest {
  /** Double precision over a dozen steps, summed in another order. */
  private static final double EXACT = 1e-12;

  private static final int T = 12;
  private static final int K = 3;
  private static final int V = 2;

  private final SplittableRandom random = new SplittableRandom(9);
  private final Tape tape = Tape.detached();
  private final double[][] q = rows(T, K);
  private final double[][] k = rows(T, K);
  private final double[][] v = rows(T, V);

  private double[][] rows(int rows, int columns) {
    double[][] out = new double[rows][];
    for (int i = 0; i < rows; i++) {
      out[i] = random.doubles(columns, -1, 1).toArray();
    }
    return out;
  }

  /** {@code [1, T, 1, N]}. */
  private Variable perHead(double[][] rows) {
    INDArray array = Nd4j.createFromArray(rows);
    return tape.constant(array.reshape('c', 1, rows.length, 1, rows[0].length));
  }

  /** {@code [1, T, N]}. */
  private Variable sequence(double[][] rows) {
    return tape.constant(Nd4j.createFromArray(new double[][][] {rows}));
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static double[] each(double[] x, DoubleUnaryOperator f) {
    return Arrays.stream(x).map(f).toArray();
  }

  private static double[][] each(double[][] x, DoubleUnaryOperator f) {
    return Arrays.stream(x).map(row -> each(row, f)).toArray(double[][]::new);
  }

  /** {@code y_i = Σ_j w_ij v_j}. */
  private double[][] mixed(double[][] weights) {
    double[][] y = new double[T][V];
    for (int i = 0; i < T; i++) {
      for (int j = 0; j <= i; j++) {
        for (int d = 0; d < V; d++) {
          y[i][d] += weights[i][j] * v[j][d];
        }
      }
    }
    return y;
  }

  private static void assertClose(INDArray actual, double[][] expected, double tolerance) {
    assertThat(actual.dup('c').data().asDouble())
        .containsExactly(
            Arrays.stream(expected).flatMapToDouble(Arrays::stream).toArray(), within(tolerance));
  }

  /** The first row of the framework's table: {@code Λ_i = η_{i-1} / η_i}, {@code Λ_1 = 0}. */
  private LinearSystem normalised(double[][] phi, double[][] psi, double[] eta) {
    int n = phi[0].length;
    return DenseLinearSystem.builder(v, n * V, V)
        .transition(i -> Transitions.scaled(n * V, i == 0 ? 0 : eta[i - 1] / eta[i]))
        .input(
            i -> {
              double[][] b = new double[n * V][V];
              for (int r = 0; r < n * V; r++) {
                b[r][r % V] = psi[i][r / V] / eta[i];
              }
              return b;
            })
        .output(
            i -> {
              double[][] c = new double[V][n * V];
              for (int r = 0; r < n * V; r++) {
                c[r % V][r] = phi[i][r / V];
              }
              return c;
            })
        .build();
  }

  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "CHUNKED"})
  void normalisedLinearAttention_isTheSystemWithRatiosOfNormalisers(Solver solver) {
    double[][] phi = each(q, Math::exp);
    double[][] psi = each(k, Math::exp);
    double[] eta = new double[T];
    double[] z = new double[K];
    for (int i = 0; i < T; i++) {
      for (int d = 0; d < K; d++) {
        z[d] += psi[i][d];
      }
      eta[i] = dot(phi[i], z);
    }
    double[][] expected = normalised(phi, psi, eta).simulate(v);
    INDArray y =
        LinearOperators.normalisedLinearAttention(
                tape, solver, perHead(phi), perHead(psi), perHead(v), null, 1, 0)
            .outputs()
            .value();
    assertClose(y, expected, EXACT);
  }

  @Test
  void softmaxAttention_isApproachedByTaylorFeatures() {
    AttentionRecurrence attention = AttentionRecurrence.causal().withScale(1);
    Map<String, Variable> coefficients = Map.of("q", perHead(q), "k", perHead(k), "v", perHead(v));
    double[] expected =
        attention
            .evolve(tape, Solver.AUTO, coefficients, null, null)
            .outputs()
            .value()
            .data()
            .asDouble();
    double largest = 0;
    for (int i = 0; i < T; i++) {
      for (int j = 0; j <= i; j++) {
        largest = Math.max(largest, Math.abs(dot(q[i], k[j])));
      }
    }
    double remainder = 1;
    for (int order = 1; order <= 6; order++) {
      // The rest of the series of exp from here on, relative to exp: s^{P+1} e^{2s} / (P+1)!.
      remainder *= largest / order;
      double bound = remainder * largest / (order + 1) * Math.exp(2 * largest);
      double[][] phi = taylor(q, order);
      double[][] psi = taylor(k, order);
      double[] actual =
          LinearOperators.normalisedLinearAttention(
                  tape, Solver.SEQUENTIAL, perHead(phi), perHead(psi), perHead(v), null, 1, 0)
              .outputs()
              .value()
              .data()
              .asDouble();
      // Weights are off by at most twice the bound in sum, values at most 1 in size.
      assertThat(actual).as("order %s", order).containsExactly(expected, within(2 * bound));
      if (order == 6) {
        assertThat(2 * bound).as("the bound says something").isLessThan(0.5);
        assertThat(actual).containsExactly(expected, within(1e-3));
      }
    }
  }

  /** {@code [1, x, x⊗x/√2!, ..., x^{⊗P}/√P!]}, whose products are the truncated exponential. */
  private static double[][] taylor(double[][] x, int order) {
    double[][] features = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] power = {1};
      double[] all = {1};
      double factorial = 1;
      for (int p = 1; p <= order; p++) {
        double[] next = new double[power.length * x[t].length];
        for (int i = 0; i < next.length; i++) {
          next[i] = power[i / x[t].length] * x[t][i % x[t].length];
        }
        power = next;
        factorial *= p;
        double root = Math.sqrt(factorial);
        int at = all.length;
        all = Arrays.copyOf(all, at + power.length);
        for (int i = 0; i < power.length; i++) {
          all[at + i] = power[i] / root;
        }
      }
      features[t] = all;
    }
    return features;
  }

  /**
   * Linear attention is a selective state space under two conditions: a normaliser that grows with
   * the keys alone, {@code η_i = Σ_{j<=i} Σ_n ψ(k_j)_n}, so that {@code Λ_i} is in (0, 1); and one
   * step size for all channels, {@code Δ_i = ln η_i - ln η_{i-1}}, with {@code A = -1} and {@code
   * b_i = ψ(k_i) / (η_i Δ_i)}.
   */
  @Test
  void linearAttention_isSelectiveUnderItsConditions() {
    double[][] psi = each(k, Math::exp);
    double[] eta = new double[T];
    double[][] delta = new double[T][V];
    double[][] b = new double[T][];
    double[][] weights = new double[T][T];
    for (int i = 0; i < T; i++) {
      eta[i] = (i == 0 ? 0 : eta[i - 1]) + Arrays.stream(psi[i]).sum();
      // Nothing is in the state before the first step: any step size does.
      double step = i == 0 ? 1 : Math.log(eta[i] / eta[i - 1]);
      Arrays.fill(delta[i], step);
      double scale = eta[i] * step;
      b[i] = each(psi[i], x -> x / scale);
      for (int j = 0; j <= i; j++) {
        weights[i][j] = dot(q[i], psi[j]) / eta[i];
      }
    }
    double[][] rates = new double[K][V];
    Arrays.stream(rates).forEach(row -> Arrays.fill(row, -1));
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(SelectiveRecurrence.INPUT, sequence(v));
    coefficients.put(SelectiveRecurrence.STEP, sequence(delta));
    coefficients.put(SelectiveRecurrence.RATE, tape.constant(Nd4j.createFromArray(rates)));
    coefficients.put(SelectiveRecurrence.WRITE, sequence(b));
    coefficients.put(SelectiveRecurrence.READ, sequence(q));
    INDArray y = evolve(new SelectiveRecurrence(false), coefficients);
    assertClose(y, mixed(weights), EXACT);
  }

  private INDArray evolve(SelectiveRecurrence recurrence, Map<String, Variable> coefficients) {
    State zero =
        recurrence.initialState(coefficients, coefficients.get(SelectiveRecurrence.INPUT).type());
    return recurrence.evolve(tape, Solver.AUTO, coefficients, zero, null).outputs().value();
  }

  /**
   * {@code y = Φ u} with {@code Φ_ij = Σ_n c_i b_j Δ_j exp(a Σ_{j<l<=i} Δ_l)}, D on the diagonal.
   */
  @Test
  void selectiveStateSpace_isItsMixingMatrix() {
    double[][] raw = rows(T, V);
    double[][] delta = each(raw, x -> Math.log1p(Math.exp(x)));
    double[][] rates = each(rows(K, V), x -> -1 - x);
    double[] skip = {0.3, -0.7};
    double[][] expected = new double[T][V];
    for (int d = 0; d < V; d++) {
      for (int i = 0; i < T; i++) {
        expected[i][d] = skip[d] * v[i][d];
        double sum = 0;
        for (int j = i; j >= 0; j--) {
          double phi = 0;
          for (int n = 0; n < K; n++) {
            phi += q[i][n] * k[j][n] * delta[j][d] * Math.exp(rates[n][d] * sum);
          }
          expected[i][d] += phi * v[j][d];
          sum += delta[j][d];
        }
      }
    }
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(SelectiveRecurrence.INPUT, sequence(v));
    coefficients.put(SelectiveRecurrence.STEP, sequence(raw));
    coefficients.put(SelectiveRecurrence.RATE, tape.constant(Nd4j.createFromArray(rates)));
    coefficients.put(SelectiveRecurrence.WRITE, sequence(k));
    coefficients.put(SelectiveRecurrence.READ, sequence(q));
    coefficients.put(SelectiveRecurrence.SKIP, tape.constant(Nd4j.createFromArray(skip)));
    assertClose(evolve(new SelectiveRecurrence(true), coefficients), expected, EXACT);
  }

  /** State space duality: {@code y = (L ∘ C Bᵀ) (Δ x)}, {@code L_ij = Π_{j<l<=i} a_l}. */
  @ParameterizedTest
  @EnumSource(
      value = Solver.class,
      names = {"SEQUENTIAL", "CHUNKED"})
  void scalarDecay_isMaskedAttention(Solver solver) {
    double[] logDecay = each(random.doubles(T, 0, 2).toArray(), x -> -x);
    double[][] weights = new double[T][T];
    for (int i = 0; i < T; i++) {
      double mask = 1;
      for (int j = i; j >= 0; j--) {
        weights[i][j] = mask * dot(q[i], k[j]);
        mask *= Math.exp(logDecay[j]);
      }
    }
    Variable g = tape.constant(Nd4j.createFromArray(logDecay).reshape('c', 1, T, 1));
    INDArray y =
        LinearOperators.gatedLinearAttention(
                tape, solver, perHead(q), perHead(k), perHead(v), g, null, 1)
            .outputs()
            .value();
    assertClose(y, mixed(weights), EXACT);
    Map<String, Variable> coefficients =
        Map.of("q", perHead(q), "k", perHead(k), "v", perHead(v), "g", g);
    MatrixStateRecurrence recurrence = MatrixStateRecurrence.scaled(1);
    double[][] phi = recurrence.linearize(coefficients, null, 0, 0).mixingMatrix();
    for (int i = 0; i < T; i++) {
      for (int j = 0; j < T; j++) {
        assertThat(phi[i * V][j * V]).isCloseTo(weights[i][j], within(EXACT));
        assertThat(phi[i * V][j * V + 1]).isZero();
      }
    }
  }

  /**
   * The reversed sigmoid of the qLSTM is the transition of S6: {@code σ(-z)^a = e^{-a ln(1+e^z)}}.
   */
  @Test
  void reversedSigmoid_isTheSelectiveTransition() {
    double[] z = {-30, -2, -0.1, 0, 0.5, 3, 20};
    Variable x = tape.constant(Nd4j.createFromArray(z));
    double a = 1.7;
    double[] sigmoid =
        Primitives.map(tape, Unary.SIGMOID, Primitives.affine(tape, -1, x, 0))
            .value()
            .data()
            .asDouble();
    double[] transition =
        Primitives.map(
                tape,
                Unary.EXP,
                Primitives.affine(tape, -a, Primitives.map(tape, Unary.SOFTPLUS, x), 0))
            .value()
            .data()
            .asDouble();
    for (int i = 0; i < z.length; i++) {
      double expected = Math.pow(sigmoid[i], a);
      assertThat(transition[i]).isCloseTo(expected, within(1e-13 * expected));
    }
  }
}
