package io.sequencezoo.eval.chaos;

import io.sequencezoo.datasets.chaos.Normals;
import io.sequencezoo.eval.experiment.Estimate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The Kullback-Leibler divergence in state space of the states that forecasts visit from those that
 * the truth visits, whatever their order (Koppe et al., arXiv 1902.07186).
 *
 * <pre>{@code
 * D = Σ_cells p ln(p / q)                     up to three features: 30 cells along each
 * D ≈ 1/n Σ_i ln(p(x_i) / q(x_i)), x_i ~ p    beyond: p and q mixtures of normal distributions
 *                                             around visited states, of deviation 1
 * }</pre>
 *
 * <p>Cells span what the truth visits; forecasts outside of all cells lose their share. Empty cells
 * count as a millionth of a visit. Both estimates see as many states as there are in a test, so
 * that they compare forecasters, not papers.
 */
final class Divergence {
  private static final int CELLS = 30;
  private static final int MOST_BINNED = 3;
  private static final double EMPTY = 1e-6;
  private static final int STATES = 1000;
  private static final long SEED = 1;

  /** Where a forecast has diverged, so far away that it overlaps with nothing. */
  private static final double AWAY = 1e3;

  private Divergence() {}

  /** Of forecasts from the truth, both {@code [count][steps][F]}. */
  static Estimate of(double[][][] forecasts, double[][][] truth) {
    return truth[0][0].length <= MOST_BINNED
        ? binned(forecasts, truth)
        : mixtures(forecasts, truth);
  }

  private static Estimate binned(double[][][] forecasts, double[][][] truth) {
    Grid grid = Grid.around(truth);
    Counts p = new Counts(grid, truth);
    Counts q = new Counts(grid, forecasts);
    double cells = Math.pow(CELLS, truth[0][0].length);
    return Jackknife.of(
        truth.length,
        without -> {
          double sum = 0;
          double allP = p.total(without) + EMPTY * cells;
          double allQ = q.total(without) + EMPTY * cells;
          for (Map.Entry<Integer, int[]> cell : p.cells.entrySet()) {
            double share = (Counts.visits(cell.getValue(), without) + EMPTY) / allP;
            int[] other = q.cells.get(cell.getKey());
            double own = ((other == null ? 0 : Counts.visits(other, without)) + EMPTY) / allQ;
            sum += share * Math.log(share / own);
          }
          return Math.max(0, sum);
        });
  }

  /** Cells of equal size over a range by feature. */
  private record Grid(double[] low, double[] high) {
    static Grid around(double[][][] truth) {
      int features = truth[0][0].length;
      double[] low = new double[features];
      double[] high = new double[features];
      Arrays.fill(low, Double.POSITIVE_INFINITY);
      Arrays.fill(high, Double.NEGATIVE_INFINITY);
      for (double[][] series : truth) {
        for (double[] state : series) {
          for (int i = 0; i < features; i++) {
            low[i] = Math.min(low[i], state[i]);
            high[i] = Math.max(high[i], state[i]);
          }
        }
      }
      return new Grid(low, high);
    }

    /** The number of a state's cell, -1 outside of all. */
    int cell(double[] state) {
      int cell = 0;
      for (int i = 0; i < low.length; i++) {
        if (!(state[i] >= low[i] && state[i] <= high[i])) {
          return -1;
        }
        double share = high[i] > low[i] ? (state[i] - low[i]) / (high[i] - low[i]) : 0;
        cell = CELLS * cell + Math.min(CELLS - 1, (int) (CELLS * share));
      }
      return cell;
    }
  }

  /** Visits of cells by example, and of all cells and none by example. */
  private static final class Counts {
    private final Map<Integer, int[]> cells = new HashMap<>();
    private final int examples;
    private final int steps;

    Counts(Grid grid, double[][][] series) {
      this.examples = series.length;
      this.steps = series[0].length;
      for (int e = 0; e < examples; e++) {
        for (double[] state : series[e]) {
          int cell = grid.cell(state);
          if (cell >= 0) {
            cells.computeIfAbsent(cell, none -> new int[examples])[e]++;
          }
        }
      }
    }

    double total(int without) {
      return (double) steps * (without == Jackknife.NONE ? examples : examples - 1);
    }

    static int visits(int[] byExample, int without) {
      int visits = 0;
      for (int e = 0; e < byExample.length; e++) {
        visits += e == without ? 0 : byExample[e];
      }
      return visits;
    }
  }

  private static Estimate mixtures(double[][][] forecasts, double[][][] truth) {
    SplittableRandom random = new SplittableRandom(SEED);
    int examples = truth.length;
    int each = Math.max(1, Math.min(truth[0].length, STATES / examples));
    double[][][] p = thinned(truth, each);
    double[][][] q = thinned(forecasts, each);
    double[][] logP = new double[examples * each][];
    double[][] logQ = new double[examples * each][];
    for (int e = 0; e < examples; e++) {
      for (int t = 0; t < each; t++) {
        double[] x = Normals.of(random, p[e][t].length, 0, 1);
        for (int i = 0; i < x.length; i++) {
          x[i] += p[e][t][i];
        }
        logP[e * each + t] = kernels(x, p);
        logQ[e * each + t] = kernels(x, q);
      }
    }
    return Jackknife.of(
        examples,
        without -> {
          double sum = 0;
          int used = 0;
          for (int i = 0; i < logP.length; i++) {
            if (i / each != without) {
              sum += logSum(logP[i], without) - logSum(logQ[i], without);
              used++;
            }
          }
          return sum / used;
        });
  }

  /** As many states of each series, evenly. */
  private static double[][][] thinned(double[][][] series, int each) {
    double[][][] thinned = new double[series.length][each][];
    for (int e = 0; e < series.length; e++) {
      for (int t = 0; t < each; t++) {
        double[] state = series[e][(int) ((long) t * series[e].length / each)].clone();
        for (int i = 0; i < state.length; i++) {
          state[i] = Math.abs(state[i]) < AWAY ? state[i] : AWAY;
        }
        thinned[e][t] = state;
      }
    }
    return thinned;
  }

  /** {@code ln Σ_t exp(-|x - c_et|²/2)} by example. */
  private static double[] kernels(double[] x, double[][][] centres) {
    double[] logs = new double[centres.length];
    double[] terms = new double[centres[0].length];
    for (int e = 0; e < centres.length; e++) {
      for (int t = 0; t < terms.length; t++) {
        double distance = 0;
        for (int i = 0; i < x.length; i++) {
          double away = x[i] - centres[e][t][i];
          distance += away * away;
        }
        terms[t] = -distance / 2;
      }
      logs[e] = logSum(terms, Jackknife.NONE);
    }
    return logs;
  }

  private static double logSum(double[] logs, int without) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < logs.length; i++) {
      largest = i == without ? largest : Math.max(largest, logs[i]);
    }
    double sum = 0;
    for (int i = 0; i < logs.length; i++) {
      sum += i == without ? 0 : Math.exp(logs[i] - largest);
    }
    return largest + Math.log(sum);
  }
}
