package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.kernel.Fourier;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Scratch;

/**
 * The whole row as one convolution with {@code K_l = Re Σ w λ^l}, by Fourier transforms, plus what
 * is left of the state before it.
 *
 * <p>K is a product of two small matrices, {@code K_{jL+r} = Re Σ (w λ^{jL}) λ^r}; final states and
 * what remains of the first come from the same chunks as in {@link ChunkedChannel}.
 *
 * @param <A> the array type
 */
final class ConvolvedChannel<A> implements ChannelSolver<A> {
  private final ChannelModes<A> table;
  private final ChannelChunks<A> states;
  private final Kernels<A> kernels;
  private final Fourier<A> fourier;
  private final int modes;
  private final int width;
  private final int chunk;
  private final int chunks;
  private final int padded;

  /** Whether someone wants the gradient of the first state. */
  private final boolean startWanted;

  /** {@code λ^{jL}}, {@code [J, 2N]}, in double; the rows {@code (Re | -Im) w λ^{jL}}. */
  private final double[] jumps;

  private final A basis;

  /** {@code λ^r}, {@code [L, 2N]}. */
  private final A powers;

  private final A kernel;
  private final A spectrum;
  private final A other;
  private final A starts;
  private final A next;
  private final A spare;
  private final A free;
  private final A gLast;
  private final double[] wide;

  ConvolvedChannel(
      ChannelShape shape,
      ChannelModes<A> table,
      Fourier<A> fourier,
      boolean startWanted,
      Scratch<A> scratch) {
    this.table = table;
    this.states = new ChannelChunks<>(shape, table, scratch);
    this.kernels = table.precision().kernels();
    this.fourier = fourier;
    this.modes = shape.modes();
    this.width = shape.width();
    this.chunk = shape.chunk();
    this.chunks = shape.chunks();
    this.padded = shape.padded();
    this.startWanted = startWanted;
    this.jumps = new double[chunks * width];
    this.basis = scratch.take(chunks * width);
    this.powers = scratch.take(chunk * width);
    this.kernel = scratch.take(fourier.length());
    this.spectrum = scratch.take(fourier.length());
    this.other = scratch.take(fourier.length());
    this.starts = scratch.take(states.length());
    this.next = scratch.take(states.length());
    this.spare = scratch.take(Math.max(states.length(), chunk * width));
    this.free = scratch.take(states.length());
    this.gLast = scratch.take(shape.rows() * width);
    this.wide = new double[Math.max(chunks, chunk) * width];
  }

  /** Leaves the transform of K in {@code kernel}. */
  private void load() {
    ComplexArrays.powers(table.z, 0, modes, 0, jumps, 0);
    int across = chunk * width;
    for (int j = 0; j < chunks; j++) {
      int at = j * width;
      if (j > 0) {
        table.multiply(jumps, at - width, table.powers, across, jumps, at);
      }
      table.multiply(jumps, at, table.w, 0, wide, at);
      for (int i = modes; i < width; i++) {
        wide[at + i] = -wide[at + i];
      }
    }
    kernels.round(wide, 0, basis, 0, chunks * width);
    kernels.round(table.powers, 0, powers, 0, chunk * width);
    kernels.gemm(
        false, true, chunks, chunk, width, 1, basis, 0, width, powers, 0, width, 0, kernel, 0,
        chunk);
    kernels.set(kernel, 0, kernels.get(kernel, 0) + table.d);
    kernels.fill(kernel, padded, fourier.length() - padded, 0);
    fourier.forward(kernel);
  }

  private void transform(A x, int at, A into) {
    kernels.copy(x, at, into, 0, padded);
    kernels.fill(into, padded, fourier.length() - padded, 0);
    fourier.forward(into);
  }

  @Override
  public void forward(A u, int uo, int rows, int firstRow, A state, A y) {
    load();
    boolean started = !isZero(state, rows);
    if (started) {
      freeStates(rows, state);
    }
    states.forward(u, uo, rows, firstRow, state, starts, spare);
    for (int r = 0; r < rows; r++) {
      transform(u, uo + r * padded, spectrum);
      fourier.multiply(spectrum, kernel, false, spectrum);
      fourier.inverse(spectrum);
      kernels.copy(spectrum, 0, y, r * padded, padded);
    }
    if (started) {
      int n = rows * chunks;
      states.addReads(n, free, y);
    }
  }

  private boolean isZero(A x, int rows) {
    return kernels.dot(x, 0, x, 0, rows * width) == 0;
  }

  /** What the first state becomes without inputs, at chunk starts. */
  private void freeStates(int rows, A state) {
    kernels.fill(spare, 0, chunks * width, 0);
    for (int r = 0; r < rows; r++) {
      kernels.copy(state, r * width, gLast, 0, width);
      kernels.copy(gLast, 0, free, states.at(r, 0), width);
      kernels.complexScan(
          table.across, spare, 0, free, states.at(r, 1), width, chunks, gLast, 0, modes);
    }
  }

  @Override
  public void backward(
      A u,
      int uo,
      int rows,
      int firstRow,
      A state,
      A gy,
      int gyo,
      A gStates,
      A gu,
      ChannelGradient gradient) {
    load();
    boolean started = !isZero(state, rows);
    if (started) {
      freeStates(rows, state);
    }
    responses(u, uo, rows, gy, gyo, gu, gradient);
    lastStates(u, uo, rows, firstRow, state, gStates, gu, gradient);
    if (started || startWanted) {
      firstStates(rows, firstRow, started, gy, gyo, gStates, gradient);
    }
  }

  /** Through the convolution: to inputs and to K. */
  private void responses(A u, int uo, int rows, A gy, int gyo, A gu, ChannelGradient gradient) {
    try (Scratch<A> scratch = table.precision().scratch()) {
      A gKernel = scratch.zeros(fourier.length());
      for (int r = 0; r < rows; r++) {
        transform(gy, gyo + r * padded, spectrum);
        transform(u, uo + r * padded, other);
        fourier.multiply(spectrum, other, true, other);
        kernels.add(gKernel, 0, other, 0, gKernel, 0, fourier.length());
        fourier.multiply(spectrum, kernel, true, spectrum);
        fourier.inverse(spectrum);
        kernels.copy(spectrum, 0, gu, r * padded, padded);
      }
      fourier.inverse(gKernel);
      gradient.feed += kernels.get(gKernel, 0);
      kernelGradient(gKernel, scratch, gradient);
    }
  }

  private void kernelGradient(A gKernel, Scratch<A> scratch, ChannelGradient gradient) {
    A rows = scratch.take(Math.max(chunks, chunk) * width);
    kernels.gemm(
        false, false, chunks, width, chunk, 1, gKernel, 0, chunk, powers, 0, width, 0, rows, 0,
        width);
    kernels.widen(rows, 0, wide, 0, chunks * width);
    for (int j = 0; j < chunks; j++) {
      gradient.ofProduct((double) j * chunk, table.w, jumps, j * width, wide, j * width, -1);
    }
    kernels.gemm(
        true, false, chunk, width, chunks, 1, gKernel, 0, chunk, basis, 0, width, 0, rows, 0,
        width);
    kernels.widen(rows, 0, wide, 0, chunk * width);
    for (int r = 0; r < chunk; r++) {
      gradient.ofPower(r, table.powers, r * width, wide, r * width);
    }
  }

  /** Through the states behind the last steps; turns their gradient into that of the first. */
  private void lastStates(
      A u, int uo, int rows, int firstRow, A state, A gStates, A gu, ChannelGradient gradient) {
    if (isZero(gStates, rows)) {
      return;
    }
    int n = rows * chunks;
    states.forward(u, uo, rows, firstRow, state, starts, spare);
    kernels.copy(gStates, 0, gLast, 0, rows * width);
    kernels.fill(spare, 0, n * width, 0);
    states.backward(rows, firstRow, spare, gStates, next);
    states.addWrites(n, next, gu);
    A gWrite = powers;
    kernels.gemm(
        true, false, chunk, width, n, 1, u, uo, chunk, next, width, width, 0, gWrite, 0, width);
    states.lastBackward(u, uo, rows, firstRow, gLast, starts, gu, gWrite, gradient);
    kernels.widen(gWrite, 0, wide, 0, chunk * width);
    gradient.ofWrites(table, chunk, wide);
    states.acrossBackward(rows, starts, next, spare, gradient);
  }

  /** Through what is read of the first states; adds to their gradient. */
  private void firstStates(
      int rows, int firstRow, boolean started, A gy, int gyo, A gStates, ChannelGradient gradient) {
    int n = rows * chunks;
    kernels.gemm(
        false, false, n, width, chunk, 1, gy, gyo, chunk, table.read, 0, width, 0, spare, 0, width);
    kernels.fill(gLast, 0, rows * width, 0);
    states.backward(rows, firstRow, spare, gLast, next);
    kernels.add(gStates, 0, gLast, 0, gStates, 0, rows * width);
    if (started) {
      states.acrossBackward(rows, free, next, spare, gradient);
      kernels.gemm(
          true, false, chunk, width, n, 1, gy, gyo, chunk, free, width, width, 0, powers, 0, width);
      kernels.widen(powers, 0, wide, 0, chunk * width);
      gradient.ofReads(table, chunk, wide);
    }
  }
}
