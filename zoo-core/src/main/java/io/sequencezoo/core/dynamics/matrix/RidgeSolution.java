package io.sequencezoo.core.dynamics.matrix;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The solutions of one stretch's regressions, and how they differentiate.
 *
 * @param <A> the heap array type
 */
final class RidgeSolution<A> {
  private final Precision<A> precision;
  private final RidgeSolve<A> solve;
  private final Consumer<RidgeReport> listener;
  private final INDArray x;

  /**
   * Solves them.
   *
   * @param product from {@code p [B, T, H, K]} to {@code H_t p_t}, on a tape of its own
   * @param ridge λ, {@code [H, K]} or {@code [B, T, H]}
   * @param lengths valid positions of each row
   * @param limit the most iterations
   */
  RidgeSolution(
      Precision<A> precision,
      Tape tape,
      BiFunction<Tape, INDArray, INDArray> product,
      INDArray q,
      INDArray ridge,
      int[] lengths,
      int limit,
      Consumer<RidgeReport> listener) {
    this.precision = precision;
    this.solve = new RidgeSolve<>(precision, product, ridge, lengths, limit);
    this.listener = listener;
    this.x = run(tape, q);
  }

  /** {@code x [B, T, H, K]}. */
  INDArray x() {
    return x;
  }

  private INDArray run(Tape tape, INDArray b) {
    INDArray solved = solve.run(tape, b);
    listener.accept(solve.report());
    return solved;
  }

  /** x as a function of what it solves: {@code x + (H + diag(λ))^{-1} (q - H x - λ ⊙ x)}. */
  Variable differentiable(Tape tape, Variable q, Variable image, Variable ridge) {
    return tape.record(x, this::pullback, q, image, ridge);
  }

  private void pullback(Cotangents cotangents) {
    Tape tape = cotangents.tape();
    INDArray u = run(tape, cotangents.output(0));
    INDArray minus = tape.allocate(precision.type(), u.shape());
    INDArray ridge = tape.allocate(precision.type(), cotangents.shape(2));
    int width = (int) (u.size(2) * u.size(3));
    int tokens = (int) (u.length() / width);
    boolean perToken = ridge.rank() > 2;
    int heads = (int) u.size(2);
    Kernels<A> kernels = precision.kernels();
    Slab<A> us = precision.slab(u);
    Slab<A> xs = precision.slab(x);
    Slab<A> to = precision.slab(minus);
    Slab<A> ridges = precision.slab(ridge);
    try (Scratch<A> scratch = precision.scratch()) {
      A sum = scratch.zeros(width);
      A row = scratch.take(width);
      A other = scratch.take(width);
      for (int i = 0; i < tokens; i++) {
        long at = (long) i * width;
        us.load(at, row, 0, width);
        kernels.affine(-1, row, 0, 0, row, 0, width);
        to.store(at, row, 0, width);
        xs.load(at, other, 0, width);
        if (perToken) {
          dots(kernels, row, other, sum, heads, width / heads);
          ridges.store((long) i * heads, sum, 0, heads);
        } else {
          kernels.multiplyAdd(row, 0, other, 0, sum, 0, width);
        }
      }
      if (!perToken) {
        ridges.store(0, sum, 0, width);
      }
    }
    cotangents.add(0, u);
    cotangents.add(1, minus);
    cotangents.add(2, ridge);
  }

  private static <A> void dots(Kernels<A> kernels, A x, A y, A to, int heads, int keys) {
    for (int h = 0; h < heads; h++) {
      kernels.set(to, h, kernels.dot(x, h * keys, y, h * keys, keys));
    }
  }
}
