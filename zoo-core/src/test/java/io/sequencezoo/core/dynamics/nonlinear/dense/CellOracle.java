package io.sequencezoo.core.dynamics.nonlinear.dense;

import java.util.function.BiFunction;

/**
 * Every cell once more, unit by unit in plain loops from its equations. Weights are read through
 * {@code recurrent(stage, gate, unit, operand)}, so that a cell here knows nothing of packing.
 */
enum CellOracle {
  ELMAN_TANH(CellLayout.elmanTanh(), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      next[0][j] = Math.tanh(row.x(0, j) + row.w(0, 0, j, s[0]));
    }
  },
  ELMAN_RELU(CellLayout.elmanRelu(), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      next[0][j] = Math.max(0, row.x(0, j) + row.w(0, 0, j, s[0]));
    }
  },
  LSTM(CellLayout.lstm(), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      double i = sigmoid(row.x(0, j) + row.w(0, 0, j, s[0]));
      double f = sigmoid(row.x(1, j) + row.w(0, 1, j, s[0]));
      double g = Math.tanh(row.x(2, j) + row.w(0, 2, j, s[0]));
      double o = sigmoid(row.x(3, j) + row.w(0, 3, j, s[0]));
      next[1][j] = f * s[1][j] + i * g;
      next[0][j] = o * Math.tanh(next[1][j]);
    }
  },
  LSTM_PEEPHOLE(CellLayout.peepholeLstm(), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      double c = s[1][j];
      double i = sigmoid(row.x(0, j) + row.w(0, 0, j, s[0]) + row.p(0, j) * c);
      double f = sigmoid(row.x(1, j) + row.w(0, 1, j, s[0]) + row.p(1, j) * c);
      double g = Math.tanh(row.x(2, j) + row.w(0, 2, j, s[0]));
      next[1][j] = f * c + i * g;
      double o = sigmoid(row.x(3, j) + row.w(0, 3, j, s[0]) + row.p(2, j) * next[1][j]);
      next[0][j] = o * Math.tanh(next[1][j]);
    }
  },
  LSTM_COUPLED(CellLayout.coupledLstm(), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      double f = sigmoid(row.x(0, j) + row.w(0, 0, j, s[0]));
      double g = Math.tanh(row.x(1, j) + row.w(0, 1, j, s[0]));
      double o = sigmoid(row.x(2, j) + row.w(0, 2, j, s[0]));
      next[1][j] = f * s[1][j] + (1 - f) * g;
      next[0][j] = o * Math.tanh(next[1][j]);
    }
  },
  /** PyTorch's convention. */
  GRU(CellLayout.gru(), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      double r = sigmoid(row.x(0, j) + row.w(0, 0, j, s[0]));
      double z = sigmoid(row.x(1, j) + row.w(0, 1, j, s[0]));
      double n = Math.tanh(row.x(2, j) + r * (row.w(0, 2, j, s[0]) + row.bias(0, j)));
      next[0][j] = (1 - z) * n + z * s[0][j];
    }
  },
  /** The convention of Cho et al. */
  GRU_RESET_BEFORE(CellLayout.gruResetBefore(), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      double[] reset = new double[s[0].length];
      for (int p = 0; p < reset.length; p++) {
        reset[p] = sigmoid(row.x(0, p) + row.w(0, 0, p, s[0])) * s[0][p];
      }
      double z = sigmoid(row.x(1, j) + row.w(0, 1, j, s[0]));
      double n = Math.tanh(row.x(2, j) + row.w(1, 0, j, reset));
      next[0][j] = (1 - z) * n + z * s[0][j];
    }
  },
  HIGHWAY(CellLayout.highway(1), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      next[0][j] = highway(row, 0, s[0])[j];
    }
  },
  HIGHWAY_3(CellLayout.highway(3), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      next[0][j] = highway(row, 2, highway(row, 1, highway(row, 0, s[0])))[j];
    }
  },
  SLSTM(CellLayout.slstm(), 1) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      slstm(row, j, s, next);
    }
  },
  SLSTM_HEADS(CellLayout.slstm(), 2) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      slstm(row, j, s, next);
    }
  },
  GRU_HEADS(CellLayout.gru(), 2) {
    @Override
    void step(Row row, int j, double[][] s, double[][] next) {
      GRU.step(row, j, s, next);
    }
  };

  // Nothing changes a layout once it is built; the array of a stage hides that from the check.
  @SuppressWarnings("ImmutableEnumChecker")
  private final CellLayout layout;

  private final int heads;

  CellOracle(CellLayout layout, int heads) {
    this.layout = layout;
    this.heads = heads;
  }

  CellRecurrence recurrence() {
    return new CellRecurrence(layout, heads);
  }

  CellLayout layout() {
    return layout;
  }

  int heads() {
    return heads;
  }

  /** Unit j of the next state. */
  abstract void step(Row row, int j, double[][] state, double[][] next);

  static double sigmoid(double a) {
    return 1 / (1 + Math.exp(-a));
  }

  private static double[] highway(Row row, int layer, double[] s) {
    double[] next = new double[s.length];
    for (int j = 0; j < s.length; j++) {
      double driveH = layer == 0 ? row.x(0, j) : row.bias(2 * layer - 2, j);
      double driveT = layer == 0 ? row.x(1, j) : row.bias(2 * layer - 1, j);
      double h = Math.tanh(driveH + row.w(layer, 0, j, s));
      double t = sigmoid(driveT + row.w(layer, 1, j, s));
      next[j] = t * h + (1 - t) * s[j];
    }
    return next;
  }

  /** xLSTM (arXiv 2405.04517), eqs. 8 to 17, with the logistic forget gate. */
  private static void slstm(Row row, int j, double[][] s, double[][] next) {
    double z = Math.tanh(row.x(0, j) + row.w(0, 0, j, s[0]));
    double logI = row.x(1, j) + row.w(0, 1, j, s[0]);
    double logF = Math.log(sigmoid(row.x(2, j) + row.w(0, 2, j, s[0])));
    double o = sigmoid(row.x(3, j) + row.w(0, 3, j, s[0]));
    double m = Math.max(logF + s[3][j], logI);
    double i = Math.exp(logI - m);
    double f = Math.exp(logF + s[3][j] - m);
    next[1][j] = f * s[1][j] + i * z;
    next[2][j] = f * s[2][j] + i;
    next[3][j] = m;
    next[0][j] = o * next[1][j] / next[2][j];
  }

  /** What a unit reads at one step of one row. */
  record Row(
      BiFunction<Integer, Integer, Double> input,
      Weight weight,
      BiFunction<Integer, Integer, Double> innerBias,
      BiFunction<Integer, Integer, Double> parameter,
      double[] mask) {
    double x(int gate, int j) {
      return input.apply(gate, j);
    }

    double bias(int gate, int j) {
      return innerBias.apply(gate, j);
    }

    double p(int slot, int j) {
      return parameter.apply(slot, j);
    }

    /** The product of a masked operand with the column of a gate's unit. */
    double w(int stage, int gate, int j, double[] operand) {
      double sum = 0;
      for (int p = 0; p < operand.length; p++) {
        sum += weight.of(stage, gate, p, j) * mask[p] * operand[p];
      }
      return sum;
    }
  }

  /** From unit p to unit j of a gate; zero between heads. */
  @FunctionalInterface
  interface Weight {
    double of(int stage, int gate, int p, int j);
  }
}
