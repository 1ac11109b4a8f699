package io.sequencezoo.core.dynamics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TransitionsTest {
  /** Sums of at most a dozen products of numbers near one. */
  private static final double EXACT = 1e-12;

  private static final int N = 6;
  private final SplittableRandom random = new SplittableRandom(7);

  private double[] vector(int n) {
    return random.doubles(n, -1, 1).toArray();
  }

  private double[][] matrix(int rows, int columns) {
    double[][] out = new double[rows][];
    for (int i = 0; i < rows; i++) {
      out[i] = vector(columns);
    }
    return out;
  }

  private Map<String, Transition> every() {
    return Map.of(
        "identity", Transitions.identity(N),
        "scaled", Transitions.scaled(N, .3),
        "diagonal", Transitions.diagonal(vector(N)),
        "blocks", Transitions.blocks(vector(3), vector(3), vector(3), vector(3)),
        "rank one", Transitions.plusRankOne(vector(N), vector(N), vector(N)),
        "householder", Transitions.householder(vector(N), .7, vector(N)),
        "dense", Transitions.dense(matrix(N, N)),
        "repeated", Transitions.repeated(Transitions.diagonal(vector(3)), 2),
        "direct sum",
            Transitions.directSum(
                List.of(Transitions.dense(matrix(2, 2)), Transitions.scaled(N - 2, vector(1)[0]))));
  }

  private static double[] product(double[][] matrix, double[] x, boolean transposed) {
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x.length; j++) {
        out[i] += (transposed ? matrix[j][i] : matrix[i][j]) * x[j];
      }
    }
    return out;
  }

  @Test
  void products_agreeWithDenseForm() {
    every()
        .forEach(
            (name, transition) -> {
              double[] h = vector(N);
              double[][] dense = transition.toDense();
              assertThat(transition.size()).isEqualTo(N);
              assertThat(transition.apply(h))
                  .as(name)
                  .containsExactly(product(dense, h, false), within(EXACT));
              assertThat(transition.applyTransposed(h))
                  .as(name)
                  .containsExactly(product(dense, h, true), within(EXACT));
            });
  }

  @Test
  void parts_areADirectSum() {
    every()
        .forEach(
            (name, transition) -> {
              double[][] dense = transition.toDense();
              int variables = 0;
              double trace = 0;
              double squares = 0;
              for (Transition.Part part : transition.parts()) {
                variables += part.copies() * part.matrix().length;
                trace += part.copies() * trace(part.matrix());
                squares += part.copies() * squares(part.matrix());
              }
              assertThat(variables).as(name).isEqualTo(N);
              assertThat(trace).as(name).isCloseTo(trace(dense), within(EXACT));
              assertThat(squares).as(name).isCloseTo(squares(dense), within(EXACT));
            });
    double[][] apart = {{1, 0, 2, 0}, {0, 3, 0, 0}, {0, 0, 4, 0}, {0, 5, 0, 6}};
    List<Transition.Part> parts = Transitions.dense(apart).parts();
    assertThat(parts).hasSize(2);
    assertThat(parts.get(0).matrix()).isDeepEqualTo(new double[][] {{1, 2}, {0, 4}});
    assertThat(parts.get(1).matrix()).isDeepEqualTo(new double[][] {{3, 0}, {5, 6}});
  }

  private static double trace(double[][] matrix) {
    double trace = 0;
    for (int i = 0; i < matrix.length; i++) {
      trace += matrix[i][i];
    }
    return trace;
  }

  private static double squares(double[][] matrix) {
    double sum = 0;
    for (double[] row : matrix) {
      for (double x : row) {
        sum += x * x;
      }
    }
    return sum;
  }

  @Test
  void after_isApplicationInTurn() {
    Map<String, Transition> later = every();
    Map<String, Transition> earlier = every();
    later.forEach(
        (name, second) ->
            earlier.forEach(
                (other, first) -> {
                  double[] h = vector(N);
                  assertThat(second.after(first).apply(h))
                      .as("%s after %s", name, other)
                      .containsExactly(second.apply(first.apply(h)), within(EXACT));
                }));
  }

  @Test
  void householder_isDecayOfReflection() {
    double[] a = vector(3);
    double[] k = vector(3);
    double[][] dense = Transitions.householder(a, .5, k).toDense();
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        double expected = a[i] * ((i == j ? 1 : 0) - .5 * k[i] * k[j]);
        assertThat(dense[i][j]).isCloseTo(expected, within(EXACT));
      }
    }
  }

  @Test
  void simulate_andMixingMatrix_agreeWithLoops() {
    int steps = 5;
    double[][] u = matrix(steps, 2);
    List<Transition> transitions =
        List.of(
            Transitions.identity(N),
            Transitions.diagonal(vector(N)),
            Transitions.dense(matrix(N, N)),
            Transitions.plusRankOne(vector(N), vector(N), vector(N)),
            Transitions.scaled(N, .9));
    double[][][] b = new double[steps][][];
    double[][][] c = new double[steps][][];
    double[][][] d = new double[steps][][];
    for (int t = 0; t < steps; t++) {
      b[t] = matrix(N, 2);
      c[t] = matrix(3, N);
      d[t] = t == 1 ? null : matrix(3, 2);
    }
    double[] h = vector(N);
    DenseLinearSystem.Builder builder =
        DenseLinearSystem.builder(u, N, 3)
            .transition(transitions::get)
            .input(t -> b[t])
            .output(t -> c[t])
            .feedthrough(t -> d[t]);
    double[][] fromZero = builder.build().simulate(u);
    double[][] mixing = builder.build().mixingMatrix();
    double[][] driven = builder.initialState(h).build().simulate(u);
    for (int t = 0; t < steps; t++) {
      h = product(transitions.get(t).toDense(), h, false);
      for (int i = 0; i < N; i++) {
        h[i] += b[t][i][0] * u[t][0] + b[t][i][1] * u[t][1];
      }
      for (int o = 0; o < 3; o++) {
        double y = d[t] == null ? 0 : d[t][o][0] * u[t][0] + d[t][o][1] * u[t][1];
        for (int i = 0; i < N; i++) {
          y += c[t][o][i] * h[i];
        }
        assertThat(driven[t][o]).isCloseTo(y, within(EXACT));
        double mixed = 0;
        for (int s = 0; s < steps; s++) {
          mixed += mixing[t * 3 + o][s * 2] * u[s][0] + mixing[t * 3 + o][s * 2 + 1] * u[s][1];
        }
        assertThat(mixed).isCloseTo(fromZero[t][o], within(EXACT));
      }
    }
  }

  @Test
  void sizes_areChecked() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Transitions.identity(2).after(Transitions.identity(3)))
        .withMessage("transition: sizes must agree, got 2 after 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Transitions.dense(new double[][] {{1, 2}}))
        .withMessageStartingWith("transition: must be square");
  }
}
