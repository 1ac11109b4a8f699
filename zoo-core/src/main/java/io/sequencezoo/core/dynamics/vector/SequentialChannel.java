package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Scratch;
import java.util.Arrays;

/**
 * Token by token, as the recurrence is written. Backward keeps states at chunk starts and makes
 * those between again.
 *
 * @param <A> the array type
 */
final class SequentialChannel<A> implements ChannelSolver<A> {
  private final ChannelShape shape;
  private final ChannelModes<A> table;
  private final Kernels<A> kernels;
  private final int modes;
  private final int width;
  private final int chunk;
  private final A reader;
  private final A conjugate;
  private final A rows;
  private final A state;
  private final A starts;
  private final double[] h;
  private final double[] g;
  private final double[] sum;

  SequentialChannel(ChannelShape shape, ChannelModes<A> table, Scratch<A> scratch) {
    this.shape = shape;
    this.table = table;
    this.kernels = table.precision().kernels();
    this.modes = shape.modes();
    this.width = shape.width();
    this.chunk = shape.chunk();
    this.reader = scratch.take(width);
    this.conjugate = scratch.take(width);
    this.rows = scratch.take(chunk * width);
    this.state = scratch.take(width);
    this.starts = scratch.take((shape.chunks() + 1) * width);
    this.h = new double[(chunk + 1) * width];
    this.g = new double[chunk * width];
    this.sum = new double[width];
  }

  /** {@code y_t = dot(h_t, reader) + d u_t}. */
  private void load() {
    kernels.round(table.w, 0, reader, 0, width);
    kernels.affine(-1, reader, modes, 0, reader, modes, modes);
    kernels.copy(table.once, 0, conjugate, 0, modes);
    kernels.affine(-1, table.once, modes, 0, conjugate, modes, modes);
  }

  /** The states after the n inputs from u[at] on, one to a row; moves the state. */
  private void run(A u, int at, int n, A state, int so) {
    for (int t = 0; t < n; t++) {
      kernels.fill(rows, t * width, modes, kernels.get(u, at + t));
      kernels.fill(rows, t * width + modes, modes, 0);
    }
    kernels.complexScan(table.once, rows, 0, rows, 0, width, n, state, so, modes);
  }

  @Override
  public void forward(A u, int uo, int count, int firstRow, A states, A y) {
    load();
    for (int r = 0; r < count; r++) {
      int length = shape.lengths()[firstRow + r];
      int row = r * shape.padded();
      for (int from = 0; from < length; from += chunk) {
        int n = Math.min(chunk, length - from);
        run(u, uo + row + from, n, states, r * width);
        for (int t = 0; t < n; t++) {
          double read = kernels.dot(rows, t * width, reader, 0, width);
          double direct = table.d * kernels.get(u, uo + row + from + t);
          kernels.set(y, row + from + t, read + direct);
        }
      }
      kernels.fill(y, row + length, shape.padded() - length, 0);
    }
  }

  @Override
  public void backward(
      A u,
      int uo,
      int count,
      int firstRow,
      A states,
      A gy,
      int gyo,
      A gStates,
      A gu,
      ChannelGradient gradient) {
    load();
    Arrays.fill(sum, 0);
    for (int r = 0; r < count; r++) {
      int length = shape.lengths()[firstRow + r];
      int row = r * shape.padded();
      int chunks = (length + chunk - 1) / chunk;
      kernels.copy(states, r * width, starts, 0, width);
      for (int j = 0; j < chunks; j++) {
        kernels.copy(starts, j * width, starts, (j + 1) * width, width);
        int n = Math.min(chunk, length - j * chunk);
        run(u, uo + row + j * chunk, n, starts, (j + 1) * width);
      }
      for (int j = chunks - 1; j >= 0; j--) {
        int at = row + j * chunk;
        int n = Math.min(chunk, length - j * chunk);
        boolean last = j == chunks - 1;
        states(u, uo + at, n, j);
        adjoint(gy, gyo + at, n, last, gStates, r * width);
        for (int t = 0; t < n; t++) {
          token(t, kernels.get(u, uo + at + t), kernels.get(gy, gyo + at + t), gu, at, gradient);
        }
      }
      if (length > 0) {
        // What the first step multiplied the start with.
        table.advance(1, true, gStates, r * width, gStates, r * width);
      }
      kernels.fill(gu, row + length, shape.padded() - length, 0);
    }
    gradient.ofPower(1, table.powers, width, sum, 0);
  }

  /** The states before and after each step of chunk j into h, {@code [n + 1, 2N]}. */
  private void states(A u, int at, int n, int j) {
    kernels.copy(starts, j * width, state, 0, width);
    kernels.widen(state, 0, h, 0, width);
    run(u, at, n, state, 0);
    kernels.widen(rows, 0, h, width, n * width);
  }

  /** {@code G_t = conj(λ) G_{t+1} + gy_t reader} into g; moves the carried gradient. */
  private void adjoint(A gy, int at, int n, boolean last, A carried, int co) {
    for (int t = 0; t < n; t++) {
      kernels.affine(kernels.get(gy, at + t), reader, 0, 0, rows, t * width, width);
    }
    if (last) {
      // The gradient of the last state itself: no step lies between.
      kernels.add(rows, (n - 1) * width, carried, co, rows, (n - 1) * width, width);
      kernels.fill(carried, co, width, 0);
    }
    int end = (n - 1) * width;
    kernels.complexScan(conjugate, rows, end, rows, end, -width, n, carried, co, modes);
    kernels.widen(rows, 0, g, 0, n * width);
  }

  /** Adds step t's part to the gradients, from G and h. */
  private void token(int t, double u, double gy, A gu, int at, ChannelGradient gradient) {
    double direct = table.d * gy;
    for (int i = 0; i < modes; i++) {
      double re = g[t * width + i];
      double im = g[t * width + modes + i];
      double beforeRe = h[t * width + i];
      double beforeIm = h[t * width + modes + i];
      direct += re;
      sum[i] += re * beforeRe + im * beforeIm;
      sum[modes + i] += im * beforeRe - re * beforeIm;
      gradient.weight[i] += gy * h[(t + 1) * width + i];
      gradient.weight[modes + i] -= gy * h[(t + 1) * width + modes + i];
    }
    gradient.feed += gy * u;
    kernels.set(gu, at + t, direct);
  }
}
